"""How series grow and are cut back: blocks and levels together."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dltrainer_jupyter.store.curves import (
    NOTHING,
    Chunk,
    Series,
    appended,
    finished_chunks,
    last_chunk,
    retire_points,
    write_chunks,
)
from dltrainer_jupyter.store.extremes import Values
from dltrainer_jupyter.store.levels import Pending, read_pending, retire_levels, rolled_up, write_levels
from dltrainer_jupyter.store.tables import training_curves


@dataclass(frozen=True)
class End:
    """What a trainer remembers of a series, so that adding to it reads nothing back."""

    tail: Chunk = NOTHING
    """The last block, which the next values fill up."""
    pending: Pending = ()
    """What of the others isn't rolled up yet."""


def read_end(connection: Connection, series: Series) -> End:
    """Read the end of a series, for whoever doesn't remember it."""
    return End(last_chunk(connection, series), read_pending(connection, series))


def extended(connection: Connection, series: Series, end: End, first_step: int, values: Values) -> End:
    """Write further values of a series; whoever calls holds the run's row.

    Parameters
    ----------
    connection : sqlalchemy.engine.Connection
        Within a transaction.
    series : Series
        Which one.
    end : End
        Where the series ends.
    first_step : int
        Step of the first new value, after the series' last one.
    values : numpy.ndarray, shape (n,), dtype float32
        The new values.

    Returns
    -------
    End
        Where the series ends now.

    Raises
    ------
    ValueError
        If the series has values for these steps already, or the values aren't a row of numbers.
    """
    chunks = appended(end.tail, first_step, values)
    if not chunks:
        return end
    write_chunks(connection, series, chunks)
    goes_on = chunks[0].first_step == end.tail.first_step
    finished = chunks[:-1] if goes_on or end.tail is NOTHING else [end.tail, *chunks[:-1]]
    pending, rows = rolled_up(end.pending, finished)
    write_levels(connection, series, rows)
    return End(chunks[-1], pending)


def retire_steps(connection: Connection, run_id: str, after: int) -> None:
    """Remove all later steps from all series of a run."""
    retire_points(connection, run_id, after)
    retire_levels(connection, run_id)


def roll_up_everything(connection: Connection) -> None:
    """Make the levels of all series, in a store that comes from before there were any.

    All in one transaction, the one that makes their table: a store that has the table has all levels, even if whoever
    makes them is killed, and nobody else begins to make them too.
    """
    table = training_curves
    for series in map(Series._make, connection.execute(sa.select(table.c.run_id, table.c.name).distinct()).all()):
        pending: Pending = ()
        for blocks in finished_chunks(connection, series):
            pending, rows = rolled_up(pending, blocks)
            write_levels(connection, series, rows)
