"""Pictures with boxes around things in them, whatever format these were written down in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from dltrainer_jupyter.core.errors import BadSampleError, ConfigurationError
from dltrainer_jupyter.data.pictures.opening import opened
from dltrainer_jupyter.data.pictures.settings import PictureForm

if TYPE_CHECKING:
    import numpy.typing as npt

NONE: npt.NDArray[np.float64] = np.zeros((0, 5))
"""Boxes of a picture without any."""


@dataclass(frozen=True)
class Boxed:
    """A picture and its boxes, not read yet."""

    path: str
    boxes: npt.NDArray[np.float64]
    """x0, y0, x1, y1 and class, shape (n, 5)."""
    size: tuple[int, int] | None = None
    """Width and height that boxes count in; None where they are shares of these."""
    trouble: str | None = None
    """What is wrong with what was written down of it."""


class BoxedPictures:
    """Reads pictures with their boxes.

    Parameters
    ----------
    pictures : sequence of Boxed
        What there is.
    root : Path
        Where names begin.
    form : PictureForm
        How pictures come out.
    most : int
        Rows that targets have: as many boxes, the largest.
    """

    def __init__(self, pictures: Sequence[Boxed], root: Path, form: PictureForm, most: int) -> None:
        self._pictures = pictures
        self._root = root
        self._form = form
        self._most = most

    def __len__(self) -> int:
        """Count them."""
        return len(self._pictures)

    def read(self, index: int) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.float32]]:
        """Read a picture and its boxes, shape (most, 5), in pixels of what comes out; -1 where there are fewer."""
        known, name = self._pictures[index], self.name(index)
        if known.trouble is not None:
            msg = f"{name}: {known.trouble}"
            raise BadSampleError(msg)
        image, _ = opened(Path(known.path), name)
        if known.size not in (None, image.size):
            # Some write down what lies in the file, before a viewer turns it.
            image, _ = opened(Path(known.path), name, turns=False)
            if known.size != image.size and known.size is not None:
                msg = (
                    f"{name}: the annotations say {known.size[0]}×{known.size[1]} pixels, and the picture has "
                    f"{image.width}×{image.height}."
                )
                raise BadSampleError(msg)
        boxes = known.boxes
        if known.size is None:
            boxes = boxes * np.array([image.width, image.height, image.width, image.height, 1])
        pixels, places = self._form.pixels(image)
        boxes = places.boxes(boxes, self._form.height, self._form.width)
        if len(boxes) > self._most:
            areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
            boxes = boxes[np.sort(np.argsort(-areas, kind="stable")[: self._most])]
        rows = np.full((self._most, 5), -1, np.float32)
        rows[: len(boxes)] = boxes
        return pixels, rows

    def name(self, index: int) -> str:
        """Give a picture's file, as far as it lies in the folder."""
        path = Path(self._pictures[index].path)
        return str(path.relative_to(self._root)) if path.is_relative_to(self._root) else str(path)


def rows_for(parts: Sequence[Sequence[Boxed]], most: int | None) -> int:
    """Tell how many rows targets have.

    Raises
    ------
    ConfigurationError
        If there is no box at all to learn from.
    """
    found = max(len(picture.boxes) for part in parts for picture in part)
    if not any(len(picture.boxes) for picture in parts[0]):
        msg = "data: expected objects to learn from, but no picture has a box."
        raise ConfigurationError(msg)
    return found if most is None else min(found, most)
