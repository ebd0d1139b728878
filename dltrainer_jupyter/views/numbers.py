"""Numbers as JSON can say them, with the digits that a chart needs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

_DIGITS = 6
"""Significant digits."""
_POWERS = np.array([float(f"1e{exponent}") for exponent in range(309)])
"""Of ten, each the nearest double; what NumPy raises to a power may be off by one bit."""


def number(value: float | None) -> float | None:
    """Round to the digits a chart needs; None for what isn't finite, which JSON can't say.

    Examples
    --------
    >>> number(2 / 3)
    0.666667
    """
    if value is None or not math.isfinite(value):
        return None
    return float(f"{value:.{_DIGITS}g}")


def numbers(values: npt.NDArray[np.floating]) -> list[float | None]:
    """Round a row of numbers as :func:`number` does one, without going through them one by one.

    Parameters
    ----------
    values : numpy.ndarray, shape (n,)
        Such as a curve.

    Returns
    -------
    list of float or None
        As many.

    Examples
    --------
    >>> numbers(np.array([2 / 3, np.nan], np.float32))
    [0.666667, None]
    """
    wide = values.astype(np.float64)
    plain = np.isfinite(wide) & (wide != 0)
    magnitude = np.floor(np.log10(np.abs(np.where(plain, wide, 1.0)))).astype(np.int64)
    decimals = np.minimum(_DIGITS - 1 - magnitude, len(_POWERS) - 1)
    power = _POWERS[np.abs(decimals)]
    # By a division at the end, since a power of ten has an exact double and its inverse has none.
    rounded = np.where(decimals >= 0, np.rint(wide * power) / power, np.rint(wide / power) * power)
    found: list[float | None] = rounded.tolist()
    for index in np.flatnonzero(~np.isfinite(wide)).tolist():
        found[index] = None
    return found


def finite_pairs(
    xs: Sequence[float | None], ys: Sequence[float | None]
) -> tuple[npt.NDArray[Any], npt.NDArray[np.float64]]:
    """Leave out the points of a line that have no value.

    Examples
    --------
    >>> finite_pairs([1, 2, 3], [0.5, None, 0.25])
    (array([1, 3]), array([0.5 , 0.25]))
    """
    pairs = [(x, y) for x, y in zip(xs, ys, strict=True) if x is not None and y is not None]
    return np.array([x for x, _ in pairs]), np.array([y for _, y in pairs], np.float64)
