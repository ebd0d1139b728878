"""Checkpoints' rows: a checkpoint exists from the moment its row is committed."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dltrainer_jupyter.core.records import BestRecord, CheckpointRecord
from dltrainer_jupyter.store.part import RUN, StorePart
from dltrainer_jupyter.store.rows import checkpoint_record, join_kinds, split_kinds
from dltrainer_jupyter.store.tables import training_checkpoints

UNIQUE_KINDS = frozenset({"best", "last"})
"""Only one checkpoint of a run is the best, and only one the last."""

_OF_RUN = (
    training_checkpoints.select().where(training_checkpoints.c.run_id == RUN).order_by(training_checkpoints.c.step)
)


def replace_checkpoint(connection: Connection, record: CheckpointRecord) -> None:
    """Write a checkpoint's row; whoever calls holds the run's row.

    A row of the same step is replaced but hands on its kinds: it held the same state, and what was asked for by
    hand must not be forgotten.
    """
    table = training_checkpoints
    kinds = set(record.kinds)
    for step, old in _kinds(connection, record.run_id).items():
        if step == record.step:
            kinds |= old
        elif old & record.kinds & UNIQUE_KINDS:
            _set_kinds(connection, record.run_id, step, old - (record.kinds & UNIQUE_KINDS))
    connection.execute(table.delete().where(table.c.run_id == record.run_id, table.c.step == record.step))
    row = {
        "run_id": record.run_id,
        "step": record.step,
        "epoch": record.epoch,
        "kinds": join_kinds(kinds),
        "metrics": record.metrics,
        "digest": record.digest,
        "path": record.path,
        "bytes": record.bytes,
        "created_at": record.created_at,
        "attempt": record.attempt,
    }
    connection.execute(table.insert(), row)


def retire_checkpoints(connection: Connection, run_id: str, steps: Sequence[int]) -> None:
    """Remove the rows of some steps."""
    table = training_checkpoints
    whole = [int(step) for step in steps]
    connection.execute(table.delete().where(table.c.run_id == run_id, table.c.step.in_(whole)))


def retire_later_checkpoints(connection: Connection, run_id: str, after: int, best: BestRecord | None) -> None:
    """Remove the rows of all later steps, and say anew which of the others is the last and which the best."""
    table = training_checkpoints
    connection.execute(table.delete().where(table.c.run_id == run_id, table.c.step > after))
    remaining = _kinds(connection, run_id)
    for step, old in remaining.items():
        kinds = old - {"last"} | ({"last"} if step == max(remaining) else frozenset())
        if best is None or best.step in remaining:
            is_best = best is not None and step == best.step
            kinds = kinds - {"best"} | ({"best"} if is_best else frozenset())
        if kinds != old:
            _set_kinds(connection, run_id, step, kinds)


def _kinds(connection: Connection, run_id: str) -> dict[int, frozenset[str]]:
    table = training_checkpoints
    rows = connection.execute(sa.select(table.c.step, table.c.kinds).where(table.c.run_id == run_id))
    return {row.step: split_kinds(row.kinds) for row in rows}


def _set_kinds(connection: Connection, run_id: str, step: int, kinds: frozenset[str]) -> None:
    table = training_checkpoints
    this = (table.c.run_id == run_id, table.c.step == step)
    connection.execute(table.update().where(*this).values(kinds=join_kinds(kinds)))


class Checkpoints(StorePart):
    """The rows of ``training_checkpoints``."""

    def checkpoints(self, run_id: str) -> list[CheckpointRecord]:
        """List a run's checkpoints, oldest first."""
        with self._database.read() as connection:
            return [checkpoint_record(row) for row in connection.execute(_OF_RUN, {"run": run_id}).mappings()]

    def checkpoint(self, run_id: str, which: str | int) -> CheckpointRecord | None:
        """Find one checkpoint of a run.

        Parameters
        ----------
        run_id : str
            The run.
        which : "best", "last" or int
            A kind (the newest of that kind), or a step.

        Returns
        -------
        CheckpointRecord or None
            None if there is none such.
        """
        found = [
            record
            for record in self.checkpoints(run_id)
            if (which in record.kinds if isinstance(which, str) else which == record.step)
        ]
        return found[-1] if found else None
