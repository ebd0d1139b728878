"""Events: what is worth remembering about a run."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dltrainer_jupyter.core.records import EventRecord
from dltrainer_jupyter.store.locking import take_hold
from dltrainer_jupyter.store.part import LIMIT, MOST, RUN, StorePart
from dltrainer_jupyter.store.rows import event_record
from dltrainer_jupyter.store.tables import training_events

_OF_RUN = training_events.select().where(training_events.c.run_id == RUN).limit(LIMIT)
_NEWEST = _OF_RUN.order_by(training_events.c.id.desc())
_FOLLOWING = _OF_RUN.where(training_events.c.id > sa.bindparam("after")).order_by(training_events.c.id)


def insert_event(
    connection: Connection,
    run_id: str,
    kind: str,
    message: str,
    *,
    step: int | None = None,
    data: Mapping[str, Any] | None = None,
) -> None:
    """Add an event; whoever calls holds the run's row."""
    row = {
        "run_id": run_id,
        "at": datetime.now(UTC),
        "kind": kind,
        "message": message,
        "step": step,
        "data": dict(data or {}),
    }
    connection.execute(training_events.insert(), row)


class Events(StorePart):
    """The rows of ``training_events``."""

    def events(self, run_id: str, after_id: int = 0, limit: int | None = None) -> list[EventRecord]:
        """Read a run's events, oldest first.

        Parameters
        ----------
        run_id : str
            The run.
        after_id : int, default 0
            Only events with a greater id: those that came since.
        limit : int, optional
            At most so many.
        """
        wanted = {"run": run_id, "after": after_id, "limit": MOST if limit is None else limit}
        with self._database.read() as connection:
            return [event_record(row) for row in connection.execute(_FOLLOWING, wanted).mappings()]

    def newest_events(self, run_id: str, limit: int) -> list[EventRecord]:
        """Read a run's newest events, newest first.

        Parameters
        ----------
        run_id : str
            The run.
        limit : int
            At most so many.
        """
        with self._database.read() as connection:
            rows = connection.execute(_NEWEST, {"run": run_id, "limit": limit}).mappings()
            return [event_record(row) for row in rows]

    def add_event(
        self,
        run_id: str,
        kind: str,
        message: str,
        step: int | None = None,
        data: Mapping[str, Any] | None = None,
    ) -> None:
        """Add an event from outside the trainer.

        Parameters
        ----------
        run_id : str
            The run.
        kind : str
            One word for programs.
        message : str
            One sentence for people.
        step : int, optional
            The step it belongs to.
        data : mapping, optional
            Anything more, in JSON types.

        Raises
        ------
        RunNotFoundError
            If there is no such run.
        """
        with self._database.write() as connection:
            take_hold(connection, run_id)
            insert_event(connection, run_id, kind, message, step=step, data=data)
