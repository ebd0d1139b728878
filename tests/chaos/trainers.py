"""Trainers that are there to be killed: started, found, struck, and followed by others until the run is complete."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Iterator, Sequence
from typing import Any

import psutil

from dltrainer_jupyter.core.protocols import Executor
from dltrainer_jupyter.core.states import ENDED
from dltrainer_jupyter.executors.process import ProcessExecutor
from dltrainer_jupyter.tal import Run
from dltrainer_jupyter.tal.description import describe
from dltrainer_jupyter.tal.submit import submit
from tests.chaos import subjects
from tests.chaos.forked import ForkedExecutor
from tests.waiting import until

LONGEST = 300.0
"""Seconds after which a trainer that neither ends nor dies is a failure of the test."""

_WORKERS = 60.0
"""Seconds within which the processes that a killed trainer had started must be gone."""

_ONE_AT_A_TIME = threading.Lock()
"""The environment, and the frameworks' global generators, belong to the whole process."""


class Trainers:
    """Starts trainers of one subject.

    Parameters
    ----------
    subject : str
        One of :data:`tests.chaos.subjects.NAMES`.
    forked : sequence of str, optional
        Fork them from a process that has imported these frameworks, instead of starting each afresh as the product
        does.
    **changes
        Other settings than the subject's.
    """

    def __init__(self, subject: str, *, forked: Sequence[str] | None = None, **changes: Any) -> None:
        self.subject = subject
        self._changes = changes
        self._place: Executor = ProcessExecutor() if forked is None else ForkedExecutor(*forked)

    def start(self, name: str, failpoint: str | None = None) -> Run:
        """Start a run; ``failpoint`` is where and at which visit the trainer dies."""
        with _ONE_AT_A_TIME, _failing_at(failpoint):
            spec, own = describe(subjects.settings(self.subject, name=name, executor="process", **self._changes))
            return submit(spec, own, place=self._place)

    def resume(self, run: Run, failpoint: str | None = None) -> None:
        """Start another trainer for a run whose trainer is dead."""
        with _ONE_AT_A_TIME, _failing_at(failpoint):
            run.store.request_start(run.id)
            run.start(self._place)


@contextlib.contextmanager
def _failing_at(failpoint: str | None) -> Iterator[None]:
    os.environ.pop("DLTRAINER_FAILPOINT", None)
    if failpoint is not None:
        os.environ["DLTRAINER_FAILPOINT"] = failpoint
    try:
        yield
    finally:
        os.environ.pop("DLTRAINER_FAILPOINT", None)


def ended(run: Run) -> bool:
    """Tell whether no trainer holds the run or is about to."""
    return run.record.state in ENDED


def at_rest(run: Run) -> Run:
    """Wait until no trainer holds the run."""
    until(lambda: ended(run), timeout=LONGEST)
    return run


def at_work(run: Run, step: int = 0) -> bool:
    """Wait until a trainer makes steps, past the given one by the store's word; say whether it still does."""

    def there() -> bool:
        record = run.store.run(run.id)
        progress = record.progress
        return record.state == "running" and progress.phase in ("training", "validating") and progress.step >= step

    until(lambda: there() or ended(run), timeout=LONGEST)
    return not ended(run)


def strike(run: Run, after: float = 0.0) -> bool:
    """Kill the run's trainer, as hard as it goes; say whether there was one.

    Parameters
    ----------
    run : Run
        Whose trainer.
    after : float, default 0
        Seconds to wait before, so that any instruction can be hit.
    """
    time.sleep(after)
    trainer = _trainer(run)
    if trainer is None:
        return False
    try:
        helpers = trainer.children(recursive=True)
        trainer.kill()
    except psutil.NoSuchProcess:
        return False
    at_rest(run)
    # Workers of a loader notice by themselves, in seconds, that nobody wants their batches any more.
    until(lambda: not any(map(_lives, helpers)), timeout=_WORKERS)
    return run.record.state != "completed"


def _lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _trainer(run: Run) -> psutil.Process | None:
    """Find the process, also while it hasn't claimed the run yet."""
    attempts = run.store.attempts(run.id)
    with contextlib.suppress(psutil.NoSuchProcess):
        if attempts and attempts[-1].ended_at is None and not ended(run) and run.record.state == "running":
            return psutil.Process(attempts[-1].pid)
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            if run.id in child.cmdline():
                return child
    return None
