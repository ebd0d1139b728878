"""The trainer: claims a run, drives its loop, and writes down how it ended."""

from __future__ import annotations

import logging
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from dltrainer_jupyter.core.errors import DLTrainerError, IllegalTransitionError, StaleAttemptError, StoreError
from dltrainer_jupyter.core.records import ControlRecord, ErrorRecord, RunRecord
from dltrainer_jupyter.core.states import State, Verb
from dltrainer_jupyter.executors import files, held, notifying, objects, plug_ins, tracking
from dltrainer_jupyter.executors.retrying import Retries, rest
from dltrainer_jupyter.loop.assembly import assembled
from dltrainer_jupyter.loop.doorbell import Doorbell
from dltrainer_jupyter.loop.failures import describe
from dltrainer_jupyter.loop.loop import Loop
from dltrainer_jupyter.loop.poller import Poller
from dltrainer_jupyter.loop.run_log import RunLog
from dltrainer_jupyter.loop.sampling import make_sampler
from dltrainer_jupyter.loop.training import Training
from dltrainer_jupyter.store.attempts import Attempt
from dltrainer_jupyter.store.store import Store

_LOG = logging.getLogger(__name__)

Result = TypeVar("Result")

_ATTEMPTS = 60
_PAUSE = 1.0
"""How often, and how many seconds apart, a trainer tries to say how it ended."""


def main(store_url: str, run_id: str, *, executor: str, bell: Doorbell, owns_process: bool) -> State | None:
    """Train a run until it ends.

    Parameters
    ----------
    store_url : str
        Where the run is.
    run_id : str
        Which run.
    executor : str
        Name of the place, for the record.
    bell : Doorbell
        How this process can reach the loop at once.
    owns_process : bool
        Whether nothing else draws random numbers in this process.

    Returns
    -------
    State or None
        How it ended; None if the run was not to be had, or another trainer took it over.
    """
    store = Store.open(store_url)
    try:
        attempt = store.claim(run_id, executor=executor, environment={})
    except IllegalTransitionError as error:
        # Stopped before it began, or another trainer was quicker.
        _LOG.info("%s", error)
        return None
    held.hang(run_id, bell)
    try:
        run = _insisting(partial(store.run, run_id))
        with files.mirrored(store, run, attempt) as follow, tracking.tracked(store, run):
            state = _Worker(store, run_id, executor, bell, follow, owns_process=owns_process).train(attempt)
    except StaleAttemptError as error:
        _LOG.warning("%s", error)
        return None
    finally:
        held.take_down(run_id, bell)
    notifying.tell(store, run_id)
    return state


@dataclass(frozen=True)
class _Fault:
    """What ended an attempt that is to be tried again."""

    record: ErrorRecord
    wait_seconds: float
    told: bool
    """Whether the store knows of it."""
    message: str


class _Worker:
    """One trainer: an attempt at the run, and another if the first one's fault may pass."""

    def __init__(
        self,
        store: Store,
        run_id: str,
        executor: str,
        bell: Doorbell,
        follow: Callable[[Attempt], None],
        *,
        owns_process: bool,
    ) -> None:
        self._store = store
        self._run_id = run_id
        self._executor = executor
        self._bell = bell
        self._follow = follow
        self._owns_process = owns_process

    def train(self, attempt: Attempt) -> State:
        """Train until the run ends."""
        record = self._record()
        retries = Retries(record.spec.retry)
        while True:
            with Poller(attempt, self._bell):
                outcome = self._try(record, attempt, retries)
                if isinstance(outcome, State):
                    return outcome
                left = rest(attempt, self._bell, outcome.wait_seconds)
            if left is not None:
                _leave(attempt, *left, outcome.record)
                return left[0]
            attempt = self._begin_anew(attempt)
            self._follow(attempt)
            if not outcome.told:
                _insisting(partial(attempt.event, "retry", outcome.message, outcome.record.step))
            # What troubled the attempt before is no reason for this one to rest.
            self._bell.trouble = None
            record = self._record()

    def _begin_anew(self, attempt: Attempt) -> Attempt:
        # The store may be what was away, and go away again; what it has taken isn't to be given to it twice.
        asked = {control.kind for control in _insisting(attempt.pending_controls)}
        rests = self._record().state is State.PAUSED and Verb.RESUME not in asked
        again = _insisting(lambda: self._store.claim_again(attempt, executor=self._executor, environment={}))
        if rests:
            # Obeyed before the first step.
            _insisting(partial(self._store.request_control, self._run_id, Verb.PAUSE, {}, "retry"))
        return again

    def _record(self) -> RunRecord:
        return _insisting(partial(self._store.run, self._run_id))

    def _try(self, record: RunRecord, attempt: Attempt, retries: Retries) -> State | _Fault:
        """Train; return how the run ended, or what kept it from ending."""
        training: Training | None = None
        # Before the end is told: whoever waits for it may look at the run's folder, or remove it.
        log = RunLog(self._store, self._run_id, Path(record.folder))
        try:
            files.bring(self._store, record, attempt)
            for note in plug_ins.changed_since(record):
                attempt.event("notice", note)
            with (
                plug_ins.of_run(record, files.parts_folder(record, Path(record.folder))),
                assembled(
                    self._store, record, attempt, _objects(record), self._bell, owns_process=self._owns_process
                ) as training,
                _sampled(training),
            ):
                state = Loop(training, self._bell).run()
        except StaleAttemptError:
            raise
        except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever the user's code raises is the run's outcome
            failure = describe(error, training.step if training else None)
            wait = retries.wait_after(error, training.step if training else None)
            _write_down(attempt, training, error)
            if wait is not None:
                # Memory that it holds on to is needed for the next try.
                traceback.clear_frames(error.__traceback__)
        except BaseException:
            _end(attempt, State.LOST)
            raise
        else:
            log.write(state)
            _end(attempt, state, parting=training.parting, step=training.step)
            return state
        if wait is None:
            log.write(State.FAILED, failure.message)
            _end(attempt, State.FAILED, failure)
            return State.FAILED
        message = f"Retry {retries.made} of {retries.times} in {wait:g} s: {failure.message}"
        return _Fault(failure, wait, _announce(attempt, failure, message, self._store), message)


