"""A run in training: what is driven, how far it is, and how that becomes a checkpoint and comes back."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dltrainer_jupyter.checkpoints.format import Request
from dltrainer_jupyter.checkpoints.writer import Ticket
from dltrainer_jupyter.core.errors import NonFiniteLossError
from dltrainer_jupyter.core.failpoints import reach
from dltrainer_jupyter.core.protocols import (
    Adapter,
    Course,
    Follower,
    FullState,
    Recipe,
    Schedule,
    Signature,
    TrainState,
)
from dltrainer_jupyter.core.records import ControlRecord, ProgressRecord
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.loop import randomness
from dltrainer_jupyter.loop.changes import Changes
from dltrainer_jupyter.loop.clock import Clock
from dltrainer_jupyter.loop.evaluation import Evaluation
from dltrainer_jupyter.loop.exactness import Exactness
from dltrainer_jupyter.loop.feed import Feed
from dltrainer_jupyter.loop.inspecting import Inspector
from dltrainer_jupyter.loop.judge import Judge
from dltrainer_jupyter.loop.keeper import Keeper
from dltrainer_jupyter.loop.notices import Notices
from dltrainer_jupyter.loop.recorder import Recorder
from dltrainer_jupyter.loop.sampling import Sampler
from dltrainer_jupyter.loop.scheduling import MakeSchedule
from dltrainer_jupyter.store.attempts import Attempt


@dataclass
class Parts:
    """What the loop drives, all of it made for one run."""

    adapter: Adapter
    recipe: Recipe
    follower: Follower
    state: TrainState
    feed: Feed
    recorder: Recorder
    make_schedule: MakeSchedule
    judge: Judge
    keeper: Keeper
    evaluation: Evaluation | None
    inspector: Inspector | None
    exactness: Exactness
    notices: Notices
    signature: Signature
    versions: Mapping[str, str]
    schedule: Schedule = field(init=False)
    """For the number of epochs that is planned now."""


class Training:
    """Everything that changes while a run trains.

    Parameters
    ----------
    spec : RunSpec
        What is trained, with the settings in force.
    epochs : int
        The last epoch; may be another than the specification's since.
    parts : Parts
        What is driven.
    attempt : Attempt
        Where everything is recorded.
    owns_process : bool
        Whether the global generators belong to the state.

    Attributes
    ----------
    epoch, consumed, step : int
        The cursor: the epoch it stands in, counted from 1, batches consumed in it, and optimizer steps done.
    base_rate : float or None
        The learning rate as a person set it; None where the model's own schedule sets it.
    rate : float or None
        The learning rate as a schedule has it now; None where nobody can tell.
    rate_in_force : float or None
        The one the loop knows the optimizers to have, which needn't be set again; a recipe may have changed it since.
    values : dict of str to float
        The last closed epoch's.
    enough : bool
        Whether early stopping has ended the training.
    parting : (ControlRecord, str) or None
        The control that made the trainer leave, and the answer it gets as the run's state changes: whoever waits for
        it may resume at once.
    changes : Changes
        Settings that were changed and are yet to take effect.
    sampler : Sampler or None
        Who knows how busy the machine is; None if nobody wants to know.
    """

    def __init__(self, spec: RunSpec, epochs: int, parts: Parts, attempt: Attempt, *, owns_process: bool) -> None:
        self.spec = spec
        self.epochs = epochs
        self.parts = parts
        parts.schedule = parts.make_schedule(epochs)
        self.attempt = attempt
        self.epoch = 1
        self.consumed = 0
        self.step = 0
        own_rate = parts.follower.own_rate(parts.state)
        self.base_rate = parts.adapter.learning_rate(parts.state) if own_rate is None else None
        self.rate = self.base_rate if own_rate is None else own_rate
        # What such a recipe makes of the rate by itself holds until the loop's own rate becomes another.
        self._keeps_rate = isinstance(parts.recipe, Follower)
        self.rate_in_force = self.base_rate if self._keeps_rate and spec.learning_rate is None else None
        self.values: dict[str, float] = {}
        self.enough = False
        self.parting: tuple[ControlRecord, str] | None = None
        self.changes = Changes()
        self.sampler: Sampler | None = None
        self.clock = Clock()
        self.next_checkpoint = float("inf")
        self._owns_process = owns_process
        self._saved_at: tuple[int, int, int] | None = None
        self._ticket: Ticket | None = None

    # --- how far it is ------------------------------------------------------------------------------

    @property
    def finished(self) -> bool:
        """Whether no epoch is left to train."""
        return self.epoch > self.epochs or self.enough

    @property
    def last_epoch(self) -> int:
        """The epoch of the last step made; 0 before the first."""
        return self.epoch if self.consumed else self.epoch - 1

    @property
    def where(self) -> str:
        """Say where it stands: ``step 1,204 (epoch 7)``."""
        return f"step {self.step:,} (epoch {self.last_epoch})"

    @property
    def course(self) -> Course:
        """Where it stands, for a recipe that wants to know."""
        return Course(
            epoch=self.epoch,
            epochs=self.epochs,
            step=self.step,
            consumed=self.consumed,
            steps_per_epoch=self.parts.feed.steps_per_epoch,
            validates=self.parts.evaluation is not None,
        )

    def observe_rate(self) -> None:
        """Take down the learning rate where the recipe sets it."""
        if (own_rate := self.parts.follower.own_rate(self.parts.state)) is not None:
            self.rate = own_rate

    def record_progress(self, phase: str) -> None:
        """Write to the store how far it is."""
        self.attempt.progress(
            ProgressRecord(
                epoch=self.last_epoch if phase == "ended" else min(self.epoch, self.epochs),
                step=self.step,
                epochs=self.changes.last("epochs", self.epochs),
                steps_per_epoch=self.parts.feed.steps_per_epoch or 0,
                phase=phase,
                steps_per_second=self.clock.steps_per_second,
                train_seconds=self.clock.seconds,
                learning_rate=self.rate,
            )
        )

    def flush(self, phase: str) -> None:
        """Write to the store what steps have given back, and how far it is."""
        self.parts.recorder.drain()
        self.clock.mark(self.step)
        self.observe_rate()
        self.parts.exactness.ask(self.step)
        self.parts.notices.tell(self.step)
        series = self.parts.recorder.take_curve()
        if self.sampler is not None:
            series |= self.sampler.take(self.step)
        with self.attempt.transaction():
            self.attempt.curves(series)
            self.record_progress(phase)

    def leave_behind(self) -> None:
        """Write what is known to the store; for a run that ends by an error."""
        # If a loss that isn't finite comes to light only now, the error that ended the run is still the one to tell.
        with contextlib.suppress(NonFiniteLossError):
            self.parts.recorder.drain()
        with self.attempt.transaction():
            self.attempt.curves(self.parts.recorder.take_curve())
            self.record_progress("ended")

    # --- to a checkpoint ----------------------------------------------------------------------------

    @property
    def is_saved(self) -> bool:
        """Whether a checkpoint was taken right here, and has not failed."""
        if self._saved_at != (self.step, self.epoch, self.consumed):
            return False
        outcome = None if self._ticket is None else self._ticket.outcome
        return outcome is None or not outcome.done() or outcome.exception() is None

    def checkpoint(self, kinds: set[str], asked_by: ControlRecord | None = None) -> None:
        """Copy the state and let it be written in the background."""
        self.parts.exactness.ask(self.step)
        self.parts.notices.tell(self.step)
        self._ticket = self.parts.keeper.keep(self._request(kinds), asked_by)
        self.schedule_checkpoint()

    def checkpoint_and_wait(self) -> str | None:
        """See that the newest checkpoint is of here and on disk; return what went wrong, or None."""
        if self.is_saved and self._problem() is None:
            return None
        # None is of here, or what was being written of here has failed meanwhile.
        self.checkpoint({"last"})
        return self._problem()

    def _problem(self) -> str | None:
        """Wait for the newest checkpoint; return what went wrong with it, or None."""
        return None if self._ticket is None else self.parts.keeper.problem_with(self._ticket)

    def schedule_checkpoint(self) -> None:
        """Count the time to the next automatic checkpoint from now on."""
        # One from the middle of an epoch is of no use where data can only be taken up at its start.
        every = None if self.parts.feed.resume == "epoch" else self.spec.checkpoint.every_seconds
        self.next_checkpoint = float("inf") if every is None else time.perf_counter() + every

    def _request(self, kinds: set[str]) -> Request:
        # What the history says up to this step must be in the store before the checkpoint is.
        self.parts.recorder.drain()
        if curve := self.parts.recorder.take_curve():
            self.attempt.curves(curve)
        self._saved_at = (self.step, self.epoch, self.consumed)
        saved = self.parts.adapter.save(self.parts.state)
        reach("loop.state_copied")
        meta: dict[str, Any] = {
            "adapter": saved.meta,
            "epoch": self.epoch,
            "consumed": self.consumed,
            "step": self.step,
            "base_rate": self.base_rate,
            "rate": self.rate,
            "epochs": self.epochs,
            "enough": self.enough,
            "recorder": self.parts.recorder.state(),
            "recipe": self.parts.follower.state(),
            "feed": self.parts.feed.state(),
            "schedule": self.parts.schedule.state(),
            "judge": self.parts.judge.state(),
            "values": self.values,
            "train_seconds": self.clock.seconds,
        }
        if self._owns_process:
            meta["process"] = randomness.process_state()
        return Request(
            state=FullState(saved.weights, saved.optimizer, meta),
            step=self.step,
            epoch=self.last_epoch,
            kinds=frozenset(kinds),
            metrics=self.values,
            signature=self.parts.signature,
            versions=self.parts.versions,
            attempt=self.attempt.number,
        )

    # --- and back -------------------------------------------------------------------------------------

    def load(self, saved: FullState) -> None:
        """Go on from a checkpoint, and retire what the store knows past it."""
        meta, parts = saved.meta, self.parts
        parts.state = parts.adapter.load(parts.state, FullState(saved.weights, saved.optimizer, meta["adapter"]))
        self.epoch, self.consumed, self.step = meta["epoch"], meta["consumed"], meta["step"]
        self.base_rate, self.rate, self.values = meta["base_rate"], meta["rate"], meta["values"]
        if self._keeps_rate and self.step:
            self.rate_in_force = self.rate
        parts.recorder.load_state(meta["recorder"])
        parts.follower.load_state(meta["recipe"])
        parts.feed.load_state(meta["feed"])
        parts.schedule.load_state(meta["schedule"])
        parts.judge.load_state(meta["judge"])
        extended = meta["epochs"] != self.epochs
        self.enough = meta["enough"] and not extended
        if extended:
            parts.judge.start_waiting_anew()
        self.clock = Clock(meta["train_seconds"])
        if self._owns_process and "process" in meta:
            randomness.load_process_state(meta["process"])
        self._saved_at = (self.step, self.epoch, self.consumed)
        reach("loop.loaded")
        self.attempt.rewind(self.step, self.epoch - 1, parts.judge.best)
        reach("loop.rewound")
