"""A metric over the steps, in training and validation."""

from __future__ import annotations

import bqplot

from dltrainer_jupyter.tal.run import Run
from dltrainer_jupyter.views.families import families, split, title
from dltrainer_jupyter.views.live import epoch_columns
from dltrainer_jupyter.views.numbers import finite_pairs
from dltrainer_jupyter.widgets.figures.frame import (
    MOST_POINTS,
    Chooser,
    NothingToPlotError,
    axes_of,
    clickable,
    made,
)
from dltrainer_jupyter.widgets.picture import colour, mixed

_TRAIN = 0.62


def metrics_of(run: Run) -> dict[str, list[str]]:
    """Sort the series of a run by metric."""
    names = [*run.store.curve_names(run.id), *epoch_columns(run.store, run.record)]
    return families(dict.fromkeys(names), run.record.spec.monitor)


def curves(run: Run) -> Chooser:
    """Draw the loss, or the first metric there is."""
    metrics = metrics_of(run)
    if not metrics:
        msg = f"Run '{run.name}' has no curve yet; the first point comes with its first steps."
        raise NothingToPlotError(msg)
    name = next(iter(metrics))
    return lines(run, name, metrics[name])


def lines(run: Run, name: str, members: list[str]) -> Chooser:
    """Draw the series of a metric; ``chosen`` is ``series``, ``step`` and ``value`` of an epoch's point."""
    ink = colour(run.id)
    steps, values = bqplot.LinearScale(), bqplot.LinearScale()
    scales = {"x": steps, "y": values}
    marks: list[bqplot.Mark] = []
    columns = epoch_columns(run.store, run.record)
    per_step = run.store.curve_names(run.id)
    for member in members:
        place = split(member)[1]
        every = member in per_step
        x, y = run.curve(member, points=MOST_POINTS) if every else finite_pairs(columns["step"], columns[member])
        marks.append(
            bqplot.Lines(
                x=x,
                y=y,
                scales=scales,
                colors=[mixed(ink, _TRAIN) if place == "train" else ink],
                line_style="dashed" if place == "train" and not every else "solid",
                stroke_width=1.2 if every else 2.2,
                labels=[{"train": "train", "val": "validation"}.get(place, member)],
                display_legend=len(members) > 1,
            )
        )
    best = run.record.best
    if best is not None and best.metric in members:
        tooltip = bqplot.Tooltip(fields=["x", "y"], labels=["step", f"best {best.metric}"])
        point = {"x": [best.step], "y": [best.value], "scales": scales}
        marks.append(bqplot.Scatter(**point, colors=[ink], marker="diamond", default_size=80, tooltip=tooltip))
    kept = [(member, *finite_pairs(columns["step"], columns[member])) for member in members if member in columns]
    points = [(it, int(at), float(value)) for it, xs, ys in kept for at, value in zip(xs, ys, strict=True)]
    dots = clickable(
        x=[at for _, at, _ in points],
        y=[value for *_, value in points],
        scales=scales,
        colors=[ink],
        default_size=36,
        opacities=[0.35],
    )
    drawn = made(
        [*marks, dots],
        axes_of(steps, values, "step", title(name), tick_format=",d"),
        f"{run.name}: {title(name)}",
        # Where the curve isn't: a loss falls, most metrics rise.
        legend_location="top-right" if name == "loss" else "bottom-right",
    )
    drawn.follow(dots, lambda at: dict(zip(("series", "step", "value"), points[at], strict=True)))
    return drawn
