"""A run's rows as plain data that another store takes up.

What is small is written out in full each time (the run, its attempts, what was asked of it); what grows (metrics,
validations, series, events) in pieces, from one mark to the next. Checkpoints' rows go with their files; resolution
levels and the last values of metrics follow from the rest.
"""

from __future__ import annotations

import base64
import gzip
import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import numpy as np
import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from dltrainer_jupyter.core.errors import StoreError
from dltrainer_jupyter.core.records import CheckpointRecord, EpochRecord, ValidationRecord
from dltrainer_jupyter.core.states import ENDED, State
from dltrainer_jupyter.store.checkpoint_rows import replace_checkpoint
from dltrainer_jupyter.store.columns import UtcDateTime, tagged, untagged
from dltrainer_jupyter.store.curves import Series, read_values
from dltrainer_jupyter.store.growth import End, extended
from dltrainer_jupyter.store.liveness import this_process
from dltrainer_jupyter.store.locking import no_such_run
from dltrainer_jupyter.store.metrics import replace_epoch
from dltrainer_jupyter.store.packing import unpacked
from dltrainer_jupyter.store.part import StorePart
from dltrainer_jupyter.store.tables import (
    deleted_runs,
    model_graphs,
    training_attempts,
    training_controls,
    training_curves,
    training_events,
    training_histograms,
    training_jobs,
    training_metrics,
    training_tracking,
    validation_results,
)

_OWN = frozenset({"number", "revision", "folder", "state_before_lost"})
"""Columns of a run that mean something in its own store only."""
_PACKED = ("edges", "counts")
"""Columns of histograms that hold bytes."""
_LARGEST = 1 << 30
"""Most bytes of an unpacked piece."""
_AT_A_TIME = 1 << 20


class Mark(NamedTuple):
    """How far a run's history is written out."""

    step: int = -1
    """The last step of series."""
    epoch: int = 0
    """The last epoch of metrics and validations."""
    event: int = 0
    """The last event, by its number in this store."""


class Exports(StorePart):
    """Writes runs out, and takes them up."""

    def export_run(self, run_id: str) -> dict[str, Any]:
        """Give a run's row, its attempts, what was asked of it and how far its trackers are, in JSON types.

        Raises
        ------
        RunNotFoundError
            If there is no such run.
        """
        with self._database.read() as connection:
            this = training_jobs.select().where(training_jobs.c.id == run_id)
            job = connection.execute(this).mappings().one_or_none()
            if job is None:
                raise no_such_run(run_id)
            of_run = {
                table.name: [
                    _plain(table, row)
                    for row in connection.execute(table.select().where(table.c.run_id == run_id)).mappings()
                ]
                for table in (training_attempts, training_controls, training_tracking, model_graphs)
            }
            for row in of_run[training_tracking.name]:
                row["event_at"] = _told_until(connection, run_id, row["event"])
        run = {name: value for name, value in _plain(training_jobs, job).items() if name not in _OWN}
        return {"run": run, **of_run}

    def export_mark(self, run_id: str, step: int) -> Mark:
        """Say how far the history is that belongs to a checkpoint."""
        epochs, events = training_metrics.c, training_events.c
        last_epoch = sa.select(sa.func.max(epochs.epoch)).where(epochs.run_id == run_id, epochs.step <= step)
        last_event = sa.select(sa.func.max(events.id)).where(events.run_id == run_id)
        with self._database.read() as connection:
            return Mark(
                step, connection.execute(last_epoch).scalar() or 0, connection.execute(last_event).scalar() or 0
            )

    def export_history(self, run_id: str, after: Mark, upto: Mark) -> bytes:
        """Write out what a run's history says between two marks.

        Returns
        -------
        bytes
            Compressed JSON, for :meth:`import_run`.
        """
        metrics, validations, events, curves = (
            training_metrics.c,
            validation_results.c,
            training_events.c,
            training_curves.c,
        )
        with self._database.read() as connection:

            def rows(table: sa.Table, column: sa.Column[int], first: int, last: int) -> list[dict[str, Any]]:
                these = table.c.run_id == run_id, column > first, column <= last
                found = connection.execute(table.select().where(*these).order_by(column)).mappings()
                return [_plain(table, row, {"run_id", "examples"}) | _examples(row) for row in found]

            names = connection.execute(sa.select(curves.name).where(curves.run_id == run_id).distinct()).scalars().all()
            document = {
                "metrics": rows(training_metrics, metrics.epoch, after.epoch, upto.epoch),
                "validations": rows(validation_results, validations.epoch, after.epoch, upto.epoch),
                "histograms": _histograms(connection, run_id, after.epoch, upto.epoch),
                "events": rows(training_events, events.id, after.event, upto.event),
                "curves": {
                    name: _packed(*read_values(connection, Series(run_id, name), after.step + 1, upto.step + 1))
                    for name in sorted(names)
                },
            }
        return gzip.compress(json.dumps(document).encode(), compresslevel=1, mtime=0)

    def import_run(
        self,
        document: Mapping[str, Any],
        history: Iterable[bytes],
        checkpoints: Sequence[CheckpointRecord],
        *,
        folder: str,
        event: tuple[str, Mapping[str, Any]],
    ) -> str:
        """Take up a run that another store wrote out; whoever held it there is taken for dead.

        Parameters
        ----------
        document : mapping
            What :meth:`export_run` gave.
        history : iterable of bytes
            What :meth:`export_history` gave, oldest first; a piece that is missing leaves a hole.
        checkpoints : sequence of CheckpointRecord
            Those whose files are here.
        folder : str
            Where the run's files lie, as seen from this host.
        event : (str, mapping)
            One sentence that says where it comes from, and the same for programs.

        Returns
        -------
        str
            The run's id.

        Raises
        ------
        StoreError
            If the run is here already, or the document doesn't hold what it should.
        """
        try:
            with self._database.write() as connection:
                run_id = _insert_run(connection, document, folder)
                ends: dict[str, End] = {}
                for piece in history:
                    _insert_history(connection, run_id, _unpacked(piece), ends)
                _insert_tracking(connection, run_id, document)
                for record in sorted(checkpoints, key=lambda it: it.step):
                    replace_checkpoint(connection, record)
                message, data = event
                told = {"kind": "restored", "message": message, "data": dict(data)}
                row = {"run_id": run_id, "at": datetime.now(UTC), "step": None, **told}
                connection.execute(training_events.insert(), row)
                return run_id
        except (KeyError, TypeError, ValueError, AttributeError, RecursionError, zlib.error, EOFError) as error:
            msg = f"The copy does not hold what a run of this version holds ({error!r}); is it a newer version's?"
            raise StoreError(msg) from error


