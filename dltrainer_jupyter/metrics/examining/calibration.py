"""Whether a model is right as often as it is sure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

BINS = 15
_UNIT = float(2**32)
"""Confidences are added as whole multiples of 1 / _UNIT, so that the sum is the same in whatever order they come."""


class Calibration:
    """Confidence beside accuracy, in bins of equal width, and the expected calibration error.

    Notes
    -----
    C. Guo, G. Pleiss, Y. Sun and K. Weinberger, "On Calibration of Modern Neural Networks", ICML (2017). A bin holds
    confidences from its lower edge up to, but not including, its upper one; the last one holds 1 as well.

    Examples
    --------
    >>> calibration = Calibration()
    >>> calibration.add(np.array([0.75, 0.75], np.float32), np.array([True, False]))
    >>> calibration.error
    0.25
    """

    def __init__(self) -> None:
        self._counts, self._right, self._sure = (np.zeros(BINS, np.int64) for _ in range(3))

    def add(self, confidence: npt.NDArray[np.float32], right: npt.NDArray[np.bool_]) -> None:
        """Take in decisions: how sure each was, from 0 to 1, and whether it was right."""
        bins = np.minimum((confidence * np.float32(BINS)).astype(np.intp), BINS - 1)
        self._counts += np.bincount(bins, minlength=BINS)
        self._right += np.bincount(bins[right], minlength=BINS)
        units = np.rint(confidence.astype(np.float64) * _UNIT)
        # Whole numbers below 2**53: float64 adds them exactly.
        self._sure += np.bincount(bins, units, minlength=BINS).astype(np.int64)

    @property
    def error(self) -> float:
        """The expected calibration error; NaN if nothing was taken in."""
        total = self._counts.sum()
        return float(np.abs(self._sure / _UNIT - self._right).sum() / total) if total else float("nan")

    def state(self) -> dict[str, Any]:
        """Give what :meth:`load_state` needs to go on."""
        return {"counts": self._counts.copy(), "right": self._right.copy(), "sure": self._sure.copy()}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Go on from a state."""
        self._counts, self._right, self._sure = (
            np.array(state[name], np.int64) for name in ("counts", "right", "sure")
        )

    def summary(self) -> dict[str, list[Any]]:
        """Give mean confidence, accuracy and count of each bin; NaN for both of an empty one."""
        with np.errstate(invalid="ignore"):
            confidence, accuracy = self._sure / _UNIT / self._counts, self._right / self._counts
        return {"confidence": confidence.tolist(), "accuracy": accuracy.tolist(), "count": self._counts.tolist()}
