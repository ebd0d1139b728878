"""Pictures of plain shapes, and what is known of each: drawn by arithmetic alone, so that a seed gives the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dltrainer_jupyter.core.seeds import derive

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float32]
    Inside = Callable[[Floats, Floats], npt.NDArray[np.bool_]]

_AT_ONCE = 32
"""Pictures drawn by one call; bounds the memory it takes."""
_ROTATION = 0.4
"""Largest angle, in radians: a square on its corner would be hard to tell from nothing but a square."""
_LEAST_VISIBLE = 0.35
"""Share of an object that must be seen for its box to be asked for."""


def _square(x: Floats, y: Floats) -> npt.NDArray[np.bool_]:
    return np.maximum(np.abs(x), np.abs(y)) <= 0.85  # noqa: PLR2004 - about as large as the disc


def _triangle(x: Floats, y: Floats) -> npt.NDArray[np.bool_]:
    return (y <= 0.75) & (y >= 2 * np.abs(x) - 1)  # noqa: PLR2004 - its base; apex above


def _cross(x: Floats, y: Floats) -> npt.NDArray[np.bool_]:
    near, far = np.minimum(np.abs(x), np.abs(y)), np.maximum(np.abs(x), np.abs(y))
    return (near <= 0.32) & (far <= 1)  # noqa: PLR2004 - half the width of a bar


INSIDE: dict[str, Inside] = {
    "disc": lambda x, y: x * x + y * y <= 1,
    "square": _square,
    "triangle": _triangle,
    "cross": _cross,
}
"""Which points belong to a shape of radius 1 around (0, 0)."""


class Pictures(NamedTuple):
    """What was drawn."""

    images: npt.NDArray[np.uint8]
    """Shape (n, 3, size, size)."""
    masks: npt.NDArray[np.int64]
    """The class of each pixel, 0 for the background: shape (n, size, size)."""
    boxes: npt.NDArray[np.float32]
    """x0, y0, x1, y1 in pixels and the class, counted from 0, of what is seen of each object; -1 throughout where
    there is none: shape (n, most, 5)."""


@dataclass(frozen=True)
class Drawing:
    """How pictures are drawn.

    Parameters
    ----------
    size : int
        Height and width, in pixels.
    most : int
        Objects in a picture, at most; there is one at least.
    classes : tuple of str
        Keys of :data:`INSIDE`.

    Examples
    --------
    >>> Drawing(size=32, most=2, classes=("disc", "cross")).draw(5, seed=0).boxes.shape
    (5, 2, 5)
    """

    size: int
    most: int
    classes: tuple[str, ...]

    def draw(self, count: int, seed: int) -> Pictures:
        """Draw pictures.

        Parameters
        ----------
        count : int
            How many.
        seed : int
            The first pictures of a seed are the same, however many are drawn.
        """
        parts = [
            self._some(min(_AT_ONCE, count - start), np.random.Generator(np.random.Philox(derive(seed, start))))
            for start in range(0, count, _AT_ONCE)
        ]
        return Pictures(*map(np.concatenate, zip(*parts, strict=True)))

    def _some(self, count: int, rng: np.random.Generator) -> Pictures:
        """Paint one object of every picture after the other; later ones hide what is below."""
        # Always as many are drawn: a picture must not depend on how many others there are.
        full = _AT_ONCE
        images, classes = self._background(rng, full), rng.integers(0, len(self.classes), (full, self.most))
        owner = np.full((full, self.size, self.size), -1)
        areas = np.zeros((full, self.most), np.int64)
        number = rng.integers(1, self.most + 1, full)
        rows, columns = np.mgrid[: self.size, : self.size].astype(np.float32)
        for position in range(self.most):
            radius = (rng.uniform(0.1, 0.22, full) * self.size).astype(np.float32)
            centre = rng.uniform(radius, self.size - radius, (2, full)).astype(np.float32)
            angle = rng.uniform(-_ROTATION, _ROTATION, full)
            colour = _bright(rng, full)
            cos, sin = np.cos(angle).astype(np.float32), np.sin(angle).astype(np.float32)
            dx, dy = columns - centre[0, :, None, None], rows - centre[1, :, None, None]
            x = (cos[:, None, None] * dx + sin[:, None, None] * dy) / radius[:, None, None]
            y = (cos[:, None, None] * dy - sin[:, None, None] * dx) / radius[:, None, None]
            painted = np.zeros(owner.shape, bool)
            for index, name in enumerate(self.classes):
                chosen = (classes[:, position] == index) & (position < number)
                painted[chosen] = INSIDE[name](x[chosen], y[chosen])
            owner[painted] = position
            areas[:, position] = painted.sum(axis=(1, 2))
            images = np.where(painted[:, None], colour[:, :, None, None], images)
        images += 12 * rng.standard_normal(images.shape, np.float32)
        of_pixel = np.take_along_axis(classes, np.maximum(owner, 0).reshape(full, -1), axis=1).reshape(owner.shape)
        masks = np.where(owner < 0, 0, of_pixel + 1)
        boxes = self._boxes(owner, classes, areas)
        return Pictures(np.clip(np.rint(images), 0, 255).astype(np.uint8)[:count], masks[:count], boxes[:count])

    def _background(self, rng: np.random.Generator, count: int) -> Floats:
        """Give dark pictures that grow a little lighter in some direction."""
        ramp = np.linspace(-1, 1, self.size, dtype=np.float32)
        slope = rng.uniform(-25, 25, (2, count, 3, 1, 1)).astype(np.float32)
        level = rng.uniform(30, 90, (count, 3, 1, 1)).astype(np.float32)
        return np.asarray(level + slope[0] * ramp[:, None] + slope[1] * ramp)

    def _boxes(
        self, owner: npt.NDArray[np.int64], classes: npt.NDArray[np.int64], areas: npt.NDArray[np.int64]
    ) -> npt.NDArray[np.float32]:
        boxes = np.full((len(owner), self.most, 5), -1, np.float32)
        for position in range(self.most):
            seen = owner == position
            kept = (seen.sum(axis=(1, 2)) > _LEAST_VISIBLE * areas[:, position]) & (areas[:, position] > 0)
            for axis, first in ((1, 0), (2, 1)):
                extent = seen.any(axis=axis)
                boxes[:, position, first] = extent.argmax(axis=1)
                boxes[:, position, first + 2] = self.size - extent[:, ::-1].argmax(axis=1)
            boxes[:, position, 4] = classes[:, position]
            boxes[~kept, position] = -1
        # What is there comes first.
        order = np.argsort(boxes[:, :, 4] < 0, axis=1, kind="stable")
        return np.take_along_axis(boxes, order[:, :, None], axis=1)


def _bright(rng: np.random.Generator, count: int) -> Floats:
    """Give colours of which one part at least stands out from any background: shape (count, 3)."""
    colours = rng.uniform(40, 255, (count, 3))
    colours[np.arange(count), rng.integers(0, 3, count)] = rng.uniform(190, 255, count)
    return colours.astype(np.float32)