def _insert_run(connection: Connection, document: Mapping[str, Any], folder: str) -> str:
    job = _row(training_jobs, document["run"])
    run_id = str(job["id"])
    state = State(job["state"])
    if state not in ENDED:
        job |= {"state": State.LOST, "phase": "ended"}
    job |= {"revision": 1, "folder": folder, "host": this_process().host, "updated_at": datetime.now(UTC)}
    there = connection.execute(sa.select(training_jobs.c.name).where(training_jobs.c.id == run_id)).one_or_none()
    if there is not None:
        msg = f"Run '{there.name}' ({run_id}) is in this store already."
        raise StoreError(msg)
    connection.execute(training_jobs.insert().values(job))
    # It may have been here before.
    connection.execute(deleted_runs.delete().where(deleted_runs.c.id == run_id))
    for attempt in document[training_attempts.name]:
        row = _row(training_attempts, attempt)
        connection.execute(
            training_attempts.insert().values(row | {"ended_at": row["ended_at"] or row["heartbeat_at"]})
        )
    unanswered = {"status": "refused", "outcome": "The trainer died before it could obey."}
    for graph in document.get(model_graphs.name, ()):
        connection.execute(model_graphs.insert().values(_row(model_graphs, graph)))
    for control in document[training_controls.name]:
        row = _row(training_controls, control, {"id"})
        answer = unanswered | {"finished_at": datetime.now(UTC)} if row["status"] == "requested" else {}
        connection.execute(training_controls.insert().values(row | answer))
    return run_id


def _told_until(connection: Connection, run_id: str, event: int) -> str | None:
    """Say when the last event happened that a tracker was told of."""
    events = training_events.c
    query = sa.select(sa.func.max(events.at)).where(events.run_id == run_id, events.id <= event)
    at: datetime | None = connection.execute(query).scalar()
    return None if at is None else at.isoformat()


def _insert_tracking(connection: Connection, run_id: str, document: Mapping[str, Any]) -> None:
    """Let trackers go on with the same copies; nobody sends to them from here yet, and events have other numbers."""
    events = training_events.c
    # Older copies say nothing of trackers.
    for plain in document.get(training_tracking.name, ()):
        told = plain.get("event_at")
        query = sa.select(sa.func.max(events.id)).where(events.run_id == run_id)
        event = 0
        if told is not None:
            event = connection.execute(query.where(events.at <= datetime.fromisoformat(told))).scalar() or 0
        row = _row(training_tracking, plain) | {"run_id": run_id, "event": event, "holder": None, "held_until": None}
        if span := row["memory"].get("span"):
            marks = {name: [*span[name][:2], event] for name in ("after", "upto")}
            row["memory"] = row["memory"] | {"span": span | marks}
        connection.execute(training_tracking.insert().values(row))


