"""Outlines of what a class covers, and how well two of them meet."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from dltrainer_jupyter.core.protocols import Array

    Flags = npt.NDArray[np.bool_]

_MOST_PIXELS = 2**24
"""Pixels that are looked at together; bounds memory."""


def boundary_scores(predicted: Array, actual: Array, tolerance: float) -> npt.NDArray[np.float64]:
    """Compute the boundary F1 of each class in each image (Csurka et al., 2013, "What is a good evaluation measure…").

    Parameters
    ----------
    predicted, actual : numpy.ndarray of int, shape (n, h, w)
        Classes of the pixels; a negative one is none.
    tolerance : float
        How far apart two pixels of outlines may lie and still meet, as a share of the image's diagonal; one pixel at
        least.

    Returns
    -------
    numpy.ndarray of float64, shape (n, classes)
        As many classes as the largest number says. NaN where a class has no outline in truth or prediction.
    """
    classes = int(max(predicted.max(initial=0), actual.max(initial=0))) + 1
    scores = np.full((len(actual), classes), np.nan)
    near = max(1.0, tolerance * math.hypot(*actual.shape[1:]))
    step = max(1, _MOST_PIXELS // max(math.prod(actual.shape[1:]), 1))
    for start in range(0, len(actual), step):
        some = slice(start, start + step)
        there = np.union1d(np.unique(predicted[some]), np.unique(actual[some]))
        for index in there[there >= 0]:
            scores[some, index] = _f1(outline(predicted[some] == index), outline(actual[some] == index), near)
    return scores


def outline(mask: Flags) -> Flags:
    """Mark the pixels of masks, shape (n, h, w), that have a neighbour in the image, above or beside, outside of it."""
    inside = mask.copy()
    inside[:, 1:] &= mask[:, :-1]
    inside[:, :-1] &= mask[:, 1:]
    inside[:, :, 1:] &= mask[:, :, :-1]
    inside[:, :, :-1] &= mask[:, :, 1:]
    return np.asarray(mask & ~inside)


def _f1(predicted: Flags, actual: Flags, near: float) -> npt.NDArray[np.float64]:
    drawn, there = predicted.sum(axis=(1, 2)), actual.sum(axis=(1, 2))
    met = (predicted & _widened(actual, near)).sum(axis=(1, 2))
    found = (actual & _widened(predicted, near)).sum(axis=(1, 2))
    # 2PR / (P + R) with P = met / drawn and R = found / there; 0 where either is.
    below = met * there + found * drawn
    scores = np.divide(2.0 * met * found, below, out=np.zeros(len(met)), where=below > 0)
    return np.where(drawn + there > 0, scores, np.nan)


def _widened(marked: Flags, near: float) -> Flags:
    """Mark what lies within a distance of marked pixels."""
    height, width = marked.shape[1:]
    wide = np.zeros_like(marked)
    reach = math.floor(near)
    for down in range(-min(reach, height - 1), min(reach, height - 1) + 1):
        for right in range(-min(reach, width - 1), min(reach, width - 1) + 1):
            if down**2 + right**2 <= near**2:
                into = (slice(None), _moved(down, height), _moved(right, width))
                wide[into] |= marked[:, _moved(-down, height), _moved(-right, width)]
    return wide


def _moved(by: int, length: int) -> slice:
    return slice(max(by, 0), length + min(by, 0))
