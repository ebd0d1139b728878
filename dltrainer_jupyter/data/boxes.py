"""Boxes around objects as targets: what they must look like, and classes for each pixel told from those of a sample."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.data.host import refuse_non_finite
from dltrainer_jupyter.data.targets import Targets

if TYPE_CHECKING:
    from dltrainer_jupyter.core.protocols import Array

_COLUMNS = 5
_IMAGES, _MASKS = 4, 3


def encode_boxes(values: Array) -> Targets:
    """Take boxes as targets of detection.

    Parameters
    ----------
    values : numpy.ndarray, shape (n, most, 5)
        x0, y0, x1, y1 in pixels of the input, and the class, counted from 0; class -1 where there are fewer objects.

    Returns
    -------
    Targets
        float32 of the same shape.

    Raises
    ------
    ConfigurationError
        If the shape is another, a class is no whole number, a box has no extent, or there is no box at all.

    Examples
    --------
    >>> encode_boxes(np.array([[[0, 0, 4, 5, 1], [-1, -1, -1, -1, -1]]])).outputs
    2
    """
    if values.ndim != 3 or values.shape[2] != _COLUMNS or values.dtype.kind not in "iuf":  # noqa: PLR2004
        msg = (
            "data: detection needs targets of shape (n, most, 5), rows x0, y0, x1, y1, class and class -1 where there "
            f"are fewer objects; got {values.dtype} of shape {values.shape}."
        )
        raise ConfigurationError(msg)
    refuse_non_finite(values, "targets")
    boxes = values.astype(np.float32)
    there = boxes[..., 4] >= 0
    if not there.any():
        msg = "data: detection needs objects to learn from, but every row of the targets has class -1."
        raise ConfigurationError(msg)
    kinds = boxes[there, 4]
    if (wrong := kinds != np.floor(kinds)).any():
        msg = f"data: expected class numbers in the last column of the targets, got {kinds[wrong][0]:g}."
        raise ConfigurationError(msg)
    if (flat := there & (boxes[..., 2:4] <= boxes[..., :2]).any(axis=2)).any():
        sample = int(np.argmax(flat.any(axis=1)))
        found = ", ".join(f"{value:g}" for value in boxes[flat][0, :4])
        msg = f"data: a box is x0, y0, x1, y1 with x0 < x1 and y0 < y1, but sample {sample:,} has one of {found}."
        raise ConfigurationError(msg)
    classes = int(kinds.max()) + 1
    return Targets(boxes, "detection", classes, labels=tuple(map(str, range(classes))))


def of_pixels(targets: Targets, inputs: Array) -> Targets:
    """Say that classes are those of pixels where there is one for each of an image.

    Parameters
    ----------
    targets : Targets
        As they were encoded.
    inputs : numpy.ndarray
        Images of shape (n, channels, h, w) or (n, h, w, channels); of any other nothing is said.
    """
    positions = targets.values.shape[1:]
    masks = targets.task == "classification" and targets.values.ndim == _MASKS and targets.outputs > 1
    if masks and inputs.ndim == _IMAGES and positions in (inputs.shape[2:], inputs.shape[1:3]):
        return replace(targets, task="segmentation")
    return targets