def _insert_history(connection: Connection, run_id: str, piece: Mapping[str, Any], ends: dict[str, End]) -> None:
    validations = {row["epoch"]: row for row in untagged(piece["validations"])}
    epochs: dict[tuple[int, int], dict[str, float]] = {}
    for row in untagged(piece["metrics"]):
        epochs.setdefault((row["epoch"], row["step"]), {})[row["metric"]] = row["value"]
    for (epoch, step), values in epochs.items():
        found = validations.get(epoch)
        validation = found and _validation(found)
        replace_epoch(connection, run_id, EpochRecord(epoch, step, values), validation)
    for name, parts in piece["curves"].items():
        series = Series(run_id, name)
        for part in parts:
            values_ = np.frombuffer(base64.b64decode(part["values"]), "<f4")
            ends[name] = extended(connection, series, ends.get(name, End()), part["first_step"], values_)
    # Older copies hold none.
    histograms = [
        row | {"run_id": run_id, **{name: base64.b64decode(row[name]) for name in _PACKED}}
        for row in piece.get("histograms", ())
    ]
    if histograms:
        connection.execute(training_histograms.insert(), histograms)
    events = [_row(training_events, row, {"id"}) | {"run_id": run_id} for row in piece["events"]]
    if events:
        connection.execute(training_events.insert(), events)


def _histograms(connection: Connection, run_id: str, after: int, upto: int) -> list[dict[str, Any]]:
    """Write out how values lay at the end of some epochs."""
    table = training_histograms
    these = (table.c.run_id == run_id, table.c.epoch > after, table.c.epoch <= upto)
    order = (table.c.epoch, table.c.kind, table.c.name)
    return [
        {name: base64.b64encode(value).decode() if name in _PACKED else value for name, value in row.items()}
        for row in connection.execute(table.select().where(*these).order_by(*order)).mappings()
    ]


def _packed(steps: Any, values: Any) -> list[dict[str, Any]]:
    """Cut a series where steps are missing."""
    cuts = np.flatnonzero(np.diff(steps) != 1) + 1
    return [
        {
            "first_step": int(part_steps[0]),
            "values": base64.b64encode(part.astype("<f4", copy=False).tobytes()).decode(),
        }
        for part_steps, part in zip(np.split(steps, cuts), np.split(values, cuts), strict=True)
        if len(part)
    ]


def _unpacked(piece: bytes) -> dict[str, Any]:
    # Gone through once before any of it is kept: what grows a thousandfold would fill the memory first.
    counting, size, waiting = zlib.decompressobj(wbits=31), 0, piece
    while waiting and not counting.eof:
        size += len(counting.decompress(waiting, _AT_A_TIME))
        waiting = counting.unconsumed_tail
        if size > _LARGEST:
            msg = f"a piece of history is larger than {_LARGEST} bytes"
            raise ValueError(msg)
    found: dict[str, Any] = json.loads(zlib.decompress(piece, wbits=31))
    return found


def _examples(row: RowMapping) -> dict[str, str]:
    """Write what a validation kept of single examples, if the row is one."""
    return {"examples": base64.b64encode(row["examples"]).decode()} if row.get("examples") else {}


def _validation(row: Mapping[str, Any]) -> ValidationRecord:
    """Read a validation; older copies hold neither a summary nor examples."""
    examples = unpacked(base64.b64decode(row["examples"])) if row.get("examples") else None
    found = row["epoch"], row["step"], row["confusion"], row["labels"], row.get("summary")
    return ValidationRecord(*found, examples)


def _plain(table: sa.Table, row: RowMapping, without: Iterable[str] = ()) -> dict[str, Any]:
    """Write a row in JSON types."""
    left_out = set(without)
    return {
        name: value.isoformat() if isinstance(value, datetime) else tagged(value)
        for name, value in row.items()
        if name in table.c and name not in left_out
    }


def _row(table: sa.Table, plain: Mapping[str, Any], without: Iterable[str] = ()) -> dict[str, Any]:
    """Read a row of :func:`_plain`; columns that this version doesn't know are left out."""
    known = {name: table.c[name].type for name in plain if name in table.c} | dict.fromkeys(without)
    return {
        name: datetime.fromisoformat(plain[name])
        if plain[name] and isinstance(kind, UtcDateTime)
        else untagged(plain[name])
        for name, kind in known.items()
        if kind is not None
    }
