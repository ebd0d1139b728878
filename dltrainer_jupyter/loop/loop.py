"""The loop: one class for every framework and every executor."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dltrainer_jupyter.checkpoints.format import Request
from dltrainer_jupyter.core.errors import NonFiniteLossError, StaleAttemptError
from dltrainer_jupyter.core.failpoints import reach
from dltrainer_jupyter.core.protocols import Adapter, FullState, Recipe, Schedule, Signature, TrainState
from dltrainer_jupyter.core.records import ControlRecord, EpochRecord, ProgressRecord, ValidationRecord
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.core.states import State, Verb
from dltrainer_jupyter.loop import randomness
from dltrainer_jupyter.loop.clock import Clock
from dltrainer_jupyter.loop.doorbell import Doorbell
from dltrainer_jupyter.loop.evaluation import Evaluation
from dltrainer_jupyter.loop.feed import Feed
from dltrainer_jupyter.loop.judge import Judge
from dltrainer_jupyter.loop.keeper import Keeper
from dltrainer_jupyter.loop.recorder import Recorder
from dltrainer_jupyter.metrics.confusion import ConfusionMatrix
from dltrainer_jupyter.store.attempts import Attempt

FLUSH_SECONDS = 0.2
"""How long a step's loss may wait before it is written to the store."""


@dataclass
class Parts:
    """What the loop drives, all of it made for one run."""

    adapter: Adapter
    recipe: Recipe
    state: TrainState
    feed: Feed
    recorder: Recorder
    schedule: Schedule
    judge: Judge
    keeper: Keeper
    evaluation: Evaluation | None
    confusion: ConfusionMatrix | None
    signature: Signature
    versions: Mapping[str, str]


