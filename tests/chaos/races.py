"""A trainer that was stopped, as a sleeping laptop's is, against the one that has taken over its run."""

from __future__ import annotations

import contextlib
import random
import sqlite3
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial

import psutil

from dltrainer_jupyter.store.liveness import LEASE
from dltrainer_jupyter.store.tables import training_attempts
from dltrainer_jupyter.tal import Run
from tests.chaos.killing import Case, Undisturbed, finish
from tests.chaos.trainers import LONGEST, Trainers, at_rest, at_work
from tests.waiting import until

_LATEST = 0.6
"""Share of the steps; later there is little left to race for."""
_JITTER = 0.25
"""Seconds, by which any instruction can be the one at which a trainer stops."""


def races(count: int) -> Iterator[Case]:
    """Give races, each of which begins at another step and lets the stopped trainer wake at another moment."""
    for number in range(count):
        yield Case("stopped and superseded", str(number), partial(_race, number))


def _race(seed: int, trainers: Trainers, run: Run, expected: Undisturbed) -> int:
    chance = random.Random(f"race {seed}")
    if not at_work(run, chance.randrange(1, max(2, int(_LATEST * expected.steps)))):
        return 0
    time.sleep(chance.uniform(0, _JITTER))
    stopped = _stop(run)
    if stopped is None:
        return 0
    try:
        _move_away(run)
        assert run.id in run.store.reap()
        before = _written_by_first(run)
        trainers.resume(run)
        chance.choice((_at_once, _soon, _in_the_end))(run)
    finally:
        stopped.resume()
    with contextlib.suppress(psutil.NoSuchProcess):
        stopped.wait(LONGEST)
    finish(trainers, run)
    assert _written_by_first(run) <= before, "the superseded trainer has written a checkpoint"
    return 1


def _at_once(_: Run) -> None:
    """Wake it while the successor claims the run."""


def _soon(run: Run) -> None:
    """Wake it while the successor trains."""
    until(lambda: run.record.attempt > 1, timeout=LONGEST)
    at_work(run, run.step + 1)


def _in_the_end(run: Run) -> None:
    """Wake it when there is nothing left to train."""
    at_rest(run)


def _stop(run: Run) -> psutil.Process | None:
    """Stop the trainer outside of its transactions: with the database's lock it would stop everybody."""
    attempt = run.store.attempts(run.id)[-1]
    try:
        trainer = psutil.Process(attempt.pid)
        while run.record.state == "running":
            trainer.suspend()
            if _is_free(run):
                return trainer
            trainer.resume()
    except psutil.NoSuchProcess:
        pass
    return None


def _is_free(run: Run) -> bool:
    path = run.store.url.removeprefix("sqlite:///")
    with contextlib.closing(sqlite3.connect(path, timeout=0.1, isolation_level=None)) as connection:
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return False
        connection.execute("ROLLBACK")
        return True


def _move_away(run: Run) -> None:
    """Let the trainer be one on another host that has given no sign of life for long."""
    away = {"host": "asleep", "heartbeat_at": datetime.now(UTC) - 2 * LEASE - timedelta(seconds=1)}
    with run.store._database.write() as connection:
        connection.execute(training_attempts.update().where(training_attempts.c.run_id == run.id).values(away))


def _written_by_first(run: Run) -> set[int]:
    return {record.step for record in run.store.checkpoints(run.id) if record.attempt == 1}
