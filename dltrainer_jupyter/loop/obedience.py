"""What a person asks of a run in training, and the answer."""

from __future__ import annotations

from typing import Any

from dltrainer_jupyter.core.errors import ConfigurationError, IllegalControlError, StaleAttemptError
from dltrainer_jupyter.core.live import Change
from dltrainer_jupyter.core.records import ControlRecord, ControlStatus
from dltrainer_jupyter.core.states import State, Verb
from dltrainer_jupyter.loop.changes import checked
from dltrainer_jupyter.loop.doorbell import Doorbell
from dltrainer_jupyter.loop.training import Training


class Obedience:
    """Answers controls between two steps, and sleeps while the run is paused.

    Parameters
    ----------
    training : Training
        What is steered.
    bell : Doorbell
        What wakes it.
    """

    def __init__(self, training: Training, bell: Doorbell) -> None:
        self._training = training
        self._attempt = training.attempt
        self._bell = bell
        self._paused = False
        self._under_way: set[int] = set()

    def obey(self) -> State | None:
        """Answer what was asked; return a state if the run is to be left in it."""
        while True:
            self._bell.clear()
            left = self._answer_all()
            if left is not None or not self._paused:
                return left
            self._bell.wait()

    def _answer_all(self) -> State | None:
        if self._bell.superseded:
            msg = "Another trainer has claimed this run; this one ends without writing."
            raise StaleAttemptError(msg)
        if self._bell.trouble is not None:
            self._pause_for(self._bell.trouble)
        for control in self._attempt.pending_controls():
            if control.id not in self._under_way and (left := self._answer(control)) is not None:
                return left
        return self._leave(State.SUSPENDED, None) if self._bell.suspend else None

    def _answer(self, control: ControlRecord) -> State | None:
        match control.kind:
            case Verb.PAUSE:
                self._pause(control)
            case Verb.RESUME:
                self._go_on(control)
            case Verb.CHECKPOINT:
                # Acknowledged by the keeper, once the checkpoint is committed.
                self._under_way.add(control.id)
                self._training.checkpoint({"manual", "last"}, control)
            case Verb.SET:
                self._set(control)
            case Verb.STOP:
                return self._leave(State.STOPPED, control)
            case Verb.SUSPEND:
                return self._leave(State.SUSPENDED, control)
            case _:
                self._acknowledge(control, f"Nothing here knows how to {control.kind}.", status="refused")
        return None

    def _pause(self, control: ControlRecord) -> None:
        training = self._training
        training.clock.stop()
        with self._attempt.transaction():
            if not self._paused:
                self._attempt.change_state(State.PAUSED)
            training.record_progress("training")
            self._acknowledge(control, f"Paused at {training.where}.")
        self._paused = True
        # Acknowledged before anything slow: the person waits for the word, not for the checkpoint.
        if not training.is_saved and training.parts.feed.resume != "epoch":
            training.checkpoint({"last"})

    def _pause_for(self, reason: str) -> None:
        self._bell.trouble = None
        self._training.clock.stop()
        with self._attempt.transaction():
            if not self._paused:
                self._attempt.change_state(State.PAUSED)
            self._training.record_progress("training")
            self._attempt.event("trouble", f"Paused at {self._training.where}. {reason}", self._training.step)
        self._paused = True

    def _go_on(self, control: ControlRecord) -> None:
        with self._attempt.transaction():
            if self._paused:
                self._attempt.change_state(State.RUNNING)
            self._acknowledge(control, f"Running from {self._training.where}.")
        self._paused = False
        self._training.clock.start(self._training.step)

    def _set(self, control: ControlRecord) -> None:
        training = self._training
        try:
            before, after = checked(training, control.arguments)
        except (ConfigurationError, IllegalControlError) as error:
            self._acknowledge(control, str(error), status="refused")
            return
        training.changes.add(Change(training.step, after))
        said = ", ".join(f"{key} {_said(before[key])} → {_said(value)}" for key, value in after.items())
        with self._attempt.transaction():
            training.record_progress("training")
            # From then on the row is what a trainer that comes after this one goes by.
            self._acknowledge(control, f"{said} at {training.where}.")
        training.checkpoint({"last"})

    def _leave(self, state: State, control: ControlRecord | None) -> State:
        """Write a last checkpoint and prepare what to say; it is said when everything is let go of."""
        training = self._training
        training.clock.stop()
        problem = training.checkpoint_and_wait()
        training.record_progress("ended")
        word = "Stopped" if state is State.STOPPED else "Suspended"
        outcome = f"{word} at {training.where}."
        if problem is not None:
            outcome += f" Its checkpoint could not be written: {problem}"
        if control is not None:
            training.parting = control, outcome
        else:
            self._attempt.event(str(state), outcome, training.step)
        return state

    def _acknowledge(self, control: ControlRecord, outcome: str, status: ControlStatus = "done") -> None:
        assert status != "requested"  # noqa: S101 - an answer is never that
        self._attempt.acknowledge(control.id, status=status, outcome=outcome, step=self._training.step)


def _said(value: Any) -> str:
    return "none" if value is None else f"{value:g}" if isinstance(value, float) else f"{value:,}"
