"""The pictures of a report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dltrainer_jupyter.loop.sampling import SYSTEM
from dltrainer_jupyter.views.drawing import (
    MUTED,
    SERIES,
    TEXT,
    colour,
    draw_confusion,
    draw_curves,
    framed,
    new_figure,
    printable,
    to_png,
)
from dltrainer_jupyter.views.families import families
from dltrainer_jupyter.views.numbers import finite_pairs

WIDTH = 960
_ACROSS, _HEIGHT = 2, 280
_RATES, _BARS = 360, 480
_MEAN = "macro"
_NAMED = 6
"""Curves that are told apart by colour; of more, only their mean has a name."""
_CHARTS = 6
_LONGEST = 24
"""Characters of a class's name."""
_SMALL, _LARGE, _PER_CLASS = 360, 720, 26
"""Pixels of a confusion matrix's side, and of each class between."""


def curves_picture(snapshot: Mapping[str, Any]) -> bytes | None:
    """Draw the first metrics over the steps, two beside each other.

    Parameters
    ----------
    snapshot : mapping
        As :func:`dltrainer_jupyter.views.live.snapshot` gives it.

    Returns
    -------
    bytes or None
        A PNG; None if nothing was measured.
    """
    measured = families({**snapshot["curves"], **snapshot["epochs"]}, snapshot["monitor"])
    charts = [(name, members) for name, members in measured.items() if not name.startswith(SYSTEM)][:_CHARTS]
    if not charts:
        return None
    rows = -(-len(charts) // _ACROSS)
    figure = new_figure(WIDTH, rows * _HEIGHT)
    for place, (name, members) in enumerate(charts, start=1):
        draw_curves(figure.add_subplot(rows, _ACROSS, place), name, members, snapshot)
    return to_png(figure)


def confusion_picture(confusion: Mapping[str, Any], run_id: str) -> tuple[bytes, int]:
    """Draw a confusion matrix; larger for more classes.

    Returns
    -------
    (bytes, int)
        A PNG, and how wide it is on the page.
    """
    side = min(max(_SMALL, _PER_CLASS * len(confusion["labels"])), _LARGE)
    figure = new_figure(side, side)
    draw_confusion(figure.add_subplot(1, 1, 1), confusion, colour(run_id))
    return to_png(figure), side


def rates_picture(
    roc: Mapping[str, Mapping[str, Any]], pr: Mapping[str, Mapping[str, Any]], labels: Sequence[str]
) -> bytes | None:
    """Draw how rates change with the threshold, a line for each class.

    Parameters
    ----------
    roc, pr : mapping
        ``x`` and ``y`` by the number of a class, or ``"macro"``; either may be empty.
    labels : sequence of str
        Names of the classes.

    Returns
    -------
    bytes or None
        A PNG; None if there are no curves.
    """
    both = (
        (roc, "ROC", "false-positive rate", "true-positive rate"),
        (pr, "precision and recall", "recall", "precision"),
    )
    charts = [chart for chart in both if chart[0]]
    if not charts:
        return None
    figure = new_figure(WIDTH, _RATES)
    for place, (curves, heading, across, upward) in enumerate(charts, start=1):
        axes = figure.add_subplot(1, _ACROSS, place)
        many = len(curves) - (_MEAN in curves) > _NAMED
        for at, (key, curve) in enumerate(curves.items()):
            axes.plot(*finite_pairs(curve["x"], curve["y"]), **_line(key, at, labels, many=many))
        axes.set_xlim(0, 1)
        # So that a line along the edge is seen.
        axes.set_ylim(-0.02, 1.02)
        framed(axes, heading, across, upward)
    return to_png(figure)


def bars_picture(edges: Sequence[float], counts: Sequence[int], across: str, run_id: str) -> tuple[bytes, int]:
    """Draw how values lie.

    Returns
    -------
    (bytes, int)
        A PNG, and how wide it is on the page.
    """
    figure = new_figure(_BARS, _HEIGHT)
    axes = figure.add_subplot(1, 1, 1)
    axes.stairs(counts, edges, fill=True, color=colour(run_id))
    framed(axes, "", across, "examples")
    return to_png(figure), _BARS


def _line(key: str, at: int, labels: Sequence[str], *, many: bool) -> dict[str, Any]:
    """Say how the curve of a class is drawn, or that of their mean."""
    if key == _MEAN:
        return {"color": TEXT, "linewidth": 2, "label": "mean", "zorder": 3}
    if many:
        return {"color": MUTED, "linewidth": 1, "alpha": 0.5}
    return {"color": SERIES[at % len(SERIES)], "linewidth": 1.2, "label": _label(key, labels)}


def _label(key: str, labels: Sequence[str]) -> str:
    return printable(labels[int(key)] if int(key) < len(labels) else key, _LONGEST)
