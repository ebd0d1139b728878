"""The loop: one class for every framework and every executor."""

from __future__ import annotations

import time
from collections.abc import Callable

from dltrainer_jupyter.core.failpoints import reach
from dltrainer_jupyter.core.records import EpochRecord
from dltrainer_jupyter.core.states import State
from dltrainer_jupyter.loop.changes import settle
from dltrainer_jupyter.loop.doorbell import Doorbell
from dltrainer_jupyter.loop.judge import refuse_unmeasured
from dltrainer_jupyter.loop.obedience import Obedience
from dltrainer_jupyter.loop.stepping import make_stepper
from dltrainer_jupyter.loop.training import Training

FLUSH_SECONDS = 0.2
"""How long a step's loss may wait before it is written to the store."""


class Loop:
    """Trains from where it stands to the last epoch, and obeys.

    Parameters
    ----------
    training : Training
        What is trained; fresh, or loaded from a checkpoint.
    bell : Doorbell
        Looked at after every step, or every call that makes several.
    """

    def __init__(self, training: Training, bell: Doorbell) -> None:
        self._training = training
        self._attempt = training.attempt
        self._bell = bell
        self._obedience = Obedience(training, bell)
        self._stepper = make_stepper(training)
        self._next_flush = 0.0

    def run(self) -> State:
        """Train.

        Returns
        -------
        State
            Why it ended: completed, stopped or suspended.
        """
        training, parts = self._training, self._training.parts
        parts.follower.begin(parts.state, training.course)
        if not training.is_saved:
            training.checkpoint({"last"})
        parts.recorder.begin_curve(training.step + 1)
        training.schedule_checkpoint()
        training.record_progress("training")
        # Whoever asked for this attempt is answered before the first step, which may also be the last.
        if (left := self._obedience.obey()) is not None:
            return left
        if training.consumed == 0:
            settle(training)
        while not training.finished:
            left = self._train_epoch() or self._close_epoch()
            if left is not None:
                return left
        training.clock.stop()
        while training.checkpoint_and_wait() is not None:
            # The keeper has rung and said why: the run rests until somebody has made room, or leaves it.
            if (left := self._obedience.obey()) is not None:
                return left
        reach("loop.ending")
        training.record_progress("ended")
        return State.COMPLETED

    def _train_epoch(self) -> State | None:
        """Make the steps of an epoch that are left; return a state if the run is left in the middle of it."""
        training, parts, bell = self._training, self._training.parts, self._bell
        recorder = parts.recorder
        if training.consumed == 0:
            settle(training)
            recorder.begin_epoch()
            parts.follower.begin_epoch(parts.state, training.course)
        training.clock.start(training.step)
        for output in self._stepper.epoch():
            recorder.record(output)
            if bell.rung and (left := self._obedience.obey()) is not None:
                return left
            if (now := time.perf_counter()) >= self._next_flush:
                self._flush(now)
        return None

    def _flush(self, now: float) -> None:
        """Write what is known to the store, and a checkpoint if it is time."""
        self._training.flush("training")
        reach("loop.flushed")
        self._next_flush = now + FLUSH_SECONDS
        if now >= self._training.next_checkpoint:
            self._training.checkpoint({"last"})

    def _close_epoch(self) -> State | None:
        """Validate, judge, record and checkpoint what the epoch brought."""
        training, parts = self._training, self._training.parts
        parts.recorder.drain()
        training.clock.mark(training.step)
        training.observe_rate()
        values = {} if training.rate is None else {"learning_rate": training.rate}
        values |= parts.recorder.epoch_values()
        validation = None
        if self._validates_now():
            measured, left = self._validate()
            if measured is None:
                return left
            values |= measured
            assert parts.evaluation is not None  # noqa: S101 - it has just measured
            validation = parts.evaluation.record(training.epoch, training.step, parts.signature.labels)
        values |= parts.follower.end_epoch(parts.state, training.course)
        if self._validates_now() or parts.evaluation is None:
            refuse_unmeasured(training.spec, parts.judge.metric, values)
        verdict = parts.judge.observe(training.epoch, training.step, values)
        if parts.schedule.needs_metric and parts.judge.metric in values:
            parts.schedule.observe(values[parts.judge.metric])
        record = EpochRecord(training.epoch, training.step, values)
        write_seen = self._look_inside(last=verdict.enough or training.epoch == training.epochs)
        training.enough, training.values = verdict.enough, values
        training.epoch += 1
        training.consumed = 0
        settle(training)
        if training.finished:
            # Before the last checkpoint, which is to hold what the end makes of the weights.
            parts.follower.end(parts.state, training.course)
        reach("loop.epoch_judged")
        with self._attempt.transaction():
            self._attempt.curves(parts.recorder.take_curve())
            self._attempt.epoch(record, validation, parts.judge.best)
            write_seen()
            training.record_progress("training")
            if verdict.enough:
                message = f"{parts.judge.metric} has stopped improving; the run completes."
                self._attempt.event("early_stopping", message, training.step)
        reach("loop.epoch_recorded")
        every = training.spec.checkpoint.every_epochs
        if verdict.improved or training.finished or (every is not None and (training.epoch - 1) % every == 0):
            training.checkpoint({"best", "last"} if verdict.improved else {"last"})
        training.clock.skip(training.step)
        if self._bell.rung and not training.finished:
            return self._obedience.obey()
        return None

    def _look_inside(self, *, last: bool) -> Callable[[], None]:
        """See how weights and activations lie, if anybody wants to know; give what writes it to the store."""
        training, inspector = self._training, self._training.parts.inspector
        if inspector is None:
            return lambda: None
        return inspector.look(training.parts.state, training.epoch, training.step, last=last)

    def _validates_now(self) -> bool:
        training = self._training
        if training.parts.evaluation is None or training.spec.validation is False:
            return False
        return training.epoch % training.spec.validation.interval == 0 or training.epoch == training.epochs

    def _validate(self) -> tuple[dict[str, float] | None, State | None]:
        """Measure; whoever pauses meanwhile pauses here, whoever leaves gives the measurement up."""
        evaluation = self._training.parts.evaluation
        assert evaluation is not None  # noqa: S101 - asked by the caller
        self._training.record_progress("validating")
        left: list[State] = []

        def interrupted() -> bool:
            if self._bell.rung and (state := self._obedience.obey()) is not None:
                left.append(state)
            return bool(left)

        measured = evaluation.run(self._training.parts.state, self._training.course, interrupted)
        reach("loop.validated")
        return measured, (left[0] if left else None)
