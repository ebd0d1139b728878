"""Curves: series with a value for each step, in packed blocks.

A block holds up to :data:`BLOCK` consecutive steps; its smallest and largest value stand beside it, for people who open
the database themselves. Only the last block of a series is ever written again, until it is full: so flushes, however
small, leave full blocks behind. What a series looks like from afar is in :mod:`~dltrainer_jupyter.store.levels`.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from dltrainer_jupyter.store.columns import Whole
from dltrainer_jupyter.store.extremes import Steps, Values
from dltrainer_jupyter.store.part import MOST, RUN, StorePart
from dltrainer_jupyter.store.tables import training_curves

BLOCK = 2048
"""Most values in a block."""
_PART = 256
"""Blocks in memory at once, where a whole series is gone through."""

START, STOP = sa.bindparam("start", type_=Whole), sa.bindparam("stop", type_=Whole)
"""Bounds of steps: ``START <= step < STOP``."""


def of_series(table: sa.Table) -> tuple[sa.ColumnElement[bool], ...]:
    """Give the conditions for a series' rows; :meth:`Series.named` says which series."""
    return table.c.run_id == RUN, table.c.name == sa.bindparam("name")


class Series(NamedTuple):
    """Which series of which run."""

    run_id: str
    name: str

    def named(self, **more: int) -> dict[str, str | int]:
        """Give the parameters of a statement about its rows, see :func:`of_series`."""
        return {"run": self.run_id, "name": self.name, **more}


@dataclass(frozen=True)
class Chunk:
    """Some consecutive steps' values; the last one of a series is what the next values go on from."""

    first_step: int
    values: Values

    @property
    def next_step(self) -> int:
        """The step after the last one here."""
        return self.first_step + len(self.values)

    @property
    def steps(self) -> Steps:
        """The steps, shape (n,), dtype int64."""
        return np.arange(self.first_step, self.next_step, dtype=np.int64)


NOTHING = Chunk(0, np.empty(0, np.float32))
"""The end of a series that hasn't begun."""


def appended(tail: Chunk, first_step: int, values: Values) -> list[Chunk]:
    """Cut new values into blocks, filling up the last block if they follow on it.

    Parameters
    ----------
    tail : Chunk
        The last block so far.
    first_step : int
        Step of the first new value, at or after ``tail.next_step``.
    values : numpy.ndarray, shape (n,), dtype float32
        The new values.

    Returns
    -------
    list of Chunk
        The blocks to write, in order.

    Raises
    ------
    ValueError
        If the series has values for these steps already, or the values aren't a row of numbers.

    Examples
    --------
    >>> [len(chunk.values) for chunk in appended(NOTHING, 1, np.zeros(4500, np.float32))]
    [2048, 2048, 404]
    """
    values = np.asarray(values, np.float32)
    if values.ndim != 1:
        msg = f"expected a one-dimensional array of values, got shape {values.shape}"
        raise ValueError(msg)
    if first_step < tail.next_step:
        msg = f"expected values from step {tail.next_step} on, got step {first_step}; rewind before writing steps again"
        raise ValueError(msg)
    if first_step == tail.next_step and 0 < len(tail.values) < BLOCK:
        first_step, values = tail.first_step, np.concatenate([tail.values, values])
    return [Chunk(first_step + start, values[start : start + BLOCK].copy()) for start in range(0, len(values), BLOCK)]


_BLOCK = training_curves.c
_THIS = of_series(training_curves)
_LAST = sa.select(sa.func.max(_BLOCK.first_step)).where(*_THIS).scalar_subquery()
_WITHIN = (
    *_THIS,
    # This says nothing the next one doesn't, but the index can use it.
    _BLOCK.first_step > START - BLOCK,
    _BLOCK.first_step + _BLOCK.count > START,
    _BLOCK.first_step < STOP,
)
_ENDS = [
    sa.select(_BLOCK.first_step).where(*_WITHIN).order_by(order).limit(1).scalar_subquery()
    for order in (_BLOCK.first_step, _BLOCK.first_step.desc())
]
_READ = sa.select(_BLOCK.first_step, _BLOCK.packed).where(*_THIS).order_by(_BLOCK.first_step)
_READ_WITHIN = _READ.where(*_WITHIN)
_READ_ENDS = _READ.where(_BLOCK.first_step.in_(_ENDS))
_READ_LAST = _READ.where(_BLOCK.first_step == _LAST)
_READ_FINISHED = _READ.where(_BLOCK.first_step < _LAST).execution_options(yield_per=_PART)


def _every_name() -> sa.Select[Any]:
    # From one name to the next by the index: a long series has very many rows.
    first = sa.select(sa.func.min(_BLOCK.name).label("name")).where(_BLOCK.run_id == RUN)
    names = first.cte("names", recursive=True)
    following = first.where(_BLOCK.name > names.c.name).scalar_subquery()
    names = names.union_all(sa.select(following).where(names.c.name.is_not(None)))
    return sa.select(names.c.name).where(names.c.name.is_not(None))


_NAMES = _every_name()


@functools.cache
def _write(dialect: str) -> sa.Insert:
    insert = (sqlite if dialect == "sqlite" else postgresql).insert(training_curves)
    keys = [column.name for column in training_curves.primary_key]
    new = {column.name: column for column in insert.excluded if column.name not in keys}
    upsert: sa.Insert = insert.on_conflict_do_update(index_elements=keys, set_=new)
    return upsert


