"""Series and epochs as MLflow's metrics: rows with a name, a value, a time and a step."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from dltrainer_jupyter.trackers import series
from dltrainer_jupyter.trackers.mlflow.naming import Names

if TYPE_CHECKING:
    from dltrainer_jupyter.core.tracking import Update
    from dltrainer_jupyter.trackers.mlflow.copies import Copy

BATCH = 1000
"""Rows that MLflow takes at once."""


class Row(NamedTuple):
    """One metric at one step."""

    name: str
    value: float
    milliseconds: int
    step: int

    @property
    def is_infinite(self) -> bool:
        """Whether MLflow's databases can't hold it."""
        return math.isinf(self.value)


def rows(update: Update, names: Names, notes: list[str], *, system: bool) -> Iterator[Row]:
    """Give an update's numbers, the same rows each time.

    Parameters
    ----------
    update : Update
        What has come.
    names : Names
        What MLflow takes.
    notes : list of str
        Takes a sentence for each renamed series.
    system : bool
        Whether those of the machine are among them.
    """
    for name, curve in update.curves.items():
        if name.startswith(series.MACHINE) and not system:
            continue
        known = names.of(series.shown(name), notes)
        columns = curve.steps.tolist(), curve.values.tolist(), curve.times.tolist()
        for step, value, time in zip(*columns, strict=True):
            yield Row(known, value, _milliseconds(time), step)
    for epoch in update.epochs:
        for name, value in series.values(epoch).items():
            yield Row(names.of(name, notes), float(value), _milliseconds(epoch.time), epoch.step)


def not_yet_there(copy: Copy, found: Sequence[Row]) -> Iterator[Row]:
    """Leave out the rows that MLflow has already.

    Parameters
    ----------
    copy : Copy
        MLflow's run.
    found : sequence of Row
        What may have arrived before.
    """
    there = {
        (name, metric.step, metric.timestamp)
        for name in {row.name for row in found}
        for metric in copy.client.get_metric_history(copy.run, name)
    }
    return (row for row in found if (row.name, row.step, row.milliseconds) not in there)


def _milliseconds(time: float) -> int:
    return round(time * 1000)