class Loop:
    """Trains from where the state stands to the last epoch, and obeys.

    Parameters
    ----------
    spec : RunSpec
        What is trained.
    epochs : int
        The last epoch; may have grown since the specification.
    parts : Parts
        What to drive.
    attempt : Attempt
        Where everything is recorded.
    bell : Doorbell
        Looked at after every step.
    owns_process : bool
        Whether the global generators belong to the state.
    """

    def __init__(
        self, spec: RunSpec, epochs: int, parts: Parts, attempt: Attempt, bell: Doorbell, *, owns_process: bool
    ) -> None:
        self._spec = spec
        self._epochs = epochs
        self._parts = parts
        self._attempt = attempt
        self._bell = bell
        self._owns_process = owns_process
        self._epoch = 1
        self._consumed = 0
        self.step = 0
        self._base_rate = parts.adapter.learning_rate(parts.state)
        self._rate: float | None = None
        self._last_values: dict[str, float] = {}
        self._enough = False
        self._paused = False
        self._under_way: set[int] = set()
        self._clock = Clock()
        self._saved_at: tuple[int, int, int] | None = None
        self._next_flush = 0.0
        self._next_checkpoint = 0.0

    # --- the order of things ------------------------------------------------------------------------

    def run(self) -> State:
        """Train.

        Returns
        -------
        State
            Why it ended: completed, stopped or suspended.
        """
        if self.step == 0:
            self._checkpoint({"last"})
        self._parts.recorder.begin_curve(self.step + 1)
        self._schedule_checkpoint()
        while self._epoch <= self._epochs and not self._enough:
            left = self._train_epoch() or self._close_epoch()
            if left is not None:
                return left
        self._clock.stop()
        self._parts.keeper.drain()
        self._progress("ended")
        return State.COMPLETED

    def _train_epoch(self) -> State | None:
        """Make the steps of an epoch that are left; return a state if the run is left in the middle of it."""
        parts, bell, recorder, schedule = self._parts, self._bell, self._parts.recorder, self._parts.schedule
        if self._consumed == 0:
            recorder.begin_epoch()
        self._progress("training")
        self._clock.start(self.step)
        for batch in parts.feed.epoch(self._epoch, self._consumed):
            rate = self._base_rate * schedule.factor(self.step)
            if rate != self._rate:
                parts.adapter.set_learning_rate(parts.state, rate)
                self._rate = rate
            parts.state, output = parts.adapter.train_step(parts.recipe, parts.state, batch)
            self._consumed += 1
            self.step += 1
            recorder.record(output)
            if bell.rung and (left := self._obey()) is not None:
                return left
            if (now := time.perf_counter()) >= self._next_flush:
                self._flush(now)
        return None

    def _close_epoch(self) -> State | None:
        """Validate, judge, record and checkpoint what the epoch brought."""
        parts = self._parts
        parts.recorder.drain()
        self._clock.mark(self.step)
        values = {"learning_rate": self._rate or self._base_rate, **parts.recorder.epoch_values()}
        validation = None
        if self._validates_now():
            measured, left = self._validate()
            if measured is None:
                return left
            values |= measured
            if parts.confusion is not None:
                validation = ValidationRecord(self._epoch, self.step, parts.confusion.matrix, parts.confusion.labels)
        verdict = parts.judge.observe(self._epoch, self.step, values)
        if parts.schedule.needs_metric and parts.judge.metric in values:
            parts.schedule.observe(values[parts.judge.metric])
        self._enough, self._last_values = verdict.enough, values
        with self._attempt.transaction():
            self._attempt.curves(parts.recorder.take_curve())
            self._attempt.epoch(EpochRecord(self._epoch, self.step, values), validation, parts.judge.best)
            self._progress("training")
            if verdict.enough:
                self._attempt.event(
                    "early_stopping", f"{parts.judge.metric} has stopped improving; the run completes.", self.step
                )
        reach("loop.epoch_recorded")
        self._epoch += 1
        self._consumed = 0
        finished = self._epoch > self._epochs or self._enough
        every = self._spec.checkpoint.every_epochs
        if verdict.improved or finished or (every is not None and (self._epoch - 1) % every == 0):
            self._checkpoint({"best", "last"} if verdict.improved else {"last"})
        self._clock.skip(self.step)
        if self._bell.rung and not finished:
            return self._obey()
        return None

    def _validates_now(self) -> bool:
        if self._parts.evaluation is None or self._spec.validation is False:
            return False
        return self._epoch % self._spec.validation.interval == 0 or self._epoch == self._epochs

    def _validate(self) -> tuple[dict[str, float] | None, State | None]:
        """Measure; whoever pauses meanwhile pauses here, whoever leaves gives the measurement up."""
        assert self._parts.evaluation is not None  # noqa: S101 - asked for by the caller
        self._progress("validating")
        left: list[State] = []

        def interrupted() -> bool:
            if self._bell.rung and (state := self._obey()) is not None:
                left.append(state)
            return bool(left)

        measured = self._parts.evaluation.run(self._parts.state, interrupted)
        reach("loop.validated")
        return measured, (left[0] if left else None)

    # --- recording ----------------------------------------------------------------------------------

    def _flush(self, now: float) -> None:
        """Write what is known to the store, and a checkpoint if it is time."""
        self._parts.recorder.drain()
        self._clock.mark(self.step)
        with self._attempt.transaction():
            self._attempt.curves(self._parts.recorder.take_curve())
            self._progress("training")
        self._next_flush = now + FLUSH_SECONDS
        if now >= self._next_checkpoint:
            self._checkpoint({"last"})

    def leave_behind(self) -> None:
        """Write what is known to the store; for a run that ends by an error."""
        # If a loss that isn't finite comes to light only now, the error that ended the run is still the one to tell.
        with contextlib.suppress(NonFiniteLossError):
            self._parts.recorder.drain()
        with self._attempt.transaction():
            self._attempt.curves(self._parts.recorder.take_curve())
            self._progress("ended")

    def _progress(self, phase: str) -> None:
        self._attempt.progress(
            ProgressRecord(
                epoch=min(self._epoch, self._epochs) if phase != "ended" else self._last_epoch,
                step=self.step,
                epochs=self._epochs,
                steps_per_epoch=self._parts.feed.steps_per_epoch,
                phase=phase,
                steps_per_second=self._clock.steps_per_second,
                train_seconds=self._clock.seconds,
                learning_rate=self._rate or self._base_rate,
            )
        )

    @property
    def _last_epoch(self) -> int:
        """The epoch of the last step made."""
        return self._epoch if self._consumed else self._epoch - 1

    @property
    def _where(self) -> str:
        return f"at step {self.step:,} (epoch {self._last_epoch})"

    # --- checkpoints --------------------------------------------------------------------------------

    def _checkpoint(self, kinds: set[str], asked_by: ControlRecord | None = None) -> None:
        """Copy the state and let it be written in the background."""
        self._parts.keeper.keep(self._request(kinds), asked_by)
        self._schedule_checkpoint()

    def _request(self, kinds: set[str]) -> Request:
        # What the history says up to this step must be in the store before the checkpoint is.
        self._parts.recorder.drain()
        self._attempt.curves(self._parts.recorder.take_curve())
        self._saved_at = (self.step, self._epoch, self._consumed)
        saved = self._parts.adapter.save(self._parts.state)
        meta: dict[str, Any] = {
            "adapter": saved.meta,
            "epoch": self._epoch,
            "consumed": self._consumed,
            "step": self.step,
            "base_rate": self._base_rate,
            "rate": self._rate,
            "epochs": self._epochs,
            "enough": self._enough,
            "recorder": self._parts.recorder.state(),
            "schedule": self._parts.schedule.state(),
            "judge": self._parts.judge.state(),
            "values": self._last_values,
            "train_seconds": self._clock.seconds,
        }
        if self._owns_process:
            meta["process"] = randomness.process_state()
        return Request(
            state=FullState(saved.weights, saved.optimizer, meta),
            step=self.step,
            epoch=self._last_epoch,
            kinds=frozenset(kinds),
            metrics=self._last_values,
            signature=self._parts.signature,
            versions=self._parts.versions,
        )

    def _schedule_checkpoint(self) -> None:
        every = self._spec.checkpoint.every_seconds
        self._next_checkpoint = float("inf") if every is None else time.perf_counter() + every

    def load(self, saved: FullState) -> None:
        """Go on from a checkpoint, and retire what the store knows past it."""
        meta, parts = saved.meta, self._parts
        parts.state = parts.adapter.load(parts.state, FullState(saved.weights, saved.optimizer, meta["adapter"]))
        self._epoch, self._consumed, self.step = meta["epoch"], meta["consumed"], meta["step"]
        self._base_rate, self._rate = meta["base_rate"], meta["rate"]
        self._last_values = meta["values"]
        parts.recorder.load_state(meta["recorder"])
        parts.schedule.load_state(meta["schedule"])
        parts.judge.load_state(meta["judge"])
        self._enough = meta["enough"] and meta["epochs"] == self._epochs
        if meta["epochs"] != self._epochs:
            parts.judge.start_waiting_anew()
        self._clock = Clock(meta["train_seconds"])
        if self._owns_process and "process" in meta:
            randomness.load_process_state(meta["process"])
        self._saved_at = (self.step, self._epoch, self._consumed)
        self._attempt.rewind(self.step, self._epoch - 1, parts.judge.best)

    # --- obeying ------------------------------------------------------------------------------------

    def _obey(self) -> State | None:
        """Answer what was asked, and sleep while paused; return a state if the run is to be left."""
        while True:
            self._bell.clear()
            left = self._answer()
            if left is not None or not self._paused:
                return left
            self._bell.wait()

    def _answer(self) -> State | None:
        if self._bell.superseded:
            msg = "Another trainer has claimed this run; this one ends without writing."
            raise StaleAttemptError(msg)
        if self._bell.trouble is not None:
            self._pause_for_trouble(self._bell.trouble)
        for control in self._attempt.pending_controls():
            if control.id in self._under_way:
                continue
            left = self._answer_one(control)
            if left is not None:
                return left
        return self._leave(State.SUSPENDED, None) if self._bell.suspend else None

    def _answer_one(self, control: ControlRecord) -> State | None:
        match control.kind:
            case Verb.PAUSE:
                self._pause(control)
            case Verb.RESUME:
                self._go_on(control)
            case Verb.CHECKPOINT:
                # Acknowledged by the keeper, once the checkpoint is committed.
                self._under_way.add(control.id)
                self._checkpoint({"manual", "last"}, control)
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
        already, self._paused = self._paused, True
        self._clock.stop()
        with self._attempt.transaction():
            if not already:
                self._attempt.change_state(State.PAUSED)
            self._acknowledge(control, f"Paused {self._where}.")
        if not already and self._saved_at != (self.step, self._epoch, self._consumed):
            self._checkpoint({"last"})
        self._progress("training")

    def _pause_for_trouble(self, reason: str) -> None:
        self._bell.trouble = None
        self._clock.stop()
        with self._attempt.transaction():
            if not self._paused:
                self._attempt.change_state(State.PAUSED)
            self._attempt.event("trouble", f"Paused {self._where}. {reason}", self.step)
        self._paused = True

    def _go_on(self, control: ControlRecord) -> None:
        with self._attempt.transaction():
            if self._paused:
                self._attempt.change_state(State.RUNNING)
            self._acknowledge(control, f"Running from {self._where.removeprefix('at ')}.")
        self._paused = False
        self._clock.start(self.step)

    def _set(self, control: ControlRecord) -> None:
        rate = control.arguments.get("learning_rate")
        others = sorted(control.arguments.keys() - {"learning_rate"})
        if others or not isinstance(rate, int | float) or not 0 < rate < float("inf"):
            self._acknowledge(
                control, f"Only learning_rate, above 0, can be set; got {control.arguments}.", status="refused"
            )
            return
        before, self._base_rate = self._base_rate, float(rate)
        self._acknowledge(control, f"learning_rate {before:g} → {rate:g} {self._where}.")

    def _leave(self, state: State, control: ControlRecord | None) -> State:
        """Write a last checkpoint and say so."""
        self._clock.stop()
        where = (self.step, self._epoch, self._consumed)
        problem = None
        if self._saved_at == where:
            self._parts.keeper.drain()
        else:
            problem = self._parts.keeper.keep_now(self._request({"last"}))
        self._progress("ended")
        word = "Stopped" if state is State.STOPPED else "Suspended"
        outcome = f"{word} {self._where}." + (f" Its checkpoint could not be written: {problem}" if problem else "")
        if control is not None:
            self._acknowledge(control, outcome)
        else:
            self._attempt.event(str(state), outcome, self.step)
        return state

    def _acknowledge(self, control: ControlRecord, outcome: str, status: str = "done") -> None:
        self._attempt.acknowledge(control.id, status=status, outcome=outcome, step=self.step)  # type: ignore[arg-type]
