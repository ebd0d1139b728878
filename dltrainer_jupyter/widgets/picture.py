"""The charts of a run as a PNG: loss, monitored metric, confusion matrix."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dltrainer_jupyter.loop.sampling import SYSTEM
from dltrainer_jupyter.views.drawing import (
    SERIES,
    SURFACE,
    TEXT,
    colour,
    draw_confusion,
    draw_curves,
    mixed,
    new_figure,
    plain,
    printable,
    to_png,
)
from dltrainer_jupyter.views.families import families
from dltrainer_jupyter.widgets.summary import line

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["SERIES", "WIDTH", "colour", "mixed", "png", "printable"]

WIDTH = 960
"""Pixels across on the page; the file has twice as many, for fine screens."""
_HEIGHT = 300
_CHARTS = 2


def png(snapshot: Mapping[str, Any]) -> bytes | None:
    """Draw a run.

    Nothing here is shared with pyplot, so any thread may draw while a cell draws as well.

    Parameters
    ----------
    snapshot : mapping
        As :func:`dltrainer_jupyter.views.live.snapshot` gives it.

    Returns
    -------
    bytes or None
        None if the run measured nothing.
    """
    measured = families({**snapshot["curves"], **snapshot["epochs"]}, snapshot["monitor"])
    # How busy the machine was says little of the result.
    charts = [(name, members) for name, members in measured.items() if not name.startswith(SYSTEM)][:_CHARTS]
    matrix = snapshot["confusion"]
    count = len(charts) + bool(matrix)
    if count == 0:
        return None
    figure = new_figure(WIDTH, _HEIGHT)
    _title(figure, snapshot)
    for place, (name, members) in enumerate(charts, start=1):
        draw_curves(figure.add_subplot(1, count, place, facecolor=SURFACE), name, members, snapshot)
    if matrix:
        draw_confusion(figure.add_subplot(1, count, count, facecolor=SURFACE), matrix, colour(snapshot["run"]["id"]))
    return to_png(figure)


def _title(figure: Figure, snapshot: Mapping[str, Any]) -> None:
    text = figure.suptitle(printable(line(snapshot), 110), x=0.012, ha="left", color=TEXT, **plain(9))
    text.set_in_layout(True)
