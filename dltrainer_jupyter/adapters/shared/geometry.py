"""Affine maps of images, a row of six numbers each.

A row (a, b, c, d, e, f) says from where the pixel in column x and row y of the result comes: from column
``a x + b y + c`` and row ``d x + e y + f``. Pixels are counted from 0; what comes from outside is black.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.floating]
    Matrices = npt.NDArray[np.float32]


def rotations(degrees: Floats, size: tuple[int, ...]) -> Matrices:
    """Turn about the centre, counter-clockwise.

    Parameters
    ----------
    degrees : numpy.ndarray, shape (n,)
        Angles.
    size : tuple of int
        Height and width.

    Returns
    -------
    numpy.ndarray of float32, shape (n, 6)

    Examples
    --------
    >>> rotations(np.array([180.0]), (2, 2)).round(3).tolist()
    [[-1.0, -0.0, 1.0, 0.0, -1.0, 1.0]]
    """
    angle = np.deg2rad(degrees)
    cos, sin = np.cos(angle), np.sin(angle)
    return _about_centre(cos, -sin, sin, cos, size)


def shears(x: Floats, y: Floats, size: tuple[int, ...]) -> Matrices:
    """Shift rows by ``x`` pixels for each row below the centre, and columns by ``y`` likewise."""
    one = np.ones_like(x)
    return _about_centre(one, x, y, one, size)


def translations(x: Floats, y: Floats) -> Matrices:
    """Take pixels from ``x`` columns to the right and ``y`` rows below."""
    one, zero = np.ones_like(x), np.zeros_like(x)
    return np.stack([one, zero, x, zero, one, y], axis=-1).astype(np.float32)


def _about_centre(a: Floats, b: Floats, d: Floats, e: Floats, size: tuple[int, ...]) -> Matrices:
    y, x = (size[0] - 1) / 2, (size[1] - 1) / 2
    rows = [a, b, x - a * x - b * y, d, e, y - d * x - e * y]
    return np.stack(rows, axis=-1).astype(np.float32)
