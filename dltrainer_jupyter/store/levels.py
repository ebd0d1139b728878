"""Resolution levels of a series, by min-max downsampling: a look from afar reads no more than one from near.

Each :data:`FAN_OUT` blocks of values are rolled up into a row of level 1, with the extremes of buckets that span
:data:`FINEST_SPAN` values; each :data:`FAN_OUT` rows of a level into one of the next, whose buckets span as many times
more. Rows are written once; what is pending is read from below. Levels follow from the values alone and lose no
extreme of them.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dltrainer_jupyter.store.curves import START, STOP, Chunk, Series, joined, of_series, read_chunks, read_values
from dltrainer_jupyter.store.extremes import EXTREMES, Extremes, every, extremes_of, merged
from dltrainer_jupyter.store.part import MOST, StorePart
from dltrainer_jupyter.store.tables import training_curve_levels, training_curves

FINEST_SPAN = 64
"""Values in a bucket of level 1."""
FAN_OUT = 16
"""So many blocks, or rows of a level, make a row of the next level; its buckets span so many times more."""


def bucket_span(level: int) -> int:
    """Give the number of values in a bucket of a level; level 0 are the values themselves.

    Examples
    --------
    >>> [bucket_span(level) for level in range(4)]
    [1, 64, 1024, 16384]
    """
    return FINEST_SPAN * FAN_OUT ** (level - 1) if level else 1


@dataclass(frozen=True)
class Buckets:
    """Consecutive buckets: the steps they hold together, and the extremes of each."""

    first_step: int
    last_step: int
    extremes: Extremes


Pending = tuple[tuple[Buckets, ...], ...]
"""What of each level isn't rolled up into the next yet, blocks first, already in buckets of the next one's span."""


def _downsampled(blocks: Sequence[Chunk]) -> list[Buckets]:
    """Cut blocks into buckets of level 1; all in one go, since each call has its price."""
    counts = [len(block.values) for block in blocks]
    begins = np.cumsum([0, *counts])
    edges = [begin + every(FINEST_SPAN, count) for begin, count in zip(begins, counts, strict=False)]
    if not edges:
        return []
    found = extremes_of(*joined(blocks), np.concatenate(edges))
    parts = np.split(found, np.cumsum([len(part) for part in edges])[:-1])
    return [Buckets(block.first_step, block.next_step - 1, part) for block, part in zip(blocks, parts, strict=True)]


def _coarser(row: Buckets) -> Buckets:
    return Buckets(row.first_step, row.last_step, merged(row.extremes, every(FAN_OUT, len(row.extremes))))


def rolled_up(pending: Pending, blocks: Sequence[Chunk]) -> tuple[Pending, list[tuple[int, Buckets]]]:
    """Add further blocks to what is pending, and make rows of what is enough for one.

    Parameters
    ----------
    pending : Pending
        What isn't rolled up before.
    blocks : sequence of Chunk
        The blocks that follow, in order. The last of a series is not among them, since it is written again.

    Returns
    -------
    pending : Pending
        What isn't rolled up now.
    rows : list of (int, Buckets)
        The rows that came to be, each with its level.
    """
    left, rows = list(pending), []
    for block in _downsampled(blocks):
        added = block
        for level in itertools.count():
            waiting = (*(left[level] if level < len(left) else ()), added)
            left[level : level + 1] = [waiting]
            if len(waiting) < FAN_OUT:
                break
            left[level] = ()
            extremes = np.concatenate([part.extremes for part in waiting])
            row = Buckets(waiting[0].first_step, waiting[-1].last_step, extremes)
            rows.append((level + 1, row))
            added = _coarser(row)
    return tuple(left), rows


# --- rows -----------------------------------------------------------------------------------------------

_ROW = training_curve_levels.c
_THIS = of_series(training_curve_levels)
_ENDS = sa.select(_ROW.level, sa.func.max(_ROW.last_step)).where(*_THIS).group_by(_ROW.level)
_READ = (
    sa.select(_ROW.first_step, _ROW.last_step, _ROW.packed)
    .where(*_THIS, _ROW.level == sa.bindparam("level"), _ROW.first_step >= START)
    .where(_ROW.first_step < STOP, _ROW.last_step < STOP)
    .order_by(_ROW.first_step)
)


def write_levels(connection: Connection, series: Series, rows: Iterable[tuple[int, Buckets]]) -> None:
    """Write what rolling up blocks led to; whoever calls holds the run's row."""
    values = [
        {
            **series._asdict(),
            "level": level,
            "first_step": row.first_step,
            "last_step": row.last_step,
            "packed": row.extremes.tobytes(),
        }
        for level, row in rows
    ]
    if values:
        connection.execute(training_curve_levels.insert(), values)


