"""Controls: what people ask of a run, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dltrainer_jupyter.core.errors import IllegalControlError, RunNotFoundError, UnknownNameError
from dltrainer_jupyter.core.live import Change, timeline
from dltrainer_jupyter.core.records import ControlRecord
from dltrainer_jupyter.core.states import ENDED, State, Verb, check_verb
from dltrainer_jupyter.store.locking import take_hold
from dltrainer_jupyter.store.part import LIMIT, MOST, RUN, StorePart
from dltrainer_jupyter.store.rows import control_record
from dltrainer_jupyter.store.tables import training_controls

KINDS = frozenset(Verb) - {Verb.DELETE}
"""What a trainer obeys. Deleting needs none."""

_OF_RUN = training_controls.select().where(training_controls.c.run_id == RUN)
_CHANGES = _OF_RUN.where(training_controls.c.kind == Verb.SET, training_controls.c.status == "done").order_by(
    training_controls.c.id
)
_NEWEST = _OF_RUN.order_by(training_controls.c.id.desc()).limit(LIMIT)
# Written out, not bound, so that the partial index is known to fit.
_WAITING = _OF_RUN.where(sa.text("status = 'requested'")).order_by(training_controls.c.id)


def waiting_controls(connection: Connection, run_id: str) -> list[ControlRecord]:
    """Read the controls nobody has answered, oldest first."""
    return [control_record(row) for row in connection.execute(_WAITING, {"run": run_id}).mappings()]


def answer_control(connection: Connection, run_id: str, control_id: int, answer: Mapping[str, Any]) -> None:
    """Write what became of a control, unless it has an answer already; whoever calls holds the run's row."""
    table = training_controls
    this = (table.c.id == control_id, table.c.run_id == run_id)
    if connection.execute(sa.select(table.c.id).where(*this)).one_or_none() is None:
        raise _no_such_control(control_id)
    values = {**answer, "finished_at": datetime.now(UTC)}
    connection.execute(table.update().where(*this, table.c.status == "requested").values(values))


class Controls(StorePart):
    """The rows of ``training_controls``."""

    def request_control(self, run_id: str, kind: str, arguments: Mapping[str, Any], requested_by: str) -> ControlRecord:
        """Ask something of a run that is alive.

        Parameters
        ----------
        run_id : str
            The run.
        kind : str
            A verb: ``pause``, ``resume``, ``suspend``, ``stop``, ``checkpoint`` or ``set``.
        arguments : mapping
            What the verb needs besides, in JSON types.
        requested_by : str
            Who asks, for the record.

        Returns
        -------
        ControlRecord
            With status ``requested``; :meth:`control` tells when that changes.

        Raises
        ------
        RunNotFoundError
            If there is no such run.
        UnknownNameError
            If no trainer knows the verb.
        IllegalControlError
            If the verb makes no sense in the run's state, or no trainer is there to obey it.
        """
        if kind not in KINDS:
            raise UnknownNameError(kind="control", name=kind, known=KINDS)
        row = {
            "run_id": run_id,
            "kind": str(kind),
            "arguments": dict(arguments),
            "requested_by": requested_by,
            "requested_at": datetime.now(UTC),
            "status": "requested",
        }
        with self._database.write() as connection:
            job = take_hold(connection, run_id)
            state = State(job["state"])
            check_verb(job["name"], Verb(kind), state)
            if state in ENDED:
                msg = f"Run '{job['name']}' {state.said}: no trainer is there to {kind} it; one has to be started."
                raise IllegalControlError(msg)
            insert = training_controls.insert().values(row).returning(*training_controls.c)
            return control_record(connection.execute(insert).mappings().one())

    def control(self, control_id: int) -> ControlRecord:
        """Read a control.

        Raises
        ------
        RunNotFoundError
            If there is none: its run was deleted.
        """
        with self._database.read() as connection:
            query = training_controls.select().where(training_controls.c.id == control_id)
            row = connection.execute(query).mappings().one_or_none()
        if row is None:
            raise _no_such_control(control_id)
        return control_record(row)

    def controls(self, run_id: str, limit: int | None = None) -> list[ControlRecord]:
        """List what was asked of a run, newest first."""
        wanted = {"run": run_id, "limit": MOST if limit is None else limit}
        with self._database.read() as connection:
            return [control_record(row) for row in connection.execute(_NEWEST, wanted).mappings()]

    def settings_changed(self, run_id: str) -> list[Change]:
        """List the settings that were changed in the course of a run, in the order in which they take effect."""
        with self._database.read() as connection:
            rows = connection.execute(_CHANGES, {"run": run_id}).mappings()
            return timeline(Change(row["step"], row["arguments"]) for row in rows)


def _no_such_control(control_id: int) -> RunNotFoundError:
    return RunNotFoundError(f"There is no control {control_id}; its run may have been deleted.")
