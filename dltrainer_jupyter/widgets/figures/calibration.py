"""How often a classifier is right when it is so sure (reliability diagram; Guo et al., 2017)."""

from __future__ import annotations

import bqplot
import numpy as np

from dltrainer_jupyter.tal.run import Run
from dltrainer_jupyter.views.words import metric
from dltrainer_jupyter.widgets.figures.frame import Chooser, axes_of, clickable, made, summary_of
from dltrainer_jupyter.widgets.picture import SERIES, colour


def calibration(run: Run, epoch: int | None = None) -> Chooser:
    """Draw accuracy over confidence; ``chosen`` is ``confidence``, ``accuracy``, ``count`` of a bin."""
    found, bins = summary_of(run, epoch, "calibration", "classification")
    counts = np.asarray(bins["count"], np.int64)
    there = np.flatnonzero(counts)
    sure = np.array([bins["confidence"][at] for at in there], float)
    right = np.array([bins["accuracy"][at] for at in there], float)
    x, y = bqplot.LinearScale(min=0.0, max=1.0), bqplot.LinearScale(min=0.0, max=1.0)
    size = bqplot.LinearScale(min=0.0)
    scales = {"x": x, "y": y}
    ideal = bqplot.Lines(
        x=[0.0, 1.0], y=[0.0, 1.0], scales=scales, colors=[SERIES[1]], line_style="dashed", stroke_width=1.2
    )
    line = bqplot.Lines(x=sure, y=right, scales=scales, colors=[colour(run.id)], stroke_width=2.0)
    dots = clickable(
        x=sure, y=right, size=np.sqrt(counts[there]), scales={**scales, "size": size}, colors=[colour(run.id)]
    )
    error = ((found.summary or {}).get("overall") or {}).get("ece")
    words = "" if error is None else f" (expected error {metric(error)})"
    title = f"{run.name}: calibration after epoch {found.epoch:,}{words}"
    drawn = made([ideal, line, dots], axes_of(x, y, "confidence", "accuracy"), title)
    drawn.follow(
        dots,
        lambda at: {
            "confidence": float(sure[at]),
            "accuracy": float(right[at]),
            "count": int(counts[there[at]]),
        },
    )
    return drawn
