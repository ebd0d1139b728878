"""Settings that people change while a run trains: when they take effect, and how.

What was changed stands in the rows of the controls that asked for it, with the step after which it takes effect. So a
run that goes on from an older checkpoint makes the same changes after the same steps, and ends with the same bits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dltrainer_jupyter.core import live
from dltrainer_jupyter.core.errors import IllegalControlError
from dltrainer_jupyter.core.live import Change

if TYPE_CHECKING:
    from dltrainer_jupyter.core.records import RunRecord
    from dltrainer_jupyter.loop.training import Training

_SAVED = frozenset({"learning_rate", "epochs"})
"""What a checkpoint itself holds as of its step."""


class Changes:
    """What is yet to take effect.

    Parameters
    ----------
    coming : sequence of Change, default ()
        In the order in which they take effect.
    """

    def __init__(self, coming: Sequence[Change] = ()) -> None:
        self.coming = list(coming)

    def add(self, change: Change) -> None:
        """Take in what somebody asks for now; what was to come of the same settings later is overruled."""
        self.coming = live.timeline([*self.coming, change])

    def due(self, step: int) -> dict[str, Any]:
        """Give what takes effect before the next step."""
        return {key: value for change in self.coming if change.step <= step for key, value in change.values.items()}

    def take(self, step: int) -> dict[str, Any]:
        """Give it and strike it off."""
        due = self.due(step)
        self.coming = [change for change in self.coming if change.step > step]
        return due

    def last(self, key: str, otherwise: Any) -> Any:
        """Give the value a setting will have in the end."""
        return next((it.values[key] for it in reversed(self.coming) if key in it.values), otherwise)


def settle(training: Training) -> None:
    """Let take effect what does so here: before a step, or once an epoch is closed."""
    changes = training.changes
    if values := changes.take(training.step):
        _put_in_force(training, values)
    if training.finished and changes.coming:
        # Better now than never: a run that goes on from a very old checkpoint would end before it gets there.
        _put_in_force(training, changes.take(changes.coming[-1].step))


class History:
    """What was changed before and after the checkpoint that a training goes on from.

    Parameters
    ----------
    changes : sequence of Change
        All of the run's, in the order in which they take effect.
    record : RunRecord
        The run.
    saved : mapping or None
        The checkpoint's facts; None where a training starts from the beginning.

    Attributes
    ----------
    past, coming : list of Change
        Those in force, and those that will be.
    epochs : int
        How many to begin with.
    """

    def __init__(self, changes: Sequence[Change], record: RunRecord, saved: Mapping[str, Any] | None) -> None:
        self.epochs: int = record.spec.epochs if saved is None else saved["epochs"]
        step = 0 if saved is None else saved["step"]
        self.past = [change for change in changes if change.step < step]
        # One at this very step may be in the checkpoint already; to make it again changes nothing.
        self.coming = [change for change in changes if change.step >= step]
        if Changes(self.coming).last("epochs", self.epochs) != record.progress.epochs:
            # Nobody who trained it has made it that long: it was resumed with another number.
            self.epochs = record.progress.epochs
            left = [
                Change(it.step, {key: it.values[key] for key in it.values.keys() - {"epochs"}}) for it in self.coming
            ]
            self.coming = [change for change in left if change.values]


def take_up(training: Training, history: History) -> None:
    """Put into force again what was changed before, and get ready to do so with what comes."""
    values = {key: value for change in history.past for key, value in change.values.items()}
    training.spec = live.changed(training.spec, values)
    _put_in_force(training, {key: value for key, value in values.items() if key not in _SAVED})
    training.changes = Changes(history.coming)


def checked(training: Training, values: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Check what somebody asks for, against what is in force here.

    Returns
    -------
    before, after : dict
        Values by key.

    Raises
    ------
    ConfigurationError, IllegalControlError
        If it can't be; says why.
    """
    due = training.changes.due(training.step)
    spec = live.changed(training.spec, {"learning_rate": training.base_rate, "epochs": training.epochs} | due)
    after = live.check(spec, values)
    if "learning_rate" in after and training.base_rate is None:
        msg = (
            "The model or its optimizer sets the learning rate by a schedule of its own, or doesn't show it; it can't "
            "be set."
        )
        raise IllegalControlError(msg)
    if "epochs" in after:
        _check_epochs(training, after["epochs"])
    before = live.present(spec)
    return {key: before[key] for key in after}, after


def _check_epochs(training: Training, epochs: int) -> None:
    if training.finished:
        msg = "Can't set epochs: all of them are trained. Resume the run with more once it has ended."
        raise IllegalControlError(msg)
    live.check_epochs(epochs, training.epoch)
    if (reason := getattr(training.parts.recipe, "length_in_use", lambda: None)()) is not None:
        msg = f"Can't set epochs: {reason} Suspend the run and resume it with epochs={epochs}."
        raise IllegalControlError(msg)


def _put_in_force(training: Training, values: Mapping[str, Any]) -> None:
    parts = training.parts
    spec = training.spec = live.changed(training.spec, values)
    if "learning_rate" in values:
        training.base_rate = float(values["learning_rate"])
    if "epochs" in values:
        training.epochs = spec.epochs
        schedule = parts.make_schedule(training.epochs)
        schedule.load_state(parts.schedule.state())
        parts.schedule = schedule
        if callable(follow := getattr(parts.recipe, "follow", None)):
            follow(training.course)
    if "checkpoint.every_seconds" in values:
        training.schedule_checkpoint()
    parts.keeper.spec, parts.judge.early_stopping = spec.checkpoint, spec.early_stopping
