"""Min-max downsampling: of consecutive values only the extremes, which is what the eye sees of them from afar."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

EXTREMES = np.dtype([("least_step", "<i8"), ("greatest_step", "<i8"), ("least", "<f4"), ("greatest", "<f4")])
"""Of one bucket of values: the least and the greatest, and the first step that has each.

NaNs don't count as values; where there is nothing else, both are NaN, at the bucket's first step.
"""

Extremes = npt.NDArray[np.void]
"""Shape (n,), dtype :data:`EXTREMES`: of consecutive buckets, in the order of their steps."""

Steps = npt.NDArray[np.int64]
Values = npt.NDArray[np.float32]
Edges = npt.NDArray[np.int64]
"""Shape (n,), increasing from 0: where each bucket begins; it ends where the next begins, the last with the values."""


def every(size: int, count: int) -> Edges:
    """Cut so many values into buckets of one size; the last one may be smaller.

    Examples
    --------
    >>> every(3, 8).tolist()
    [0, 3, 6]
    """
    return np.arange(0, count, size, dtype=np.int64)


def evenly(buckets: int, count: int) -> Edges:
    """Cut so many values into a number of buckets, whose sizes differ by one at most.

    Examples
    --------
    >>> evenly(3, 8).tolist()
    [0, 2, 5]
    """
    return np.arange(buckets, dtype=np.int64) * count // buckets


def extremes_of(steps: Steps, values: Values, edges: Edges) -> Extremes:
    """Take the extremes of each bucket of values.

    Parameters
    ----------
    steps : numpy.ndarray, shape (n,), dtype int64
        Increasing.
    values : numpy.ndarray, shape (n,), dtype float32
        One for each step.
    edges : numpy.ndarray, shape (m,), dtype int64
        Where buckets begin; less than n.

    Examples
    --------
    >>> extremes_of(np.arange(4), np.array([3, 1, np.nan, 2], np.float32), every(3, 4)).tolist()
    [(1, 0, 1.0, 3.0), (3, 3, 2.0, 2.0)]
    """
    low, high = _chosen(np.fmin, values, edges), _chosen(np.fmax, values, edges)
    found = np.empty(len(edges), EXTREMES)
    found["least_step"], found["least"] = steps[low], values[low]
    found["greatest_step"], found["greatest"] = steps[high], values[high]
    return found


def merged(extremes: Extremes, edges: Edges) -> Extremes:
    """Put buckets together into wider ones.

    Examples
    --------
    >>> merged(extremes_of(np.arange(4), np.array([3, 1, 4, 2], np.float32), every(2, 4)), every(2, 2)).tolist()
    [(1, 2, 1.0, 4.0)]
    """
    low, high = _chosen(np.fmin, extremes["least"], edges), _chosen(np.fmax, extremes["greatest"], edges)
    found = extremes[low]
    found["greatest_step"], found["greatest"] = extremes["greatest_step"][high], extremes["greatest"][high]
    return found


def _chosen(choose: np.ufunc, values: npt.NDArray[Any], edges: Edges) -> npt.NDArray[np.int64]:
    """Find in each bucket the first place of the value that is chosen, or the first of all where there are but NaNs."""
    ends = np.append(edges[1:], len(values))
    chosen = choose.reduceat(values, edges)
    hits = np.flatnonzero(values == np.repeat(chosen, ends - edges))
    first = np.append(hits, len(values))[np.searchsorted(hits, edges)]
    return np.where(first < ends, first, edges)