def write_chunks(connection: Connection, series: Series, chunks: Sequence[Chunk]) -> None:
    """Write blocks, in place of those that begin at the same steps; whoever calls holds the run's row."""
    rows = [
        {
            **series._asdict(),
            "first_step": chunk.first_step,
            "count": len(chunk.values),
            # NaNs don't count, unless there is nothing else.
            "minimum": np.fmin.reduce(chunk.values),
            "maximum": np.fmax.reduce(chunk.values),
            "packed": chunk.values.astype("<f4", copy=False).tobytes(),
        }
        for chunk in chunks
    ]
    connection.execute(_write(connection.dialect.name), rows)


def read_chunks(
    connection: Connection, series: Series, start: int | None = None, stop: int | None = None
) -> list[Chunk]:
    """Read the blocks with a step in ``start <= step < stop``, in order."""
    return _chunks(connection, _READ_WITHIN, series.named(**_bounds(start, stop)))


def last_chunk(connection: Connection, series: Series) -> Chunk:
    """Read the last block of a series."""
    found = _chunks(connection, _READ_LAST, series.named())
    return found[0] if found else NOTHING


def finished_chunks(connection: Connection, series: Series) -> Iterator[list[Chunk]]:
    """Read all blocks but the last, which is written again, in order and some at a time, however many there are."""
    for rows in connection.execute(_READ_FINISHED, series.named()).partitions():
        yield [Chunk(first_step, _unpacked(packed)) for first_step, packed in rows]


def _bounds(start: int | None, stop: int | None) -> dict[str, int]:
    # There is no step before 0.
    return {"start": 0 if start is None else start, "stop": MOST if stop is None else stop}


def _chunks(connection: Connection, query: sa.Select[Any], parameters: Mapping[str, Any]) -> list[Chunk]:
    return [Chunk(first_step, _unpacked(packed)) for first_step, packed in connection.execute(query, parameters)]


def read_values(
    connection: Connection, series: Series, start: int | None = None, stop: int | None = None
) -> tuple[Steps, Values]:
    """Read the values of the steps in ``start <= step < stop``."""
    return _cut(read_chunks(connection, series, start, stop), start, stop)


def joined(chunks: Sequence[Chunk]) -> tuple[Steps, Values]:
    """Put blocks together."""
    steps = np.concatenate([NOTHING.steps, *(chunk.steps for chunk in chunks)])
    return steps, np.concatenate([NOTHING.values, *(chunk.values for chunk in chunks)])


def _cut(chunks: Sequence[Chunk], start: int | None, stop: int | None) -> tuple[Steps, Values]:
    """Put blocks together and leave out what lies outside."""
    steps, values = joined(chunks)
    first = 0 if start is None else int(np.searchsorted(steps, start))
    last = len(steps) if stop is None else int(np.searchsorted(steps, stop))
    return steps[first:last], values[first:last]


def retire_points(connection: Connection, run_id: str, after: int) -> None:
    """Remove the values of all later steps from all series."""
    table = training_curves
    connection.execute(table.delete().where(table.c.run_id == run_id, table.c.first_step > after))
    query = sa.select(table.c.name, table.c.first_step, table.c.packed).where(
        table.c.run_id == run_id,
        table.c.first_step > after - BLOCK,
        table.c.first_step + table.c.count - 1 > after,
    )
    for name, first_step, packed in connection.execute(query).all():
        kept = Chunk(first_step, _unpacked(packed)[: after + 1 - first_step])
        write_chunks(connection, Series(run_id, name), [kept])


def _unpacked(packed: bytes) -> Values:
    return np.frombuffer(packed, "<f4").astype(np.float32, copy=False)


class Curves(StorePart):
    """The rows of ``training_curves``."""

    def curve_names(self, run_id: str) -> list[str]:
        """List a run's series by name, sorted."""
        with self._database.read() as connection:
            return sorted(connection.execute(_NAMES, {"run": run_id}).scalars())

    def curve_values(
        self, run_id: str, name: str, start: int | None = None, stop: int | None = None
    ) -> tuple[Steps, Values]:
        """Read the values of a series.

        Parameters
        ----------
        run_id : str
            The run.
        name : str
            The series, such as ``"train_loss"``.
        start, stop : int, optional
            Only steps with ``start <= step < stop``.

        Returns
        -------
        steps : numpy.ndarray, shape (n,), dtype int64
            Increasing.
        values : numpy.ndarray, shape (n,), dtype float32
            The same bits that were written.

        Examples
        --------
        >>> steps, values = store.curve_values("4f1c9a", "train_loss", start=1000)  # doctest: +SKIP
        """
        with self._database.read() as connection:
            return read_values(connection, Series(run_id, name), start, stop)

    def curve_ends(
        self, run_id: str, name: str, start: int | None = None, stop: int | None = None
    ) -> tuple[Steps, Values]:
        """Read the first and the last value of a series, without what lies between.

        Parameters
        ----------
        run_id : str
            The run.
        name : str
            The series, such as ``"train_loss"``.
        start, stop : int, optional
            Only steps with ``start <= step < stop``.

        Returns
        -------
        steps : numpy.ndarray, shape (n,), dtype int64
            Two, or as many as there are.
        values : numpy.ndarray, shape (n,), dtype float32
            One for each step.
        """
        wanted = Series(run_id, name).named(**_bounds(start, stop))
        with self._database.read() as connection:
            steps, values = _cut(_chunks(connection, _READ_ENDS, wanted), start, stop)
        ends = np.unique([0, len(steps) - 1]) if len(steps) else np.empty(0, np.int64)
        return steps[ends], values[ends]
