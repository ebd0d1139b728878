"""What measures, and what steers by it; both know no framework."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    from dltrainer_jupyter.core.protocols.state import Array


class Metric(Protocol):
    """A number over many batches. Its value does not depend on how batches were grouped into calls."""

    name: str
    higher_is_better: bool

    def update(self, outputs: Array, targets: Array, sizes: Sequence[int]) -> None:
        """Take in consecutive batches.

        Parameters
        ----------
        outputs, targets : numpy.ndarray, shape (sum(sizes), ...)
            Raw outputs of the model and encoded targets of several batches, one after another.
        sizes : sequence of int
            Samples in each batch.
        """

    def compute(self) -> float:
        """Give the value over everything taken in since the last reset; NaN if nothing was."""

    def reset(self) -> None:
        """Forget everything."""

    def state(self) -> dict[str, Any]:
        """Give what :meth:`load_state` needs to go on: NumPy arrays and JSON types."""

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Go on from a state."""


class Schedule(Protocol):
    """The learning rate as a factor of the base rate. Framework-free, so that it is the same on each."""

    needs_metric: bool
    """Whether :meth:`observe` must be told the monitored value after each validation."""

    def factor(self, step: int) -> float:
        """Factor for the step about to be made, counted from 0: a function of the step and the state."""

    def observe(self, value: float) -> None:
        """Take in the monitored metric (or the training loss where nothing is validated)."""

    def state(self) -> dict[str, Any]:
        """Give what :meth:`load_state` needs: JSON types."""

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Go on from a state."""


Interval = Literal["step", "epoch"]
"""What a schedule of a framework's own counts."""


class ScheduleRates(Protocol):
    """A schedule of a framework's own, asked from outside."""

    interval: Interval
    needs_metric: bool
    absolute: bool
    """Whether it gives rates, and not factors of the base rate."""

    def rate(self, count: int) -> float:
        """Give the rate, or the factor, after so many steps or epochs: a function of that and what was observed."""

    def observe(self, value: float) -> None:
        """Take in the monitored metric."""
