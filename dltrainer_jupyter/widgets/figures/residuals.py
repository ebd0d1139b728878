"""By how much predictions of numbers are off."""

from __future__ import annotations

import bqplot
import numpy as np

from dltrainer_jupyter.tal.run import Run
from dltrainer_jupyter.widgets.figures.frame import Chooser, axes_of, made, summary_of
from dltrainer_jupyter.widgets.picture import colour


def residuals(run: Run, epoch: int | None = None) -> Chooser:
    """Draw how residuals lie; ``chosen`` is ``low``, ``high`` and ``count`` of a bar."""
    found, lies = summary_of(run, epoch, "residuals", "regression")
    edges, counts = np.asarray(lies["edges"], float), np.asarray(lies["counts"], np.int64)
    x, y = bqplot.LinearScale(), bqplot.LinearScale(min=0.0)
    bars = bqplot.Bars(
        x=(edges[:-1] + edges[1:]) / 2,
        y=counts,
        scales={"x": x, "y": y},
        colors=[colour(run.id)],
        padding=0.0,
        interactions={"click": "select"},
        selected_style={"stroke": "#1f1f1f", "stroke-width": "2px"},
    )
    title = f"{run.name}: residuals after epoch {found.epoch:,}"
    drawn = made([bars], axes_of(x, y, "prediction less truth", "values"), title)
    drawn.follow(bars, lambda at: {"low": float(edges[at]), "high": float(edges[at + 1]), "count": int(counts[at])})
    return drawn
