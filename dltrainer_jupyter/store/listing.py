"""Lists of runs: chosen, ordered and counted, page by page, among however many.

A run's row holds its specification, so that ten thousand of them take long to read. Conditions and orders look at an
index that holds all they need (``ix_training_jobs_listed``); only the rows of the page itself are read.
"""

from __future__ import annotations

import operator
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

import sqlalchemy as sa

from dltrainer_jupyter.core.records import ListedRun
from dltrainer_jupyter.core.states import State
from dltrainer_jupyter.store.columns import UtcDateTime
from dltrainer_jupyter.store.locking import clock
from dltrainer_jupyter.store.part import StorePart
from dltrainer_jupyter.store.rows import listed_run
from dltrainer_jupyter.store.tables import (
    deleted_runs,
    training_attempts,
    training_jobs,
    training_latest_metrics,
    training_metrics,
)

SIGNS = {">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le, "=": operator.eq}
"""How a value may be compared."""
BEST = "best"
"""Compared like a metric: the best value of whichever one a run monitors."""


class Sort(StrEnum):
    """The order of a list."""

    NEWEST = "newest"
    OLDEST = "oldest"
    NAME = "name"
    BEST = "best"
    """Best first: of monitored metrics that grow, the greatest; then of those that shrink, the least."""
    UPDATED = "updated"


class Comparison(NamedTuple):
    """What a run's last value of a metric has to be."""

    metric: str
    sign: str
    value: float


@dataclass(frozen=True)
class RunFilter:
    """Which runs a list holds: those that meet every condition."""

    name: str | None = None
    """Exactly."""
    words: tuple[str, ...] = ()
    """Each stands in the name, in capitals or not."""
    hosts: tuple[tuple[str, ...], ...] = ()
    """Of each, one stands in the host's name."""
    states: tuple[frozenset[State], ...] = ()
    """The run is in one state of each."""
    frameworks: tuple[frozenset[str], ...] = ()
    executors: tuple[frozenset[str], ...] = ()
    comparisons: tuple[Comparison, ...] = ()

    def __bool__(self) -> bool:
        """Tell whether anything is asked for."""
        return self != RunFilter()


class Position(NamedTuple):
    """Where in a list a page ends: by the order and, among equals, by the run's number."""

    key: str | float | datetime | None
    number: int


_JOB = training_jobs.c
_GOODNESS = sa.case((_JOB.best_mode == "max", -_JOB.best_value), else_=_JOB.best_value)
_KEYS: dict[Sort, sa.ColumnElement[Any]] = {
    Sort.NAME: _JOB.name,
    Sort.BEST: _GOODNESS,
    Sort.UPDATED: _JOB.updated_at,
}

_ROW = (
    sa.select(
        *(column for column in _JOB if column.name not in {"spec", "environment", "signature", "error_traceback"}),
        _JOB.spec["monitor"].as_string().label("monitor"),
        training_attempts.c.environment["device"].as_string().label("device"),
    )
    .outerjoin(
        training_attempts,
        sa.and_(training_attempts.c.run_id == _JOB.id, training_attempts.c.number == _JOB.attempt),
    )
    .order_by(_JOB.number.desc())
)
_NUMBERED = _ROW.where(_JOB.number.in_(sa.bindparam("numbers", expanding=True)))
_NAMED = _ROW.where(_JOB.id.in_(sa.bindparam("runs", expanding=True)))

_SINCE = sa.bindparam("since", type_=UtcDateTime)
_CHANGED = sa.select(_JOB.id, _JOB.revision).where(_JOB.updated_at >= _SINCE)
_GONE = sa.select(deleted_runs.c.id).where(deleted_runs.c.deleted_at >= _SINCE)


def _courses() -> sa.Select[Any]:
    """Read the last value in each of some equal parts of a metric's epochs: as many rows however many epochs."""
    points = sa.bindparam("points", type_=sa.Integer)
    parts = sa.select(sa.literal(0).label("part")).cte("parts", recursive=True)
    parts = parts.union_all(sa.select(parts.c.part + 1).where(parts.c.part + 1 < points))
    last, within = training_latest_metrics.c, training_metrics.c
    monitored = sa.and_(last.run_id == _JOB.id, last.metric == _JOB.best_metric)
    width = (last.epoch + points - 1) // points
    newest = (
        sa.select(within.epoch)
        .where(
            within.run_id == last.run_id,
            within.metric == last.metric,
            within.epoch > parts.c.part * width,
            within.epoch <= (parts.c.part + 1) * width,
        )
        .order_by(within.epoch.desc())
        .limit(1)
    )
    # Two looks by the index for each part; a join by what the first one finds is made from the other end, at length.
    return (
        sa.select(
            last.run_id,
            newest.scalar_subquery().label("epoch"),
            newest.with_only_columns(within.value).scalar_subquery().label("value"),
        )
        .join_from(training_jobs, training_latest_metrics, monitored)
        .join(parts, parts.c.part * width < last.epoch)
        .where(_JOB.id.in_(sa.bindparam("runs", expanding=True)))
        .order_by(last.run_id, parts.c.part)
    )


_COURSES = _courses()


class Changes(NamedTuple):
    """What became of a store's runs since some moment."""

    now: datetime
    """By the clock that everybody who writes to the store goes by."""
    revisions: dict[str, int]
    """Of runs that were written to, by id."""
    gone: set[str]
    """Ids of those that were deleted."""


class Listing(StorePart):
    """Reads many runs at once."""

    def page(
        self, wanted: RunFilter, *, sort: Sort = Sort.NEWEST, limit: int = 50, after: Position | None = None
    ) -> tuple[list[ListedRun], Position | None]:
        """Read a page of a list.

        Parameters
        ----------
        wanted : RunFilter
            Which runs.
        sort : Sort, default Sort.NEWEST
            In which order; among equals the newest comes first.
        limit : int, default 50
            At most so many.
        after : Position, optional
            Where the page before ended. Its last run may be gone.

        Returns
        -------
        list of ListedRun
            The page.
        Position or None
            Where it ends; None if nothing comes after it.
        """
        query = sa.select(_JOB.number, _KEYS.get(sort, sa.null()).label("key")).where(*_conditions(wanted, sort))
        if after is not None:
            query = query.where(_behind(sort, after))
        # One more than is shown tells whether there is another page. It begins where this one ends, whatever has become
        # of that run by then: so none comes twice or is left out.
        query = query.order_by(*_order(sort, filtered=bool(wanted))).limit(limit + 1)
        with self._database.read() as connection:
            found = connection.execute(query).all()
            numbers = [row.number for row in found[:limit]]
            rows = connection.execute(_NUMBERED, {"numbers": numbers}).mappings().all() if numbers else []
        runs = {row["number"]: listed_run(row) for row in rows}
        end = Position(found[limit - 1].key, numbers[-1]) if len(found) > limit else None
        return [runs[number] for number in numbers if number in runs], end

    def listed(self, run_ids: Collection[str]) -> list[ListedRun]:
        """Read some runs as a list shows them, newest first; those that are gone are left out."""
        with self._database.read() as connection:
            return [listed_run(row) for row in connection.execute(_NAMED, {"runs": list(run_ids)}).mappings()]

    def counts(self, wanted: RunFilter) -> dict[State, int]:
        """Count runs by state; states without any are left out."""
        query = sa.select(_JOB.state, sa.func.count()).where(*_conditions(wanted)).group_by(_JOB.state)
        with self._database.read() as connection:
            return {State(state): count for state, count in connection.execute(query)}

    def courses(self, run_ids: Collection[str], points: int) -> dict[str, list[float]]:
        """Read how the monitored metric of some runs went, by id.

        Parameters
        ----------
        run_ids : collection of str
            Which runs. Those that have not been validated yet are left out.
        points : int
            At most so many values of each: of that many equal parts of its epochs the last one.
        """
        found: dict[str, list[float]] = {}
        with self._database.read() as connection:
            for run_id, epoch, value in connection.execute(_COURSES, {"runs": list(run_ids), "points": points}):
                # Nothing may have been validated in a part.
                if epoch is not None:
                    found.setdefault(run_id, []).append(value)
        return found

    def changes(self, since: datetime | None) -> Changes:
        """Say what was written or deleted at a moment or later; by the index, however many runs there are.

        Parameters
        ----------
        since : datetime or None
            The moment, by the same clock as ``now`` in the answer; None only asks for that clock.
        """
        with self._database.read() as connection:
            now = connection.execute(sa.select(clock(connection.dialect.name))).scalar_one()
            if since is None:
                return Changes(now, {}, set())
            changed = connection.execute(_CHANGED, {"since": since}).all()
            gone = set(connection.execute(_GONE, {"since": since}).scalars())
        return Changes(now, {row.id: row.revision for row in changed}, gone)


def _conditions(wanted: RunFilter, sort: Sort = Sort.NEWEST) -> Sequence[sa.ColumnElement[bool]]:
    conditions = [_JOB.name.icontains(word, autoescape=True) for word in wanted.words]
    conditions += [sa.or_(*(_JOB.host.icontains(host, autoescape=True) for host in hosts)) for hosts in wanted.hosts]
    exactly = ((_JOB.state, wanted.states), (_JOB.framework, wanted.frameworks), (_JOB.executor, wanted.executors))
    conditions += [column.in_(sorted(values)) for column, groups in exactly for values in groups]
    if wanted.name is not None:
        conditions.append(_JOB.name == wanted.name)
    conditions += map(_compared, wanted.comparisons)
    if conditions and sort == Sort.UPDATED:
        # The index of that order lacks what is asked for, and the one that has it knows no such order.
        return [_JOB.number.in_(sa.select(_JOB.number).where(*conditions).correlate(None))]
    return conditions


def _compared(wanted: Comparison) -> sa.ColumnElement[bool]:
    holds = SIGNS[wanted.sign]
    if wanted.metric == BEST:
        return holds(_JOB.best_value, wanted.value)  # type: ignore[no-any-return]
    last = training_latest_metrics.c
    matching = sa.select(last.run_id).where(last.metric == wanted.metric, holds(last.value, wanted.value))
    # Added to, so that the ids are looked for in the index of all that is asked: row by row takes three times as long.
    return _JOB.id.concat("").in_(matching)


def _order(sort: Sort, *, filtered: bool) -> Sequence[sa.ColumnElement[Any]]:
    # What is added to can't be had from the table's own order, nor from an index: so what is filtered is looked for in
    # the index that holds all that is asked, not row by row until enough are found.
    number, name = (_JOB.number + 0, _JOB.name.concat("")) if filtered else (_JOB.number, _JOB.name)
    match sort:
        case Sort.NEWEST:
            return [number.desc()]
        case Sort.OLDEST:
            return [number]
        case Sort.NAME:
            return [name, _JOB.number.desc()]
        case Sort.BEST:
            return [_GOODNESS.nulls_last(), _JOB.number.desc()]
        case Sort.UPDATED:
            return [_JOB.updated_at.desc(), _JOB.number.desc()]


def _behind(sort: Sort, end: Position) -> sa.ColumnElement[bool]:
    """Give the condition for what comes after the end of a page."""
    older = _JOB.number < end.number
    if sort not in _KEYS:
        return older if sort == Sort.NEWEST else _JOB.number > end.number
    key = _KEYS[sort]
    if end.key is None:
        return sa.and_(key.is_(None), older)
    later = key < end.key if sort == Sort.UPDATED else key > end.key
    behind = sa.or_(later, sa.and_(key == end.key, older))
    return sa.or_(behind, key.is_(None)) if sort == Sort.BEST else behind