def read_pending(connection: Connection, series: Series) -> Pending:
    """Read what of a series isn't rolled up yet; its last block is left out, which is written again."""
    # By level: the step at which what lies below begins that isn't rolled up into it.
    begins = {level: last + 1 for level, last in connection.execute(_ENDS, series.named())}
    blocks = _downsampled(read_chunks(connection, series, begins.get(1))[:-1])
    rows = [_read(connection, series, level, begins.get(level + 1, 0)) for level in sorted(begins)]
    return (tuple(blocks), *(tuple(_coarser(row) for row in level) for level in rows))


def retire_levels(connection: Connection, run_id: str) -> None:
    """Remove the rows that hold what blocks no longer do, or the last block of a series, which is written again."""
    table, blocks = training_curve_levels, training_curves
    this = (blocks.c.run_id == table.c.run_id, blocks.c.name == table.c.name)
    last = sa.select(sa.func.max(blocks.c.first_step)).where(*this).scalar_subquery()
    connection.execute(table.delete().where(table.c.run_id == run_id, table.c.last_step >= sa.func.coalesce(last, 0)))


def _read(connection: Connection, series: Series, level: int, start: int, stop: int = MOST) -> list[Buckets]:
    """Read the rows of a level that lie wholly in ``start <= step < stop``, in order."""
    found = connection.execute(_READ, series.named(level=level, start=start, stop=stop))
    return [Buckets(first, last, np.frombuffer(packed, EXTREMES)) for first, last, packed in found]


def _read_down(connection: Connection, series: Series, level: int, start: int, stop: int) -> Extremes:
    """Read a level as far as there are rows of it, and from below what lies before and after them."""
    rows = _read(connection, series, level, start, stop)
    # Each row stands upon the one before: between two of this level nothing is left out.
    first, last = (rows[0].first_step, rows[-1].last_step + 1) if rows else (stop, stop)
    parts = [row.extremes for row in rows]
    if start < first:
        parts.insert(0, _read_below(connection, series, level, start, first))
    if last < stop:
        parts.append(_read_below(connection, series, level, last, stop))
    return np.concatenate(parts)


def _read_below(connection: Connection, series: Series, level: int, start: int, stop: int) -> Extremes:
    if level == 1:
        steps, values = read_values(connection, series, start, stop)
        return extremes_of(steps, values, every(FINEST_SPAN, len(values)))
    below = _read_down(connection, series, level - 1, start, stop)
    return merged(below, every(FAN_OUT, len(below)))


class Levels(StorePart):
    """The rows of ``training_curve_levels``."""

    def curve_extremes(self, run_id: str, name: str, level: int, start: int, stop: int) -> Extremes:
        """Read what a series looks like from afar.

        However long the series, no more is read than the buckets wanted and, at each end, up to a row of each level
        below.

        Parameters
        ----------
        run_id : str
            The run.
        name : str
            The series, such as ``"train_loss"``.
        level : int
            How far, at least 1: a bucket holds up to ``bucket_span(level)`` values.
        start, stop : int
            Only steps with ``start <= step < stop``, of which there is at least one.

        Returns
        -------
        numpy.ndarray, shape (n,), dtype EXTREMES
            Extremes of consecutive buckets, which together hold each value exactly once.
        """
        with self._database.read() as connection:
            return _read_down(connection, Series(run_id, name), level, start, stop)
