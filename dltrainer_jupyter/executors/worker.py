"""The trainer: claims a run, drives its loop, and writes down how it ended."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dltrainer_jupyter.core.errors import DLTrainerError, IllegalTransitionError, StaleAttemptError, StoreError
from dltrainer_jupyter.core.records import ErrorRecord, RunRecord
from dltrainer_jupyter.core.states import State
from dltrainer_jupyter.executors import files, held, objects
from dltrainer_jupyter.loop.assembly import assembled
from dltrainer_jupyter.loop.doorbell import Doorbell
from dltrainer_jupyter.loop.failures import describe
from dltrainer_jupyter.loop.loop import Loop
from dltrainer_jupyter.loop.poller import Poller
from dltrainer_jupyter.loop.training import Training
from dltrainer_jupyter.store.attempts import Attempt
from dltrainer_jupyter.store.store import Store

_LOG = logging.getLogger(__name__)

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
        record = store.run(run_id)
        with files.mirrored(store, record, attempt), Poller(attempt, bell):
            return _train(store, record, attempt, bell, owns_process=owns_process)
    except StaleAttemptError as error:
        _LOG.warning("%s", error)
        return None
    finally:
        held.take_down(run_id, bell)


def _train(store: Store, record: RunRecord, attempt: Attempt, bell: Doorbell, *, owns_process: bool) -> State:
    training: Training | None = None
    try:
        files.bring(store, record, attempt)
        with assembled(store, record, attempt, _objects(record), bell, owns_process=owns_process) as training:
            state = Loop(training, bell).run()
    except StaleAttemptError:
        raise
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever the user's code raises is the run's outcome
        _record_failure(attempt, training, error)
        return State.FAILED
    except BaseException:
        _end(attempt, State.LOST)
        raise
    _end(attempt, state, training=training)
    return state


def _record_failure(attempt: Attempt, training: Training | None, error: BaseException) -> None:
    """Write down why a run failed, even if what it last did can't be read any more."""
    if not isinstance(error, DLTrainerError):
        _LOG.debug("Run %s failed.", attempt.run_id, exc_info=error)
    failure = describe(error, training.step if training else None)
    try:
        if training is not None:
            training.leave_behind()
    except StaleAttemptError:
        raise
    except Exception as second:  # noqa: BLE001 - a broken device raises again; the first error is the one to tell
        _LOG.warning("The last steps of run %s could not be recorded: %s", attempt.run_id, second)
    _end(attempt, State.FAILED, failure)


def _end(
    attempt: Attempt, state: State, failure: ErrorRecord | None = None, *, training: Training | None = None
) -> None:
    """Record how it ended, and answer who made it end; while the store is out of reach, wait for it to come back."""
    never = threading.Event()
    for left in reversed(range(_ATTEMPTS)):
        try:
            with attempt.transaction():
                if training is not None and training.parting is not None:
                    control, outcome = training.parting
                    attempt.acknowledge(control.id, status="done", outcome=outcome, step=training.step)
                attempt.end(state, failure)
        except StoreError:
            if not left:
                raise
            never.wait(_PAUSE)
        else:
            return


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
