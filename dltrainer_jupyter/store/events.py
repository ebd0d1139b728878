"""Events: what is worth remembering about a run."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.engine import Connection

from dltrainer_jupyter.core.records import EventRecord
from dltrainer_jupyter.store.locking import take_hold
from dltrainer_jupyter.store.part import StorePart
from dltrainer_jupyter.store.rows import event_record
from dltrainer_jupyter.store.tables import training_events


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
        table = training_events
        query = table.select().where(table.c.run_id == run_id, table.c.id > after_id).order_by(table.c.id).limit(limit)
        with self._database.read() as connection:
            return [event_record(row) for row in connection.execute(query).mappings()]

    def newest_events(self, run_id: str, limit: int) -> list[EventRecord]:
        """Read a run's newest events, newest first.

        Parameters
        ----------
        run_id : str
            The run.
        limit : int
            At most so many.
        """
        table = training_events
        query = table.select().where(table.c.run_id == run_id).order_by(table.c.id.desc()).limit(limit)
        with self._database.read() as connection:
            return [event_record(row) for row in connection.execute(query).mappings()]

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
