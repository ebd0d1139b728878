"""Samples as pictures: which are, how large they may be, and how they become bytes of pixels."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from dltrainer_jupyter.core.protocols import Array, Task

_COLOURS = (1, 3)
_IMAGE = 2
_SMALLEST = 64
"""A side isn't scaled down to less; there are fewer pictures instead."""
_BOX = 5


class Form(NamedTuple):
    """What samples become."""

    kind: Literal["image", "rows"]
    channels: Literal["first", "last"] | None
    """Where they are; None for a picture without such an axis, and for rows."""
    factor: int
    """So many pixels across and down become one."""
    most: int
    """Samples that fit."""


def form_of(shape: tuple[int, ...], count: int, most: int) -> Form | None:
    """Choose a form.

    Parameters
    ----------
    shape : tuple of int
        Of one sample.
    count : int
        How many there are.
    most : int
        Values that all of them may have.

    Returns
    -------
    Form or None
        Of shapes (1 or 3, height, width), (height, width, 1 or 3) and (height, width) an image, scaled down by a whole
        factor if they are too many values, and fewer if they still are; of a single axis a row. None for any other.

    Examples
    --------
    >>> form_of((3, 512, 512), count=1000, most=2**24)
    Form(kind='image', channels='first', factor=7, most=1000)
    """
    if 0 in shape or count == 0:
        return None
    if len(shape) == 1:
        fitting = min(count, most // shape[0])
        return Form("rows", None, 1, fitting) if fitting else None
    channels: Literal["first", "last"] | None = None
    if len(shape) == _IMAGE + 1 and shape[0] in _COLOURS:
        channels, height, width, depth = "first", shape[1], shape[2], shape[0]
    elif len(shape) == _IMAGE + 1 and shape[2] in _COLOURS:
        channels, height, width, depth = "last", shape[0], shape[1], shape[2]
    elif len(shape) == _IMAGE:
        height, width, depth = shape[0], shape[1], 1
    else:
        return None
    largest = max(min(height, width) // _SMALLEST, 1)

    def values(factor: int) -> int:
        return math.ceil(height / factor) * math.ceil(width / factor) * depth

    factor = next((factor for factor in range(1, largest) if values(factor) * count <= most), largest)
    fitting = min(count, most // values(factor))
    return Form("image", channels, factor, fitting) if fitting else None


def size_of(shape: tuple[int, ...], form: Form) -> tuple[int, int] | None:
    """Give height and width of a sample, before it is scaled down; None for a row."""
    if form.kind == "rows":
        return None
    height, width = shape[1:] if form.channels == "first" else shape[:2]
    return height, width


def drawn(samples: Array, form: Form) -> Array:
    """Bring samples into their form: (n, h, w) or (n, h, w, 3) scaled down, or (n, f).

    Returns
    -------
    numpy.ndarray
        uint8 where samples are, and float32 where they are anything else.
    """
    exact: Array = samples if samples.dtype == np.uint8 else samples.astype(np.float32)
    if form.kind == "rows":
        return exact.astype(np.float32)
    if form.channels == "first":
        exact = np.moveaxis(exact, 1, -1)
    if form.channels is not None and exact.shape[-1] == 1:
        exact = exact[..., 0]
    return _shrunk(exact, form.factor)


def _shrunk(images: Array, factor: int) -> Array:
    """Take the mean of each square of pixels; those at the right and at the bottom are filled up with their edge."""
    if factor == 1:
        return images
    height, width = images.shape[1:3]
    edges = [(0, 0), (0, -height % factor), (0, -width % factor), *[(0, 0)] * (images.ndim - 3)]
    padded = np.pad(images, edges, mode="edge")
    high, wide = padded.shape[1] // factor, padded.shape[2] // factor
    squares = padded.reshape(len(images), high, factor, wide, factor, *images.shape[3:])
    means: Array = squares.mean(axis=(2, 4), dtype=np.float32)
    return np.rint(means).astype(np.uint8) if images.dtype == np.uint8 else means


def to_pixels(images: Array, low: float, high: float) -> npt.NDArray[np.uint8]:
    """Turn values from ``low`` to ``high`` into pixels from 0 to 255; what is no number becomes 0."""
    if images.dtype == np.uint8:
        return images
    if not high > low:
        return np.zeros(images.shape, np.uint8)
    with np.errstate(invalid="ignore"):
        scaled = np.clip((images - np.float32(low)) * np.float32(255 / (high - low)), 0, 255)
    pixels: npt.NDArray[np.uint8] = np.rint(np.nan_to_num(scaled)).astype(np.uint8)
    return pixels


def finite_range(values: Array) -> tuple[float, float]:
    """Give the least and the greatest finite value; infinity and its opposite if there is none.

    Examples
    --------
    >>> finite_range(np.array([1.0, np.nan, 3.0]))
    (1.0, 3.0)
    """
    if not values.size:
        return math.inf, -math.inf
    # Without a start value, which bytes could not hold.
    low, high = float(values.min()), float(values.max())
    if math.isfinite(low) and math.isfinite(high):
        return low, high
    finite = values[np.isfinite(values)]
    return float(finite.min(initial=np.inf)), float(finite.max(initial=-np.inf))


def true_places(task: Task, targets: Array | None, form: Form) -> dict[str, Any]:
    """Give what lies where in each picture.

    Returns
    -------
    dict
        Of a segmentation ``masks``, uint8 (n, h, w), scaled down as pictures are; of a detection ``boxes``, float32
        (total, 5), in pixels of the samples, and ``box_ends``; of any other task, and of targets in another form,
        nothing.
    """
    if targets is None or form.kind != "image":
        return {}
    if task == "segmentation" and targets.ndim == _IMAGE + 1 and targets.dtype.kind in "iu":
        return {"masks": targets[:, :: form.factor, :: form.factor].clip(0, 255).astype(np.uint8)}
    if task == "detection" and targets.ndim == _IMAGE + 1 and targets.shape[2] == _BOX:
        there = targets[:, :, 4] >= 0
        return {"boxes": targets[there].astype(np.float32), "box_ends": np.cumsum(there.sum(axis=1), dtype=np.int64)}
    return {}
