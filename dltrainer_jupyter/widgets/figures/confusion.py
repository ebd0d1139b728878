"""Which classes are taken for which."""

from __future__ import annotations

from typing import Any

import bqplot
import numpy as np

from dltrainer_jupyter.tal.run import Run
from dltrainer_jupyter.views.classes import no_confusion
from dltrainer_jupyter.views.live import confusion as read
from dltrainer_jupyter.widgets.figures.frame import Chooser, NothingToPlotError, made
from dltrainer_jupyter.widgets.picture import SERIES

_WRITTEN = 20
"""Up to so many classes, a matrix has its numbers written into it."""


def confusion(run: Run, epoch: int | None = None) -> Chooser:
    """Draw the confusion matrix of a validation; ``chosen`` is ``truth``, ``prediction`` and ``count`` of a cell."""
    found = read(run.store, run.id, epoch)
    if found is None:
        raise NothingToPlotError(no_confusion(run.store, run.id, epoch))
    labels = [str(label) for label in found["labels"]]
    counts = np.asarray(found["matrix"])
    predicted, true = bqplot.OrdinalScale(domain=labels), bqplot.OrdinalScale(domain=labels, reverse=True)
    depth = bqplot.ColorScale(colors=["#ffffff", SERIES[0]], min=0.0, max=float(max(counts.max(), 1)))
    grid = bqplot.GridHeatMap(
        color=counts,
        row=labels,
        column=labels,
        scales={"row": true, "column": predicted, "color": depth},
        stroke="#ebebeb",
        interactions={"click": "select"},
        selected_style={"stroke": SERIES[1], "stroke-width": "2px"},
        tooltip=bqplot.Tooltip(fields=["row", "column", "color"], labels=["true", "predicted", "samples"]),
    )
    marks: list[bqplot.Mark] = [grid]
    if len(labels) <= _WRITTEN:
        marks.extend(_numbers(counts, labels, true, predicted))
    drawn = made(
        marks,
        [
            bqplot.Axis(scale=predicted, label="predicted", label_offset="2.6em", grid_lines="none"),
            bqplot.Axis(scale=true, side="left", label="true", grid_lines="none", label_offset="3.2em"),
        ],
        f"{run.name}: confusion after epoch {found['epoch']:,}",
        padding_y=0,
        padding_x=0,
    )
    drawn.follow(
        grid,
        lambda cell: {"truth": labels[cell[0]], "prediction": labels[cell[1]], "count": int(counts[cell])},
    )
    return drawn


def _numbers(
    counts: np.ndarray[Any, Any], labels: list[str], true: bqplot.OrdinalScale, predicted: bqplot.OrdinalScale
) -> list[bqplot.Mark]:
    """Write the counts into their cells, light on dark ones."""
    marks = []
    for light in (False, True):
        cells = [
            (labels[row], labels[column], str(count))
            for (row, column), count in np.ndenumerate(counts)
            if count and bool(count > counts.max() / 2) is light
        ]
        if cells:
            rows, columns, texts = zip(*cells, strict=True)
            marks.append(
                bqplot.Label(
                    x=list(columns),
                    y=list(rows),
                    text=list(texts),
                    scales={"x": predicted, "y": true},
                    align="middle",
                    y_offset=4,
                    default_size=11,
                    font_weight="normal",
                    colors=["#ffffff" if light else "#1f1f1f"],
                )
            )
    return marks
