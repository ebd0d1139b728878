"""Taking hold of a run's row: what every write does first.

The row is locked until the transaction ends, so that writes to one run come one after another: whoever checks
its state there can rely on it, and numbers of events and controls are given out in the order of their commits.
"""

from __future__ import annotations

import functools
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping
from sqlalchemy.sql.dml import ReturningUpdate

from dltrainer_jupyter.core.errors import RunNotFoundError
from dltrainer_jupyter.core.states import Verb
from dltrainer_jupyter.store.columns import UtcDateTime
from dltrainer_jupyter.store.tables import training_attempts, training_controls, training_jobs


@functools.cache
def _bump(dialect: str) -> ReturningUpdate[Any]:
    this = training_jobs.update().where(training_jobs.c.id == sa.bindparam("run"))
    return this.values(bumped(dialect)).returning(*training_jobs.c)


def bumped(dialect: str) -> dict[str, Any]:
    """Give what every write changes in the run's row, by the clock that all who write to the store go by."""
    return {"revision": training_jobs.c.revision + 1, "updated_at": clock(dialect)}


def take_hold(connection: Connection, run_id: str) -> RowMapping:
    """Lock a run's row and bump its revision.

    Returns
    -------
    sqlalchemy.engine.RowMapping
        The row of ``training_jobs``.

    Raises
    ------
    RunNotFoundError
        If there is no such run.
    """
    row = connection.execute(_bump(connection.dialect.name), {"run": run_id}).mappings().one_or_none()
    if row is None:
        raise no_such_run(run_id)
    return row


def no_such_run(run_id: str) -> RunNotFoundError:
    """Say that no run has this id."""
    return RunNotFoundError(f"No run has the id '{run_id}'; it may have been deleted.")


def newest_attempt(connection: Connection, job: RowMapping) -> RowMapping:
    """Read the row of the attempt that holds, or held last, a run that has been claimed before."""
    table = training_attempts
    query = table.select().where(table.c.run_id == job["id"], table.c.number == job["attempt"])
    return connection.execute(query).mappings().one()


def clock(dialect: str) -> sa.ColumnElement[datetime]:
    """Give the clock all trainers of this store go by, as part of a statement, to be read when that is executed.

    On a server it is the server's, so that leases do not depend on two hosts' clocks agreeing.
    """
    if dialect == "sqlite":
        return sa.bindparam(None, callable_=lambda: datetime.now(UTC), type_=UtcDateTime())
    return sa.type_coerce(sa.func.clock_timestamp(), UtcDateTime)


def refuse_waiting_controls(connection: Connection, run_id: str, outcome: str) -> None:
    """Answer the controls nobody will obey any more."""
    _answer_waiting(connection, run_id, "refused", outcome)


def grant_waiting_stops(connection: Connection, run_id: str, outcome: str) -> None:
    """Answer those who asked a run to stop that nobody had begun."""
    _answer_waiting(connection, run_id, "done", outcome, training_controls.c.kind == Verb.STOP)


def _answer_waiting(
    connection: Connection, run_id: str, status: str, outcome: str, *more: sa.ColumnElement[bool]
) -> None:
    table = training_controls
    connection.execute(
        table.update()
        .where(table.c.run_id == run_id, table.c.status == "requested", *more)
        .values(status=status, outcome=outcome, finished_at=datetime.now(UTC))
    )
