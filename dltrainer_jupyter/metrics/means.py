"""Means over what is defined: scores of classes that a set doesn't have are NaN, and count for nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]


def means_of(values: Floats) -> Floats:
    """Average what is a number along the last axis; NaN where nothing is.

    Parameters
    ----------
    values : numpy.ndarray of float64, shape (..., k)
        Such as a score for each class.

    Returns
    -------
    numpy.ndarray of float64, shape (...)
    """
    known = np.isfinite(values)
    counts = known.sum(axis=-1)
    sums = np.where(known, values, 0.0).sum(axis=-1)
    means: Floats = np.divide(sums, counts, out=np.full(np.shape(counts), np.nan), where=counts > 0)
    return means


def mean_of(values: Floats | Sequence[float]) -> float:
    """Average what is a number; NaN if nothing is.

    Examples
    --------
    >>> mean_of([0.5, float("nan"), 1.0])
    0.75
    """
    return float(means_of(np.asarray(values, np.float64)))
