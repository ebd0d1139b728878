"""A metric on one of several outputs, or on what a layer gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from dltrainer_jupyter.core.choosing import chosen, refuse_several, target_of

if TYPE_CHECKING:
    from dltrainer_jupyter.core.protocols import Metric, StepOutput
    from dltrainer_jupyter.core.protocols.state import Array


class Place(NamedTuple):
    """What of a step is looked at."""

    output: str | int | None
    target: str | int | None
    on: str | None
    where: str
    """Who looks, for messages."""

    def of(self, step: StepOutput) -> tuple[Any, Any]:
        """Give the output and the target, on the device."""
        given = step.outputs if self.on is None else (step.noted or {})[self.on]
        targets = target_of(step.targets, self.output if self.on is None else None, self.target, self.where)
        return chosen(given, self.output, self.where), targets


def looked_at(observer: Any, step: StepOutput) -> tuple[Any, Any]:
    """Give what an observer looks at of a step: outputs and targets as they are, unless it says otherwise.

    Raises
    ------
    ConfigurationError
        If there are several, and it doesn't say which.
    """
    place: Place | None = getattr(observer, "place", None)
    if place is not None:
        return place.of(step)
    refuse_several(step.outputs, "metrics")
    refuse_several(step.targets, "metrics", "target")
    return step.outputs, step.targets


class PlacedMetric:
    """A metric that says what it looks at.

    Parameters
    ----------
    metric : Metric
        Measures it.
    name : str
        What it is called.
    place : Place
        What it looks at.

    Attributes
    ----------
    validation_only, stateful : bool
        As the metric has them.
    """

    def __init__(self, metric: Metric, name: str, place: Place) -> None:
        self.name = name
        self.place = place
        self.higher_is_better = metric.higher_is_better
        self.validation_only = bool(getattr(metric, "validation_only", False))
        self.stateful = bool(getattr(metric, "stateful", True))
        self._metric = metric

    def update(self, outputs: Array, targets: Array, sizes: Sequence[int]) -> None:
        """Take in consecutive batches of what is looked at."""
        self._metric.update(outputs, targets, sizes)

    def compute(self) -> float:
        """Give the value over everything taken in since the last reset."""
        return self._metric.compute()

    def reset(self) -> None:
        """Forget everything."""
        self._metric.reset()

    def state(self) -> dict[str, Any]:
        """Give what :meth:`load_state` needs to go on."""
        return self._metric.state()

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Go on from a state."""
        self._metric.load_state(state)
