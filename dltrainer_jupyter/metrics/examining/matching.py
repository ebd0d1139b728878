"""Which detections of an image are right."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from dltrainer_jupyter.core.protocols import Array

    Floats = npt.NDArray[np.float64]


def matched(
    detections: Array, truths: Array, *, sure: float = 0.5, overlap: float = 0.5
) -> tuple[Floats, npt.NDArray[np.float64]]:
    """Match detections and objects, the surest first, each with the object of its class that it overlaps with most.

    Parameters
    ----------
    detections : numpy.ndarray, shape (n, k, 6)
        x0, y0, x1, y1, score, class; class -1 where there is none.
    truths : numpy.ndarray, shape (n, m, 5)
        x0, y0, x1, y1, class; likewise.
    sure : float, default 0.5
        Score from which on a detection counts.
    overlap : float, default 0.5
        Intersection over union from which on it is right.

    Returns
    -------
    scores : numpy.ndarray of float64, shape (n,)
        F1 of each image; 1 where there are neither objects nor detections.
    overlaps : numpy.ndarray of float64, shape (pairs,)
        Intersection over union of all matched pairs.

    Examples
    --------
    >>> one = np.array([[[0, 0, 4, 4, 0.9, 0], [8, 8, 9, 9, 0.8, 0]]])
    >>> scores, overlaps = matched(one, np.array([[[0, 0, 4, 4, 0]]]))
    >>> round(float(scores[0]), 3), overlaps.tolist()
    (0.667, [1.0])
    """
    counted = (detections[..., 5] >= 0) & (detections[..., 4] >= sure)
    there = truths[..., 4] >= 0
    order = np.argsort(-detections[..., 4], axis=1, kind="stable")
    ious = _overlaps(detections, truths)
    same = detections[:, :, None, 5] == truths[:, None, :, 4]
    possible = np.where(same & counted[:, :, None] & there[:, None] & (ious >= overlap), ious, 0.0)
    images, free = np.arange(len(truths)), there.copy()
    best = np.zeros((len(truths), detections.shape[1]))
    if truths.shape[1]:
        for place in order.T:
            candidates = np.where(free, possible[images, place], 0.0)
            chosen = candidates.argmax(axis=1)
            found = candidates[images, chosen]
            best[images, place] = found
            free[images, chosen] &= found == 0
    right = (best > 0).sum(axis=1)
    either = counted.sum(axis=1) + there.sum(axis=1)
    scores = np.divide(2.0 * right, either, out=np.ones(len(truths)), where=either > 0)
    return scores, best[best > 0]


def _overlaps(detections: Array, truths: Array) -> Floats:
    """Give intersection over union of every pair, shape (n, k, m)."""
    one, other = detections[:, :, None, :4].astype(np.float64), truths[:, None, :, :4].astype(np.float64)
    sides = np.clip(np.minimum(one[..., 2:], other[..., 2:]) - np.maximum(one[..., :2], other[..., :2]), 0, None)
    both = sides.prod(axis=-1)
    areas = [(boxes[..., 2:] - boxes[..., :2]).prod(axis=-1) for boxes in (one, other)]
    either = areas[0] + areas[1] - both
    ious: Floats = np.divide(both, either, out=np.zeros(both.shape), where=either > 0)
    return ious
