"""Rankings of more scores than can be kept: counted in bins, with the error that costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dltrainer_jupyter.metrics.examining.ranking import Line, Ranking

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float32]
    Counts = npt.NDArray[np.int64]

BINS = 1024
_HALF = BINS // 2
_OCTAVE = 16
"""Bins for each halving of a probability, or of what is left to 1: a logit is some 0.06 wide."""
_SHIFT = 23 - 4
_TOP = int(np.float32(0.5).view(np.int32)) >> _SHIFT


def bins_of(shares: Floats) -> npt.NDArray[np.int32]:
    """Give the bin of each probability: narrow near 0 and near 1, where classifiers' scores lie.

    Parameters
    ----------
    shares : numpy.ndarray of float32
        From 0 to 1, no NaN.

    Returns
    -------
    numpy.ndarray of int32
        From 0 to ``BINS - 1``, never descending as probabilities ascend.

    Notes
    -----
    A float's leading bits are its logarithm: exponent and four bits of the mantissa are the bin of what is at most one
    half, mirrored for what is above it.

    Examples
    --------
    >>> bins_of(np.array([0.0, 0.25, 0.5, 1.0], np.float32)).tolist()
    [0, 496, 512, 1023]
    """
    above = shares >= np.float32(0.5)
    smaller = np.where(above, np.float32(1) - shares, shares)
    place = smaller.view(np.int32) >> _SHIFT
    place += _HALF - _TOP
    np.clip(place, 0, _HALF - 1, out=place)
    np.subtract(BINS - 1, place, out=place, where=above)
    return place


class BinnedRanking:
    """Scores of one class against all others, as counts in bins of ascending scores.

    Within a bin nobody knows the order. The area under the ROC curve counts such pairs half, so it is off by half
    their share at most; average precision is the middle between the best and the worst order, and off by half their
    distance at most.

    Parameters
    ----------
    inside, outside : numpy.ndarray of int64, shape (bins,)
        How many of the class's own examples, and of all others, lie in each bin.
    """

    def __init__(self, inside: Counts, outside: Counts) -> None:
        self._inside = inside[::-1]
        self._outside = outside[::-1]

    @property
    def defined(self) -> bool:
        """Whether there is a ROC curve: examples of the class, and others."""
        return bool(self._inside.any() and self._outside.any())

    def areas(self) -> Ranking:
        """Compute both areas."""
        inside, outside = self._inside, self._outside
        total, others = int(inside.sum()), int(outside.sum())
        if not total:
            return Ranking(float("nan"), float("nan"), 0.0, 0.0)
        best, worst = self._average_precision(0), self._average_precision(1)
        ap, ap_within = (best + worst) / 2, (best - worst) / 2
        if not others:
            return Ranking(float("nan"), ap, 0.0, ap_within)
        after = others - np.cumsum(outside)
        pairs = total * others
        unknown = int((inside * outside).sum()) / pairs
        return Ranking(int((inside * after).sum()) / pairs + unknown / 2, ap, unknown / 2, ap_within)

    def _average_precision(self, worst: int) -> float:
        """Compute it as if the class's examples came first in each bin (0), or last (1).

        The i-th example of a bin, with ``f`` found before it and ``w`` wrong ones before it, has the precision
        ``(f + i) / (f + i + w)``; the sum over a bin is closed by the digamma function.
        """
        from scipy.special import digamma  # type: ignore[import-untyped]

        inside = self._inside[used := self._inside > 0].astype(np.float64)
        found = np.cumsum(self._inside)[used] - inside
        wrong = (np.cumsum(self._outside) - (1 - worst) * self._outside)[used].astype(np.float64)
        harmonic = digamma(found + inside + wrong + 1) - digamma(found + wrong + 1)
        return float((inside - wrong * harmonic).sum() / inside.sum())

    def roc(self) -> Line:
        """Give points of the ROC curve, at edges of bins."""
        x, y = np.cumsum(self._outside), np.cumsum(self._inside)
        shown = _shown(x / x[-1] + y / y[-1])
        return Line(np.concatenate([[0.0], x[shown] / x[-1]]), np.concatenate([[0.0], y[shown] / y[-1]]))

    def pr(self) -> Line:
        """Give points of the precision-recall curve, at edges of bins."""
        wrong, found = np.cumsum(self._outside), np.cumsum(self._inside)
        shown = _shown(found / found[-1])
        recall, precision = found / found[-1], found / np.maximum(found + wrong, 1)
        return Line(np.concatenate([[0.0], recall[shown]]), np.concatenate([[1.0], precision[shown]]))


def _shown(along: npt.NDArray[np.float64], most: int = 98) -> npt.NDArray[np.intp]:
    """Choose at most so many points whose way along the curve is even, the last among them."""
    places = np.searchsorted(along, np.linspace(0, along[-1], most + 1)[1:])
    return np.unique(np.minimum(places, len(along) - 1))
