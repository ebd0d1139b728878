"""How well each class does."""

from __future__ import annotations

from typing import Any

import bqplot
import numpy as np

from dltrainer_jupyter.core.records import ValidationRecord
from dltrainer_jupyter.tal.run import Run
from dltrainer_jupyter.views.classes import class_rows
from dltrainer_jupyter.widgets.figures.frame import Chooser, axes_of, made, summary_of
from dltrainer_jupyter.widgets.picture import SERIES

_SCORES = ("precision", "recall", "f1", "iou", "dice", "ap50", "ap")
_MOST_CLASSES = 40
_MOST_SCORES = 3


def per_class(run: Run, epoch: int | None = None) -> Chooser:
    """Draw the scores of each class, of many the worst; ``chosen`` is the row of a class."""
    found, rows = _rows(run, epoch)
    scores = [name for name in _SCORES if any(row.get(name) is not None for row in rows)][:_MOST_SCORES]
    leading = scores[-1]
    words = ""
    if len(rows) > _MOST_CLASSES:
        words = f", the {_MOST_CLASSES} lowest of {len(rows)}"
        rows = sorted(rows, key=lambda row: _value(row, leading))[:_MOST_CLASSES]
    labels = [f"{row['label']}" for row in rows]
    x, y = bqplot.OrdinalScale(domain=labels), bqplot.LinearScale(min=0.0, max=1.0)
    bars = bqplot.Bars(
        x=labels,
        y=np.array([[_value(row, name) for row in rows] for name in scores]),
        scales={"x": x, "y": y},
        type="grouped",
        colors=list(SERIES[: len(scores)]),
        labels=scores,
        display_legend=len(scores) > 1,
        interactions={"click": "select"},
        selected_style={"stroke": "#1f1f1f", "stroke-width": "2px"},
    )
    title = f"{run.name}: classes after epoch {found.epoch:,}{words}"
    drawn = made([bars], axes_of(x, y, "class", ", ".join(scores)), title, legend_location="bottom-right")
    # Bars of a group are counted one after the other in bqplot: by class.
    drawn.follow(bars, lambda at: dict(rows[at % len(rows)]))
    return drawn


def _rows(run: Run, epoch: int | None) -> tuple[ValidationRecord, list[dict[str, Any]]]:
    found = run.store.validation(run.id, epoch)
    if found is not None and (rows := class_rows(found)):
        return found, rows
    return summary_of(run, epoch, "classes", "classification, segmentation and detection")


def _value(row: dict[str, Any], name: str) -> float:
    value = row.get(name)
    return 0.0 if value is None or not np.isfinite(value) else float(value)
