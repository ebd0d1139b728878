"""Trainers that don't get to work for a while, as on a sleeping laptop or a busy machine.

Nobody may call their runs lost, and one that was taken over by another trainer writes nothing any more.
"""

from __future__ import annotations

import contextlib
import os
import random
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
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


def droughts(count: int, seconds: float = 60.0) -> Iterator[Case]:
    """Give trainers that are stopped, or starved, for a while, and are nobody's but their own."""
    for number in range(count):
        yield Case("stopped for a while", str(number), partial(_wait_out, _asleep, seconds))
        yield Case("starved for a while", str(number), partial(_wait_out, _starving, seconds))


def _wait_out(
    drought: Callable[[psutil.Process], contextlib.AbstractContextManager[None]],
    seconds: float,
    trainers: Trainers,
    run: Run,
    expected: Undisturbed,
) -> int:
    if not at_work(run, expected.steps // 4) or (trainer := _stop(run)) is None:
        return 0
    with drought(trainer):
        until_then = time.monotonic() + seconds
        while time.monotonic() < until_then:
            assert run.store.reap() == []
            assert run.record.state in {"running", "completed"}
            time.sleep(1)
    return 0


@contextlib.contextmanager
def _asleep(trainer: psutil.Process) -> Iterator[None]:
    """Leave it stopped."""
    try:
        yield
    finally:
        trainer.resume()


@contextlib.contextmanager
def _starving(trainer: psutil.Process) -> Iterator[None]:
    """Let it have what others leave over, who want everything."""
    trainer.nice(19)
    trainer.resume()
    eaters = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(4 * (os.cpu_count() or 1))]
    try:
        yield
    finally:
        for eater in eaters:
            eater.kill()
            eater.wait()


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
        run.store.reap()
        assert run.record.state == "lost"
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
