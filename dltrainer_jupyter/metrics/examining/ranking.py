"""How well scores put the examples of a class before all others: exact areas and curves."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float32]
    Doubles = npt.NDArray[np.float64]

POINTS = 100
"""The most a curve has."""


class Line(NamedTuple):
    """A curve."""

    x: Doubles
    y: Doubles


class Ranking(NamedTuple):
    """What scores of one class against all others come to."""

    auc: float
    """Area under the ROC curve; NaN without examples of the class, or without others."""
    ap: float
    """Average precision; NaN without examples of the class."""
    auc_within: float
    """How far ``auc`` may be off; 0 where it is exact."""
    ap_within: float


class ExactRanking:
    """Scores of one class against all others.

    Parameters
    ----------
    inside, outside : numpy.ndarray of float32
        Scores of the class's own examples, and of all others; sorted, no NaN.

    Examples
    --------
    >>> ranked = ExactRanking(np.array([0.35, 0.8], np.float32), np.array([0.1, 0.4], np.float32))
    >>> ranked.areas().auc
    0.75
    >>> round(ranked.areas().ap, 4)
    0.8333
    """

    def __init__(self, inside: Floats, outside: Floats) -> None:
        self._inside = inside
        self._outside = outside

    @property
    def defined(self) -> bool:
        """Whether there is a ROC curve: examples of the class, and others."""
        return bool(len(self._inside) and len(self._outside))

    def areas(self) -> Ranking:
        """Compute both areas.

        Notes
        -----
        The area under the ROC curve is the share of pairs in the right order, equal scores counting half (the
        Mann-Whitney statistic). Average precision is the mean, over the class's examples, of the precision at their
        own score: scikit-learn's sum over thresholds, told by examples.
        """
        inside, outside = self._inside, self._outside
        if not len(inside):
            return Ranking(float("nan"), float("nan"), 0.0, 0.0)
        below = np.searchsorted(outside, inside, side="left")
        found = len(inside) - np.searchsorted(inside, inside, side="left")
        ap = float(np.mean(found / (found + len(outside) - below)))
        if not len(outside):
            return Ranking(float("nan"), ap, 0.0, 0.0)
        # Whole numbers, so that no order of adding matters.
        ordered = int(below.sum()) + int(np.searchsorted(outside, inside, side="right").sum())
        return Ranking(ordered / (2 * len(inside) * len(outside)), ap, 0.0, 0.0)

    def roc(self) -> Line:
        """Give points of the ROC curve: false-positive rate across, true-positive rate up; all, if they are few."""
        each = (POINTS - 2) // 2
        distinct = np.union1d(_spread(self._inside, each), _spread(self._outside, each))
        x, y = self._above(self._outside, distinct), self._above(self._inside, distinct)
        return Line(np.concatenate([[0.0], x, [1.0]]), np.concatenate([[0.0], y, [1.0]]))

    def pr(self) -> Line:
        """Give points of the precision-recall curve, recall across, precision up; all corners, if they are few."""
        distinct = np.unique(_spread(self._inside, POINTS - 1))
        recall = self._above(self._inside, distinct)
        found, wrong = recall * len(self._inside), self._above(self._outside, distinct) * len(self._outside)
        return Line(np.concatenate([[0.0], recall]), np.concatenate([[1.0], found / (found + wrong)]))

    @staticmethod
    def _above(scores: Floats, thresholds: Floats) -> Doubles:
        """Give the share of scores that reach each threshold, the highest threshold first."""
        reach = len(scores) - np.searchsorted(scores, thresholds, side="left")[::-1]
        return reach / len(scores) if len(scores) else np.zeros(len(thresholds))


def _spread(ordered: Floats, most: int) -> Floats:
    """Give at most so many of sorted values, evenly spread over their ranks, both ends among them."""
    distinct = ordered if len(ordered) <= most else ordered[np.linspace(0, len(ordered) - 1, most).round().astype(int)]
    return np.unique(distinct)
