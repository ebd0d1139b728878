"""Interactive bqplot figures of a run, to be put together with other widgets and to call Python when selected."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import bqplot
import numpy as np

from dltrainer_jupyter.core.errors import DLTrainerError, UnknownNameError
from dltrainer_jupyter.tal.run import Run
from dltrainer_jupyter.views.live import confusion, epoch_columns
from dltrainer_jupyter.widgets.picture import SERIES, colour, mixed
from dltrainer_jupyter.widgets.summary import families, split, title

MOST_POINTS = 10_000
"""bqplot draws SVG and sends whole arrays; more points a line make the page stutter."""
_HEIGHT = "360px"
_TRAIN = 0.62
_WRITTEN = 20
"""Up to so many classes, a matrix has its numbers written into it."""


class NothingToPlotError(DLTrainerError):
    """The run hasn't measured what the figure would show."""


def figure(run: Run, kind: str = "curves") -> bqplot.Figure:
    """Make an interactive figure of a run, as it is now.

    Parameters
    ----------
    run : Run
        Which run.
    kind : {"curves", "confusion"}, default "curves"
        The loss, or the metric that is named instead, such as ``"accuracy"``, over the steps (drag to pan, wheel to
        zoom); or the confusion matrix of the last validation (click selects cells).

    Returns
    -------
    bqplot.Figure
        ``figure.marks`` can be observed: the ``selected`` trait of a confusion matrix holds the (true, predicted)
        pairs that were clicked.

    Raises
    ------
    UnknownNameError
        If there is no such kind; suggests the nearest.
    NothingToPlotError
        If the run hasn't measured it yet.

    Examples
    --------
    >>> matrix = figure(run, "confusion")  # doctest: +SKIP
    >>> matrix.marks[0].observe(lambda change: print(change.new), "selected")  # doctest: +SKIP
    """
    make = _KINDS.get(kind)
    if make is not None:
        return make(run)
    metrics = _metrics(run)
    if kind not in metrics:
        raise UnknownNameError("figure", kind, [*_KINDS, *metrics])  # noqa: EM101 - the kind of name, not a message
    return _lines(run, kind, metrics[kind])


def _metrics(run: Run) -> dict[str, list[str]]:
    names = [*run.store.curve_names(run.id), *epoch_columns(run.store, run.record)]
    return families(dict.fromkeys(names), run.record.spec.monitor)


def _curves(run: Run) -> bqplot.Figure:
    metrics = _metrics(run)
    if not metrics:
        msg = f"Run '{run.name}' has no curve yet; the first point comes with its first steps."
        raise NothingToPlotError(msg)
    name = next(iter(metrics))
    return _lines(run, name, metrics[name])


def _lines(run: Run, name: str, members: list[str]) -> bqplot.Figure:
    ink = colour(run.id)
    steps, values = bqplot.LinearScale(), bqplot.LinearScale()
    scales = {"x": steps, "y": values}
    marks: list[bqplot.Mark] = []
    columns = epoch_columns(run.store, run.record)
    per_step = run.store.curve_names(run.id)
    for member in members:
        place = split(member)[1]
        if member in per_step:
            x, y = run.curve(member, points=MOST_POINTS)
        else:
            x, y = _finite(columns["step"], columns[member])
        marks.append(
            bqplot.Lines(
                x=x,
                y=y,
                scales=scales,
                colors=[mixed(ink, _TRAIN) if place == "train" else ink],
                line_style="dashed" if place == "train" and member not in per_step else "solid",
                stroke_width=1.2 if member in per_step else 2.2,
                labels=[{"train": "train", "val": "validation"}.get(place, member)],
                display_legend=len(members) > 1,
            )
        )
    best = run.record.best
    if best is not None and best.metric in members:
        tooltip = bqplot.Tooltip(fields=["x", "y"], labels=["step", f"best {best.metric}"])
        point = {"x": [best.step], "y": [best.value], "scales": scales}
        marks.append(bqplot.Scatter(**point, colors=[ink], marker="diamond", default_size=80, tooltip=tooltip))
    return bqplot.Figure(
        marks=marks,
        axes=[
            bqplot.Axis(scale=steps, label="step", label_offset="2.6em", grid_lines="none", tick_format=",d"),
            bqplot.Axis(scale=values, side="left", label=title(name), label_offset="3.2em"),
        ],
        title=f"{run.name}: {title(name)}",
        # Where the curve isn't: a loss falls, most metrics rise.
        legend_location="top-right" if name == "loss" else "bottom-right",
        interaction=bqplot.PanZoom(scales={"x": [steps], "y": [values]}),
        **_frame(),
    )


def _confusion(run: Run) -> bqplot.Figure:
    found = confusion(run.store, run.id)
    if found is None:
        msg = f"Run '{run.name}' has no confusion matrix yet; it is counted at each validation of classes."
        raise NothingToPlotError(msg)
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
    return bqplot.Figure(
        marks=marks,
        axes=[
            bqplot.Axis(scale=predicted, label="predicted", label_offset="2.6em", grid_lines="none"),
            bqplot.Axis(scale=true, side="left", label="true", grid_lines="none", label_offset="3.2em"),
        ],
        title=f"{run.name}: confusion after epoch {found['epoch']:,}",
        padding_y=0,
        padding_x=0,
        **_frame(),
    )


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


def _frame() -> dict[str, Any]:
    return {
        "fig_margin": {"top": 48, "bottom": 56, "left": 64, "right": 24},
        "layout": {"width": "100%", "max_width": "760px", "height": _HEIGHT},
        "animation_duration": 0,
    }


def _finite(steps: list[Any], values: list[Any]) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    pairs = [(step, value) for step, value in zip(steps, values, strict=True) if value is not None]
    return np.array([step for step, _ in pairs]), np.array([value for _, value in pairs], dtype=float)


_KINDS: Mapping[str, Callable[[Run], bqplot.Figure]] = {"curves": _curves, "confusion": _confusion}
