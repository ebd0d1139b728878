"""Noticing that trainers have died."""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from dltrainer_jupyter.core.errors import RunNotFoundError
from dltrainer_jupyter.core.states import State, check_transition
from dltrainer_jupyter.store.events import insert_event
from dltrainer_jupyter.store.liveness import Holder, is_dead
from dltrainer_jupyter.store.locking import clock, newest_attempt, refuse_waiting_controls, take_hold
from dltrainer_jupyter.store.part import StorePart
from dltrainer_jupyter.store.rows import attempt_record
from dltrainer_jupyter.store.tables import training_attempts, training_jobs

HELD = (State.RUNNING, State.PAUSED)
"""States in which a trainer holds the run."""

_NEWEST_ATTEMPT = sa.and_(
    training_attempts.c.run_id == training_jobs.c.id, training_attempts.c.number == training_jobs.c.attempt
)
# Looked at whenever somebody asks for runs: without what trainers have said of their environments.
_HOLDING = (
    sa.select(*(training_attempts.c[name] for name in Holder._fields))
    .join_from(training_attempts, training_jobs, _NEWEST_ATTEMPT)
    .where(training_jobs.c.state.in_(HELD), training_attempts.c.ended_at.is_(None))
)


class Reaping(StorePart):
    """Marks runs as lost.

    Attributes
    ----------
    when_lost : callable or None
        Called with the id of each run that :meth:`reap` has marked, for whoever wants to tell somebody.
    """

    when_lost: Callable[[str], object] | None = None

    def reap(self) -> list[str]:
        """Mark every run as lost whose trainer is dead.

        On this host the operating system tells; on others a heartbeat older than 90 s does. A trainer that was
        only thought dead takes its run back by its next write, unless another has claimed the run since.

        Returns
        -------
        list of str
            Ids of the runs that are lost now.
        """
        with self._database.read() as connection:
            held = [Holder(*row) for row in connection.execute(_HOLDING)]
            if not held:
                return []
            now = connection.execute(sa.select(clock(connection.dialect.name))).scalar_one()
        lost = [holder.run_id for holder in held if is_dead(holder, now) and self._lose(holder)]
        if (tell := self.when_lost) is not None:
            for run_id in lost:
                tell(run_id)
        return lost

    def _lose(self, suspect: Holder) -> bool:
        """Look again while nobody else can write to the run, then mark it."""
        with self._database.write() as connection:
            try:
                job = take_hold(connection, suspect.run_id)
            except RunNotFoundError:
                return False
            if job["attempt"] != suspect.number or State(job["state"]) not in HELD:
                return False
            return lose_if_dead(connection, job)


def lose_if_dead(connection: Connection, job: RowMapping) -> bool:
    """Mark a run that a trainer holds as lost if that trainer is dead; whoever calls holds the run's row.

    Returns
    -------
    bool
        Whether it was dead.
    """
    attempt = attempt_record(newest_attempt(connection, job))
    now = connection.execute(sa.select(clock(connection.dialect.name))).scalar_one()
    if not is_dead(attempt, now):
        return False
    check_transition(job["name"], State(job["state"]), State.LOST)
    this = training_jobs.c.id == attempt.run_id
    lost = {"state": State.LOST, "state_before_lost": job["state"], "phase": "ended"}
    connection.execute(training_jobs.update().where(this).values(lost))
    held = (training_attempts.c.run_id == attempt.run_id, training_attempts.c.number == attempt.number)
    connection.execute(training_attempts.update().where(*held).values(ended_at=attempt.heartbeat_at))
    refuse_waiting_controls(connection, attempt.run_id, "The trainer died before it could obey.")
    message = (
        f"The trainer (process {attempt.pid} on {attempt.host}) died. Resume the run to go on from its checkpoint."
    )
    data = {"attempt": attempt.number, "host": attempt.host, "pid": attempt.pid}
    insert_event(connection, attempt.run_id, "lost", message, step=job["step"], data=data)
    return True
