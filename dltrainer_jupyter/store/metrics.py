"""What each epoch came to, its metrics and its validation, and the last value of each metric beside it."""

from __future__ import annotations

import functools
import itertools
import operator
from collections.abc import Collection
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from dltrainer_jupyter.core.records import EpochRecord, ValidationRecord
from dltrainer_jupyter.store.packing import packed
from dltrainer_jupyter.store.part import RUN, StorePart
from dltrainer_jupyter.store.tables import training_latest_metrics, training_metrics, validation_results

_EPOCHS = (
    sa.select(training_metrics.c.epoch, training_metrics.c.step, training_metrics.c.metric, training_metrics.c.value)
    .where(training_metrics.c.run_id == RUN, training_metrics.c.epoch > sa.bindparam("after"))
    .order_by(training_metrics.c.epoch, training_metrics.c.metric)
)
_SOME_EPOCHS = _EPOCHS.where(training_metrics.c.epoch.in_(sa.bindparam("only", expanding=True)))
_LAST_EPOCH = sa.select(sa.func.max(training_metrics.c.epoch)).where(training_metrics.c.run_id == RUN)

_EACH_LAST = (
    sa.select(training_metrics.c.metric, sa.func.max(training_metrics.c.epoch).label("epoch"))
    .where(training_metrics.c.run_id == RUN)
    .group_by(training_metrics.c.metric)
    .subquery()
)
_LATEST = sa.select(
    training_metrics.c.run_id, training_metrics.c.metric, training_metrics.c.epoch, training_metrics.c.value
).join(
    _EACH_LAST,
    sa.and_(
        training_metrics.c.run_id == RUN,
        training_metrics.c.metric == _EACH_LAST.c.metric,
        training_metrics.c.epoch == _EACH_LAST.c.epoch,
    ),
)


@functools.cache
def _write_latest(dialect: str) -> sa.Insert:
    insert = (sqlite if dialect == "sqlite" else postgresql).insert(training_latest_metrics)
    new = insert.excluded
    upsert: sa.Insert = insert.on_conflict_do_update(
        index_elements=["run_id", "metric"],
        set_={"epoch": new.epoch, "value": new.value},
        where=new.epoch >= training_latest_metrics.c.epoch,
    )
    return upsert


def _find_latest(connection: Connection, run_id: str) -> None:
    """Look anew for the last value of each metric, where epochs were taken back."""
    table = training_latest_metrics
    connection.execute(table.delete().where(table.c.run_id == run_id))
    connection.execute(table.insert().from_select(["run_id", "metric", "epoch", "value"], _LATEST), {"run": run_id})


def replace_epoch(
    connection: Connection, run_id: str, record: EpochRecord, validation: ValidationRecord | None
) -> None:
    """Write an epoch's rows in place of any it has; whoever calls holds the run's row."""
    if validation is not None and validation.epoch != record.epoch:
        msg = f"expected the validation after epoch {record.epoch}, got the one after epoch {validation.epoch}"
        raise ValueError(msg)
    had = 0
    for table in (training_metrics, validation_results):
        had += connection.execute(
            table.delete().where(table.c.run_id == run_id, table.c.epoch == record.epoch)
        ).rowcount
    rows = [
        {"run_id": run_id, "epoch": record.epoch, "step": record.step, "metric": metric, "value": value}
        for metric, value in record.values.items()
    ]
    if rows:
        connection.execute(training_metrics.insert(), rows)
    if had:
        _find_latest(connection, run_id)
    elif rows:
        latest = [{name: row[name] for name in ("run_id", "metric", "epoch", "value")} for row in rows]
        connection.execute(_write_latest(connection.dialect.name), latest)
    if validation is not None:
        row = {
            "run_id": run_id,
            "epoch": validation.epoch,
            "step": validation.step,
            "confusion": validation.confusion,
            "labels": validation.labels,
            "summary": validation.summary,
            "examples": None if validation.examples is None else packed(validation.examples),
        }
        connection.execute(validation_results.insert(), row)


def retire_epochs(connection: Connection, run_id: str, after: int) -> None:
    """Remove the rows of all later epochs."""
    for table in (training_metrics, validation_results):
        connection.execute(table.delete().where(table.c.run_id == run_id, table.c.epoch > after))
    _find_latest(connection, run_id)


class Metrics(StorePart):
    """The rows of ``training_metrics``."""

    def epochs(self, run_id: str, after_epoch: int = 0, *, only: Collection[int] | None = None) -> list[EpochRecord]:
        """Read a run's metrics epoch by epoch, oldest first.

        Parameters
        ----------
        run_id : str
            The run.
        after_epoch : int, default 0
            Only later epochs.
        only : collection of int, optional
            Only these, at most some thousands: for a chart that can't show more. Others aren't even looked at.
        """
        wanted: dict[str, Any] = {"run": run_id, "after": after_epoch}
        with self._database.read() as connection:
            if only is None:
                rows = connection.execute(_EPOCHS, wanted).all()
            else:
                rows = connection.execute(_SOME_EPOCHS, {**wanted, "only": list(only)}).all()
        grouped = itertools.groupby(rows, key=operator.itemgetter(0, 1))
        return [
            EpochRecord(epoch, step, {metric: value for _, _, metric, value in of_epoch})
            for (epoch, step), of_epoch in grouped
        ]

    def last_epoch(self, run_id: str) -> int:
        """Give the last epoch that was recorded; 0 before the first."""
        with self._database.read() as connection:
            return connection.execute(_LAST_EPOCH, {"run": run_id}).scalar() or 0
