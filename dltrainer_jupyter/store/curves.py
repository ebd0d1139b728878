"""Curves: series with a value for each step, in packed blocks.

A block holds up to :data:`BLOCK` consecutive steps, with its smallest and largest value and where they are, so
that a chart seen from afar reads no values at all. Only the last block of a series is ever written again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from dltrainer_jupyter.store.part import StorePart
from dltrainer_jupyter.store.tables import training_curves

BLOCK = 2000
"""Most values in a block."""

Values = npt.NDArray[np.float32]


@dataclass(frozen=True)
class CurveBlock:
    """What is known about some consecutive steps without reading their values.

    NaNs don't count as values; where there is nothing else, both extremes are NaN.
    """

    first_step: int
    count: int
    minimum: float
    minimum_step: int
    maximum: float
    maximum_step: int


@dataclass(frozen=True)
class Chunk:
    """Some consecutive steps' values; the last one of a series is what the next values go on from."""

    first_step: int
    values: Values

    @property
    def next_step(self) -> int:
        """The step after the last one here."""
        return self.first_step + len(self.values)


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
    [2000, 2000, 500]
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


def _row(run_id: str, name: str, chunk: Chunk) -> dict[str, Any]:
    values, first = chunk.values, chunk.first_step
    low, high = 0, 0
    numbers = np.flatnonzero(~np.isnan(values))
    if len(numbers):
        low, high = int(numbers[values[numbers].argmin()]), int(numbers[values[numbers].argmax()])
    return {
        "run_id": run_id,
        "name": name,
        "first_step": first,
        "count": len(values),
        "minimum": values[low],
        "minimum_step": first + low,
        "maximum": values[high],
        "maximum_step": first + high,
        "packed": values.astype("<f4").tobytes(),
    }


def write_chunks(connection: Connection, run_id: str, name: str, chunks: list[Chunk]) -> None:
    """Write blocks, in place of those that begin at the same steps; whoever calls holds the run's row."""
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    insert = dialect.insert(training_curves)
    keys = [column.name for column in training_curves.primary_key]
    new = {column.name: column for column in insert.excluded if column.name not in keys}
    statement = insert.on_conflict_do_update(index_elements=keys, set_=new)
    connection.execute(statement, [_row(run_id, name, chunk) for chunk in chunks])


def read_tail(connection: Connection, run_id: str, name: str) -> Chunk:
    """Read the last block of a series."""
    table = training_curves
    query = (
        sa.select(table.c.first_step, table.c.packed)
        .where(table.c.run_id == run_id, table.c.name == name)
        .order_by(table.c.first_step.desc())
        .limit(1)
    )
    row = connection.execute(query).one_or_none()
    return NOTHING if row is None else Chunk(row[0], _unpacked(row[1]))


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
        write_chunks(connection, run_id, name, [kept])


def _unpacked(packed: bytes) -> Values:
    return np.frombuffer(packed, "<f4").astype(np.float32)


class Curves(StorePart):
    """The rows of ``training_curves``."""

    def curve_names(self, run_id: str) -> list[str]:
        """List a run's series by name, sorted."""
        query = sa.select(training_curves.c.name).where(training_curves.c.run_id == run_id).distinct()
        with self._database.read() as connection:
            return sorted(connection.execute(query).scalars())

    def curve_blocks(
        self, run_id: str, name: str, start: int | None = None, stop: int | None = None
    ) -> list[CurveBlock]:
        """Read the blocks of a series without their values, in order.

        Parameters
        ----------
        run_id : str
            The run.
        name : str
            The series, such as ``"train_loss"``.
        start, stop : int, optional
            Only blocks with a step in ``start <= step < stop``.
        """
        table = training_curves.c
        columns = (table.first_step, table.count, table.minimum, table.minimum_step, table.maximum, table.maximum_step)
        query = sa.select(*columns).where(*_within(run_id, name, start, stop)).order_by(table.first_step)
        with self._database.read() as connection:
            return [CurveBlock(*row) for row in connection.execute(query)]

    def curve_values(
        self, run_id: str, name: str, start: int | None = None, stop: int | None = None
    ) -> tuple[npt.NDArray[np.int64], Values]:
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
        table = training_curves
        query = (
            sa.select(table.c.first_step, table.c.packed)
            .where(*_within(run_id, name, start, stop))
            .order_by(table.c.first_step)
        )
        with self._database.read() as connection:
            chunks = [Chunk(first_step, _unpacked(packed)) for first_step, packed in connection.execute(query)]
        steps = [np.arange(chunk.first_step, chunk.next_step, dtype=np.int64) for chunk in chunks]
        all_steps = np.concatenate([np.empty(0, np.int64), *steps])
        all_values = np.concatenate([NOTHING.values, *(chunk.values for chunk in chunks)])
        first = 0 if start is None else int(np.searchsorted(all_steps, start))
        last = len(all_steps) if stop is None else int(np.searchsorted(all_steps, stop))
        return all_steps[first:last], all_values[first:last]


def _within(run_id: str, name: str, start: int | None, stop: int | None) -> list[sa.ColumnElement[bool]]:
    table = training_curves.c
    conditions = [table.run_id == run_id, table.name == name]
    if start is not None:
        # The first says nothing the second doesn't, but the index can use it.
        conditions += [table.first_step > start - BLOCK, table.first_step + table.count > start]
    if stop is not None:
        conditions.append(table.first_step < stop)
    return conditions
