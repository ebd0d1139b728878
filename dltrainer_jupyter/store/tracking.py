"""Trackers' copies of runs: how far each is, and who sends just now."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, RowMapping

from dltrainer_jupyter.core.errors import StaleRelayError
from dltrainer_jupyter.core.records import TrackingRecord, TrackingState
from dltrainer_jupyter.core.tracking import Mark
from dltrainer_jupyter.store.engine import Database
from dltrainer_jupyter.store.liveness import Holder, is_dead, this_process
from dltrainer_jupyter.store.locking import clock, no_such_run, take_hold
from dltrainer_jupyter.store.part import RUN, StorePart
from dltrainer_jupyter.store.tables import training_jobs, training_tracking

LEASE = timedelta(seconds=30)
"""How long nobody else sends after a sign of life; who dies on this host is noticed at once."""

_COLUMNS = training_tracking.c
_SHOWN = tuple(_COLUMNS[name] for name in TrackingRecord.__dataclass_fields__)
_OF_RUN = sa.select(*_SHOWN).where(_COLUMNS.run_id == RUN).order_by(_COLUMNS.name)
_OF_RUNS = (
    sa.select(*_SHOWN)
    .where(_COLUMNS.run_id.in_(sa.bindparam("runs", expanding=True)))
    .order_by(_COLUMNS.run_id, _COLUMNS.name)
)
_ROW = training_tracking.select().where(_COLUMNS.run_id == RUN, _COLUMNS.name == sa.bindparam("tracker"))
_HELD_BY = (
    _COLUMNS.run_id == RUN,
    _COLUMNS.name == sa.bindparam("tracker"),
    _COLUMNS.holder == sa.bindparam("token"),
)
_WRITE = training_tracking.update().where(*_HELD_BY)


class Sending(NamedTuple):
    """Who sends to a tracker."""

    host: str
    pid: int


class TrackingHold:
    """A relay's hold on one tracker's copy of a run; :meth:`Tracking.hold_tracking` makes it.

    Parameters
    ----------
    database : Database
        Where the row is.
    row : sqlalchemy.engine.RowMapping
        As it was when it was taken.
    token : str
        Who holds it.

    Attributes
    ----------
    mark : Mark
        How far the copy is.
    memory : dict
        What the relay before has left to be remembered, in JSON types.
    key, url, state, message : str or None
        As in the row.
    """

    def __init__(self, database: Database, row: RowMapping, token: str) -> None:
        self._database = database
        self._token = token
        self.run_id: str = row["run_id"]
        self.name: str = row["name"]
        self.mark = Mark(row["step"], row["epoch"], row["event"])
        self.memory: dict[str, Any] = dict(row["memory"])
        self.key: str | None = row["key"]
        self.url: str | None = row["url"]
        self.state: TrackingState = row["state"]
        self.message: str | None = row["message"]

    def renew(self) -> None:
        """Say that whoever holds this is alive; every other write says so as well.

        Raises
        ------
        StaleRelayError
            If somebody else sends by now.
        RunNotFoundError
            If the run was deleted.
        """
        self._write({}, shown=False)

    def save(self, *, mark: Mark | None = None, memory: Mapping[str, Any] | None = None) -> None:
        """Remember how far the copy is, or what is about to be sent; no watcher is told.

        Raises
        ------
        StaleRelayError
            If somebody else sends by now.
        RunNotFoundError
            If the run was deleted.
        """
        values: dict[str, Any] = {} if mark is None else mark._asdict()
        if memory is not None:
            values["memory"] = dict(memory)
        self._write(values, shown=False)
        self.mark = self.mark if mark is None else mark
        self.memory = self.memory if memory is None else dict(memory)

    def tell(
        self, state: TrackingState, message: str | None = None, *, key: str | None = None, url: str | None = None
    ) -> None:
        """Say how the copy does; watchers are told if that is new.

        Parameters
        ----------
        state : {"waiting", "following", "behind", "delivered"}
            How it does.
        message : str, optional
            Why it is behind, in one sentence.
        key, url : str, optional
            Where the tracker keeps the run, if that is known now.

        Raises
        ------
        StaleRelayError
            If somebody else sends by now.
        RunNotFoundError
            If the run was deleted.
        """
        values = {"state": state, "message": message, "key": key or self.key, "url": url or self.url}
        before = {"state": self.state, "message": self.message, "key": self.key, "url": self.url}
        if values == before:
            return
        self._write(values, shown=any(values[name] != before[name] for name in ("state", "message", "url")))
        self.state, self.message, self.key, self.url = state, message, values["key"], values["url"]

    def give_back(self) -> None:
        """Let somebody else send; does nothing if that is so already."""
        free = _WRITE.values(holder=None, held_until=None)
        with self._database.write() as connection:
            connection.execute(free, {"run": self.run_id, "tracker": self.name, "token": self._token})

    def _write(self, values: Mapping[str, Any], *, shown: bool) -> None:
        with self._database.write() as connection:
            if shown:
                # First, as every write that others wait for.
                take_hold(connection, self.run_id)
            now = _now(connection)
            lease = {"held_until": now + LEASE, **({"updated_at": now} if values else {})}
            held = {"run": self.run_id, "tracker": self.name, "token": self._token}
            if connection.execute(_WRITE.values(**values, **lease), held).rowcount:
                return
            _refuse(connection, self.run_id, self.name)


class Tracking(StorePart):
    """The rows of ``training_tracking``."""

    def begin_tracking(self, run_id: str, trackers: Iterable[tuple[str, str]]) -> None:
        """See that there is a row for each tracker of a run that is trained; copies go on where they are.

        Parameters
        ----------
        run_id : str
            The run.
        trackers : iterable of (str, str)
            Name and type of each.

        Raises
        ------
        RunNotFoundError
            If there is no such run.
        """
        there = {record.name: record.state for record in self.tracking(run_id)}
        missing = [(name, kind) for name, kind in trackers if name not in there]
        if not missing and "delivered" not in there.values():
            return
        with self._database.write() as connection:
            take_hold(connection, run_id)
            now = _now(connection)
            # There will be more to deliver.
            whole = training_tracking.update().where(_COLUMNS.run_id == run_id, _COLUMNS.state == "delivered")
            connection.execute(whole.values(state="waiting", updated_at=now))
            rows = [
                {
                    "run_id": run_id,
                    "name": name,
                    "type": kind,
                    "state": "waiting",
                    "updated_at": now,
                    **Mark()._asdict(),
                    "memory": {},
                }
                for name, kind in missing
            ]
            insert = (sqlite if connection.dialect.name == "sqlite" else postgresql).insert(training_tracking)
            if rows:
                connection.execute(insert.on_conflict_do_nothing(), rows)

    def tracking(self, run_id: str) -> list[TrackingRecord]:
        """List the trackers that have, or are to have, a copy of a run, by name."""
        with self._database.read() as connection:
            return [TrackingRecord(**row) for row in connection.execute(_OF_RUN, {"run": run_id}).mappings()]

    def tracking_of(self, run_ids: Iterable[str]) -> dict[str, list[TrackingRecord]]:
        """List the trackers of some runs, by run; those without any are left out."""
        found: dict[str, list[TrackingRecord]] = {}
        with self._database.read() as connection:
            for row in connection.execute(_OF_RUNS, {"runs": list(run_ids)}).mappings():
                found.setdefault(row["run_id"], []).append(TrackingRecord(**row))
        return found

    def undelivered(self) -> list[TrackingRecord]:
        """List the copies of all runs that aren't whole, those of newer runs first."""
        query = (
            sa.select(*_SHOWN)
            .join(training_jobs, training_jobs.c.id == _COLUMNS.run_id)
            .where(_COLUMNS.state != "delivered")
            .order_by(training_jobs.c.number.desc(), _COLUMNS.name)
        )
        with self._database.read() as connection:
            return [TrackingRecord(**row) for row in connection.execute(query).mappings()]

    def tracking_holder(self, run_id: str, name: str) -> Sending | None:
        """Say who sends to a tracker just now; None if nobody does."""
        with self._database.read() as connection:
            row = connection.execute(_ROW, {"run": run_id, "tracker": name}).mappings().one_or_none()
            if row is None or _is_free(row, _now(connection)):
                return None
        host, _, pid, *_ = json.loads(row["holder"])
        return Sending(host, pid)

    def hold_tracking(self, run_id: str, name: str) -> TrackingHold | None:
        """Become the one who sends to a tracker. Of several that try at once, one succeeds.

        Returns
        -------
        TrackingHold or None
            None if somebody else sends, as far as anybody knows.

        Raises
        ------
        RunNotFoundError
            If there is no such run, or this tracker isn't one of its.
        """
        me = this_process()
        token = json.dumps([me.host, me.boot_id, me.pid, me.process_started, secrets.token_hex(8)])
        with self._database.write() as connection:
            row = connection.execute(_ROW, {"run": run_id, "tracker": name}).mappings().one_or_none()
            if row is None:
                raise no_such_run(run_id)
            now = _now(connection)
            if not _is_free(row, now):
                return None
            this = (_COLUMNS.run_id == run_id, _COLUMNS.name == name)
            # As it was just seen: on a server somebody else may have been quicker.
            seen = (
                _COLUMNS.holder.is_not_distinct_from(row["holder"]),
                _COLUMNS.held_until.is_not_distinct_from(row["held_until"]),
            )
            taken = training_tracking.update().where(*this, *seen).values(holder=token, held_until=now + LEASE)
            if not connection.execute(taken).rowcount:
                return None
            row = connection.execute(_ROW, {"run": run_id, "tracker": name}).mappings().one()
        return TrackingHold(self._database, row, token)


def _now(connection: Connection) -> datetime:
    now: datetime = connection.execute(sa.select(clock(connection.dialect.name))).scalar_one()
    return now.astimezone(UTC)


def _is_free(row: RowMapping, now: datetime) -> bool:
    if row["holder"] is None or row["held_until"] is None or row["held_until"] <= now:
        return True
    host, boot_id, pid, started, _ = json.loads(row["holder"])
    return is_dead(Holder(row["run_id"], 0, host, boot_id, pid, started, now), now)


def _refuse(connection: Connection, run_id: str, name: str) -> None:
    """Say why a write found nothing to write to."""
    if connection.execute(_ROW, {"run": run_id, "tracker": name}).one_or_none() is None:
        raise no_such_run(run_id)
    msg = f"Another relay sends run '{run_id}' to '{name}' now; this one must stop."
    raise StaleRelayError(msg)
