"""An update as rows of W&B's history: one a step, which holds everything of that step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dltrainer_jupyter.core.records import ValidationRecord
from dltrainer_jupyter.core.tracking import Histogram, Update
from dltrainer_jupyter.trackers import series
from dltrainer_jupyter.trackers.wandb.transaction_log import EVENT, STEP, Copy

_TIME = "_timestamp"  # W&B's own name for it


def rows(
    update: Update, there: Copy, draw: Callable[[ValidationRecord], Any], measure: Callable[[Histogram], Any]
) -> list[dict[str, Any]]:
    """Order what has come by step.

    Parameters
    ----------
    update : Update
        What has come.
    there : Copy
        What is left out, as it has come before.
    draw, measure : callable
        Make W&B's image of a confusion matrix and its histogram; None for what can't be made.

    Returns
    -------
    list of dict
        Rows; an event has one of its own behind those of its step.
    """
    made = _Rows(there)
    for name, points in update.curves.items():
        shown = series.shown(name)
        for step, value, time in zip(points.steps.tolist(), points.values.tolist(), points.times.tolist(), strict=True):
            made.put(step, shown, value, time)
    for epoch in update.epochs:
        for name, value in series.values(epoch).items():
            made.put(epoch.step, name, value, epoch.time)
    for validation in update.validations:
        if validation.confusion and made.lacks("confusion", validation.step):
            made.put(validation.step, "confusion", draw(validation))
    for histogram in update.histograms:
        name = f"{histogram.kind}/{histogram.name}"
        if made.lacks(name, histogram.step):
            made.put(histogram.step, name, measure(histogram))
    # Python's sorting is stable, so a step's own row stays before the events of that step.
    return sorted([*made.by_step.values(), *_events(update, there)], key=lambda row: int(row[STEP]))


class _Rows:
    def __init__(self, there: Copy) -> None:
        self.by_step: dict[int, dict[str, Any]] = {}
        self._there = there.points

    def lacks(self, name: str, step: int) -> bool:
        return (name, step) not in self._there

    def put(self, step: int, name: str, value: Any, time: float | None = None) -> None:
        if value is None or not self.lacks(name, step):
            return
        row = self.by_step.setdefault(step, {STEP: step})
        row[name] = value
        if time is not None:
            row[_TIME] = time


def _events(update: Update, there: Copy) -> list[dict[str, Any]]:
    return [
        {
            STEP: event.step or 0,
            EVENT: event.id,
            "event/kind": event.kind,
            "event/message": event.message,
            _TIME: event.at.timestamp(),
        }
        for event in update.events
        if event.id not in there.events
    ]
