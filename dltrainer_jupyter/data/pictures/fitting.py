"""Pictures brought to one size, and where a place in the file lies afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    import numpy.typing as npt

Way = Literal["stretch", "crop", "pad"]
"""Give a picture the proportions that are wanted: by stretching it, by cutting its edges off, by black bars."""
_LEAST_EXTENT = 1.0
"""Pixels of height and width below which a box that was cut or shrunk is none."""


class Places(NamedTuple):
    """Where what was at (x, y) is now: at (x * across + left, y * down + top)."""

    across: float
    down: float
    left: float
    top: float

    def boxes(self, boxes: npt.NDArray[np.float64], height: int, width: int) -> npt.NDArray[np.float64]:
        """Move boxes along, shape (n, 5): x0, y0, x1, y1, class; what lies outside, or is less than a pixel, is gone.

        Examples
        --------
        >>> Places(0.5, 0.5, 0, 0).boxes(np.array([[0, 0, 8, 8, 2], [90, 0, 99, 9, 1.0]]), 10, 10).tolist()
        [[0.0, 0.0, 4.0, 4.0, 2.0]]
        """
        moved = boxes.copy()
        moved[:, [0, 2]] = np.clip(boxes[:, [0, 2]] * self.across + self.left, 0, width)
        moved[:, [1, 3]] = np.clip(boxes[:, [1, 3]] * self.down + self.top, 0, height)
        extent = moved[:, 2:4] - moved[:, :2]
        return moved[(extent >= _LEAST_EXTENT).all(axis=1)]


def fitted(image: Image.Image, height: int, width: int, way: Way, *, smooth: bool = True) -> tuple[Image.Image, Places]:
    """Give a picture another size.

    Parameters
    ----------
    image : PIL.Image.Image
        Without a palette, unless ``smooth`` is off.
    height, width : int
        In pixels.
    way : {"stretch", "crop", "pad"}
        What becomes of other proportions.
    smooth : bool, default True
        Mix pixels; off for masks, whose values are classes.
    """
    if image.size == (width, height):
        return image, Places(1.0, 1.0, 0.0, 0.0)
    across, down = width / image.width, height / image.height
    if way == "stretch" or across == down:
        return image.resize((width, height), _filter(across, down, smooth=smooth)), Places(across, down, 0.0, 0.0)
    if way == "crop":
        scale = max(across, down)
        left, top = (image.width - width / scale) / 2, (image.height - height / scale) / 2
        region = (left, top, left + width / scale, top + height / scale)
        cut = image.resize((width, height), _filter(scale, scale, smooth=smooth), box=region)
        return cut, Places(scale, scale, -left * scale, -top * scale)
    scale = min(across, down)
    inner = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    left, top = (width - inner[0]) // 2, (height - inner[1]) // 2
    padded = Image.new(image.mode, (width, height))
    padded.paste(image.resize(inner, _filter(scale, scale, smooth=smooth)), (left, top))
    return padded, Places(inner[0] / image.width, inner[1] / image.height, left, top)


def _filter(across: float, down: float, *, smooth: bool) -> Image.Resampling:
    if not smooth:
        return Image.Resampling.NEAREST
    # A mean over what each pixel covers, which blurs nothing; where little shrinks, what lies between two is mixed.
    return Image.Resampling.BOX if max(across, down) <= 0.5 else Image.Resampling.BILINEAR  # noqa: PLR2004 - two in one
