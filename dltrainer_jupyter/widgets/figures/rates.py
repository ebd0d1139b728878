"""How the rates of a classifier change with its threshold: ROC and precision over recall, a class against the rest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import bqplot
import numpy as np

from dltrainer_jupyter.tal.run import Run
from dltrainer_jupyter.views.numbers import finite_pairs
from dltrainer_jupyter.views.words import metric
from dltrainer_jupyter.widgets.figures.frame import Chooser, axes_of, clickable, made, summary_of
from dltrainer_jupyter.widgets.picture import SERIES

_MEAN = "macro"
_MUTED = "#8a8a8a"


def roc(run: Run, epoch: int | None = None) -> Chooser:
    """Draw the true-positive rate over the false-positive rate; ``chosen`` is ``label``, ``x``, ``y``."""
    return _curves(run, epoch, "roc", ("false-positive rate", "true-positive rate"), "auc")


def pr(run: Run, epoch: int | None = None) -> Chooser:
    """Draw precision over recall; ``chosen`` is ``label``, ``x``, ``y``."""
    return _curves(run, epoch, "pr", ("recall", "precision"), "ap")


def _curves(run: Run, epoch: int | None, part: str, names: tuple[str, str], area: str) -> Chooser:
    found, drawn = summary_of(run, epoch, part, "classification" if part == "roc" else "classification and detection")
    x, y = bqplot.LinearScale(min=0.0, max=1.0), bqplot.LinearScale(min=0.0, max=1.0)
    scales = {"x": x, "y": y}
    classes = (found.summary or {}).get("classes") or []
    marks: list[bqplot.Mark] = []
    if part == "roc":
        chance = {"colors": [_MUTED], "line_style": "dashed", "stroke_width": 1.0}
        marks.append(bqplot.Lines(x=[0.0, 1.0], y=[0.0, 1.0], scales=scales, **chance))
    points: list[tuple[str, float, float]] = []
    for place, (key, curve) in enumerate(drawn.items()):
        label = _label(key, found.labels, classes, area)
        xs, ys = finite_pairs(curve["x"], curve["y"])
        points += [(label, float(a), float(b)) for a, b in zip(xs, ys, strict=True)]
        ink = "#1f1f1f" if key == _MEAN else SERIES[place % len(SERIES)]
        width = 3.0 if key == _MEAN else 1.6
        marks.append(
            bqplot.Lines(
                x=xs, y=ys, scales=scales, colors=[ink], stroke_width=width, labels=[label], display_legend=True
            )
        )
    xs, ys = np.array([a for _, a, _ in points]), np.array([b for _, _, b in points])
    dots = clickable(x=xs, y=ys, scales=scales, colors=["#1f1f1f"], default_size=24, opacities=[0.05])
    words = "ROC" if part == "roc" else "precision and recall"
    made_one = made(
        [*marks, dots],
        axes_of(x, y, *names),
        f"{run.name}: {words} after epoch {found.epoch:,}",
        legend_location="bottom-right" if part == "roc" else "bottom-left",
    )
    made_one.follow(dots, lambda at: dict(zip(("label", "x", "y"), points[at], strict=True)))
    return made_one


def _label(key: str, labels: list[str], classes: list[Mapping[str, Any]], area: str) -> str:
    if key == _MEAN:
        return "mean"
    at = int(key)
    name = labels[at] if at < len(labels) else key
    value = classes[at].get(area) if at < len(classes) else None
    return name if value is None else f"{name} ({metric(value)})"
