"""What keeps a trainer that was replaced from writing.

Every transaction of a trainer first takes hold of its run's row and looks whether the run is still its own. So a
trainer that slept while another took over learns of it by its next write, and that write leaves nothing behind.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row
from sqlalchemy.sql.dml import ReturningUpdate

from dltrainer_jupyter.core.errors import StaleAttemptError
from dltrainer_jupyter.core.states import State, check_transition
from dltrainer_jupyter.store.engine import Database
from dltrainer_jupyter.store.events import insert_event
from dltrainer_jupyter.store.locking import bumped, clock
from dltrainer_jupyter.store.reaping import HELD
from dltrainer_jupyter.store.tables import training_attempts, training_jobs

_SEEN = (
    training_jobs.c.name,
    training_jobs.c.state,
    training_jobs.c.state_before_lost,
    training_jobs.c.attempt,
    training_jobs.c.step,
)
# Made once, like the others here: to make a statement takes longer than to execute it.
THIS_RUN = training_jobs.update().where(training_jobs.c.id == sa.bindparam("run"))
# A sign of life alone is nothing a watcher need look at, but it locks the row like any other write.
_LOCK = THIS_RUN.values(revision=training_jobs.c.revision).returning(*_SEEN)


@functools.cache
def _bump(dialect: str) -> ReturningUpdate[Any]:
    return THIS_RUN.values(bumped(dialect)).returning(*_SEEN)


@functools.cache
def _sign_of_life(dialect: str) -> sa.Update:
    table = training_attempts
    this = (table.c.run_id == sa.bindparam("run"), table.c.number == sa.bindparam("attempt"))
    return table.update().where(*this).values(heartbeat_at=clock(dialect), ended_at=None)


class Fence:
    """A trainer's transactions.

    Parameters
    ----------
    database : Database
        Where the run is.
    run_id : str
        The run.
    number : int
        Which attempt at it the trainer is.
    """

    def __init__(self, database: Database, run_id: str, number: int) -> None:
        self._database = database
        self.run_id = run_id
        self.number = number
        # One thread's transaction at a time; the others wait, and the same thread may go in again.
        self._lock = threading.RLock()
        self._connection: Connection | None = None

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Group writes: either all of them happen or, if anything is raised, none.

        Within another transaction of the same thread it joins that one.

        Raises
        ------
        StaleAttemptError
            If the run isn't this trainer's any more.
        StoreError
            If the store can't be reached.

        Examples
        --------
        >>> with attempt.transaction():  # doctest: +SKIP
        ...     attempt.epoch(record, None, None)
        ...     attempt.progress(progress)
        """
        with self._writing():
            yield

    def heartbeat(self) -> None:
        """Say that the trainer is alive; every other write says so as well.

        Raises
        ------
        StaleAttemptError
            If the run isn't this trainer's any more.
        StoreError
            If the store can't be reached.
        """
        with self._writing(bump=False):
            pass

    @contextmanager
    def _writing(self, *, bump: bool = True) -> Iterator[Connection]:
        with self._lock:
            if self._connection is not None:
                yield self._connection
                return
            try:
                with self._database.write() as connection:
                    self._enter(connection, bump=bump)
                    self._connection = connection
                    yield connection
                self._committed()
            finally:
                self._connection = None
                self._left()

    def _committed(self) -> None:
        """Keep what the transaction has led to; for those who remember something."""

    def _left(self) -> None:
        """Forget what the transaction would have led to."""

    def _enter(self, connection: Connection, *, bump: bool) -> None:
        """Lock the run's row, and go no further unless the run is ours."""
        statement = _bump(connection.dialect.name) if bump else _LOCK
        job = connection.execute(statement, {"run": self.run_id}).one_or_none()
        if job is None:
            msg = f"Run '{self.run_id}' was deleted; this trainer must stop."
            raise StaleAttemptError(msg)
        if job.attempt != self.number:
            msg = f"Attempt {job.attempt} trains run '{job.name}' now; this trainer, attempt {self.number}, must stop."
            raise StaleAttemptError(msg)
        if job.state == State.LOST and job.state_before_lost is not None:
            self._take_back(connection, job)
        elif job.state not in HELD:
            msg = f"Run '{job.name}' is {job.state}: attempt {self.number} is over, so this trainer must stop."
            raise StaleAttemptError(msg)
        connection.execute(_sign_of_life(connection.dialect.name), {"run": self.run_id, "attempt": self.number})

    def _take_back(self, connection: Connection, job: Row[tuple[str, str, str | None, int, int]]) -> None:
        """Undo that the run was marked as lost: its trainer only slept, and nobody has claimed it since."""
        before = State(job.state_before_lost)
        check_transition(job.name, State.LOST, State.RUNNING)
        if before != State.RUNNING:
            check_transition(job.name, State.RUNNING, before)
        this = training_jobs.c.id == self.run_id
        # Watchers want to know, even if it was only a sign of life that brought the run back.
        back = {
            "state": before,
            "state_before_lost": None,
            "phase": "training",
            **bumped(connection.dialect.name),
        }
        connection.execute(training_jobs.update().where(this).values(back))
        message = f"The trainer was out of reach for a while, not dead: the run is {before} again."
        data = {"attempt": self.number}
        insert_event(connection, self.run_id, "recovered", message, step=job.step, data=data)

    def _state(self, connection: Connection) -> tuple[str, State]:
        """Read the run's name and state within the transaction."""
        query = sa.select(training_jobs.c.name, training_jobs.c.state).where(training_jobs.c.id == self.run_id)
        row = connection.execute(query).one()
        return row.name, State(row.state)