@contextmanager
def _sampled(training: Training) -> Iterator[None]:
    """Let a sampler see how busy the machine is, if somebody wants to know."""
    if not training.spec.resources:
        yield
        return
    device = str(training.parts.versions.get("device", "cpu"))
    with make_sampler(training.step, lambda: training.clock.seconds, device) as training.sampler:
        yield


def _announce(attempt: Attempt, failure: ErrorRecord, message: str, store: Store) -> bool:
    """Say that the run will be tried again, and why; tell whether the store was there to hear it."""
    data = {"type": failure.type, "traceback": failure.traceback}
    try:
        with attempt.transaction():
            attempt.event("retry", message, failure.step, data)
            attempt.progress(replace(store.run(attempt.run_id).progress, phase="waiting"))
    except StaleAttemptError:
        raise
    except StoreError as error:
        _LOG.warning("%s (%s)", message, error)
        return False
    return True


def _leave(attempt: Attempt, state: State, control: ControlRecord | None, failure: ErrorRecord) -> None:
    """Leave a run that was waiting for its next try."""
    outcome = f"{str(state).capitalize()} while it waited to try again after: {failure.message}"
    _end(attempt, state, parting=None if control is None else (control, outcome), step=failure.step or 0)


def _write_down(attempt: Attempt, training: Training | None, error: BaseException) -> None:
    """Bring to the store what a failed attempt still knows, even if what it last did can't be read any more."""
    if not isinstance(error, DLTrainerError):
        _LOG.debug("Run %s failed.", attempt.run_id, exc_info=error)
    try:
        if training is not None:
            training.leave_behind()
    except StaleAttemptError:
        raise
    except Exception as second:  # noqa: BLE001 - a broken device raises again; the first error is the one to tell
        _LOG.warning("The last steps of run %s could not be recorded: %s", attempt.run_id, second)


def _end(
    attempt: Attempt,
    state: State,
    failure: ErrorRecord | None = None,
    *,
    parting: tuple[ControlRecord, str] | None = None,
    step: int = 0,
) -> None:
    """Record how it ended, and answer who made it end."""

    def end() -> None:
        with attempt.transaction():
            if parting is not None:
                control, outcome = parting
                attempt.acknowledge(control.id, status="done", outcome=outcome, step=step)
            attempt.end(state, failure)

    _insisting(end)


def _insisting(write: Callable[[], Result]) -> Result:
    """Write to the store; while it is out of reach, wait for it to come back."""
    never = threading.Event()
    for _ in range(_ATTEMPTS - 1):
        try:
            return write()
        except StoreError as error:
            _LOG.info("Waiting for the store: %s", error)
            never.wait(_PAUSE)
    return write()


def _objects(record: RunRecord) -> Mapping[str, Any]:
    """Get the user's objects: handed over in this process, or from the run's folder."""
    if not record.spec.user_objects:
        return {}
    folder = Path(record.folder)
    handover = held.handed_over(record.id)
    if handover is None:
        return objects.load(files.objects_folder(record, folder))
    if handover.packed is None:
        assert handover.objects is not None  # noqa: S101 - a handover holds one or the other
        return handover.objects
    objects.save(folder, handover.packed)
    # From now on every attempt reads the file, whose objects no training has touched.
    held.forget(record.id)
    return objects.unpack(handover.packed) if handover.objects is None else handover.objects
