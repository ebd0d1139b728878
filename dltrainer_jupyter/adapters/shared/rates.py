"""Learning rates of a framework's own schedule, computed many at a time, since each call costs as much as a step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from dltrainer_jupyter.core.protocols import Interval

_AT_ONCE = 512


class ComputedRates:
    """Learning rates by a function of many counts.

    Parameters
    ----------
    compute : callable
        Gives the rates for counts of steps or epochs, both of shape (n,).
    interval : {"step", "epoch"}
        What is counted.
    """

    absolute = True
    needs_metric = False

    def __init__(self, compute: Callable[[npt.NDArray[np.int64]], npt.ArrayLike], interval: Interval) -> None:
        self.interval = interval
        self._compute = compute
        self._first = -_AT_ONCE
        self._rates: list[float] = []

    def rate(self, count: int) -> float:
        """Give the rate for a count, from 0."""
        first = count - count % _AT_ONCE
        if first != self._first:
            rates = np.asarray(self._compute(np.arange(first, first + _AT_ONCE, dtype=np.int64)), np.float64)
            self._first, self._rates = first, rates.tolist()
        return self._rates[count - first]

    def observe(self, value: float) -> None:
        """Take nothing in."""


def first(named: Mapping[str, Any]) -> Any:
    """Give the first of a state's nets or optimizers: that of the run's model."""
    return next(iter(named.values()))
