"""The learning-rate schedule of a run, made anew whenever its number of epochs changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from dltrainer_jupyter.core.protocols import Adapter, Lends, Schedule, TrainState
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.loop.parts import make_schedule
from dltrainer_jupyter.schedules.own import Around, own_schedule

MakeSchedule = Callable[[int], Schedule]
"""Makes the schedule for a number of epochs."""


def schedules_of(
    spec: RunSpec, objects: Mapping[str, Any], built: tuple[Adapter, TrainState], steps_per_epoch: int | None, mode: str
) -> MakeSchedule:
    """Give what makes a run's schedule.

    Parameters
    ----------
    spec : RunSpec
        Its scheduler may be the user's own.
    objects : mapping
        The user's own, by key.
    built : (Adapter, TrainState)
        The adapter and what it has built, for a factory.
    steps_per_epoch : int or None
        None where nobody knows.
    mode : {"min", "max"}
        Whether less or more of the monitored metric is better.
    """
    adapter, state = built
    if spec.scheduler is None or not spec.scheduler.is_user_object:
        return lambda epochs: make_schedule(spec, steps_per_epoch, epochs, mode)
    given, interval, base = objects["scheduler"], spec.scheduler.config.get("interval"), adapter.learning_rate(state)
    assert base is not None  # noqa: S101 - refused before

    def make(epochs: int) -> Schedule:
        lender = adapter if isinstance(adapter, Lends) else None
        return own_schedule(
            given,
            Around(
                base=base,
                steps_per_epoch=steps_per_epoch,
                epochs=epochs,
                interval=interval,
                parts=lambda: {} if lender is None else lender.lent(state),
                rates=lambda found, counted: None if lender is None else lender.rates(state, found, counted),
            ),
        )

    return make


def lent_model(adapter: Adapter, state: TrainState) -> Any:
    """Give the model for factories of metrics; None where an adapter has none to give."""
    return adapter.lent(state)["model"] if isinstance(adapter, Lends) else None
