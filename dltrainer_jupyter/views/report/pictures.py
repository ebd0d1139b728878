"""The pictures of a report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dltrainer_jupyter.loop.sampling import SYSTEM
from dltrainer_jupyter.views.drawing import colour, draw_confusion, draw_curves, new_figure, to_png
from dltrainer_jupyter.views.families import families

WIDTH = 960
_ACROSS, _HEIGHT = 2, 280
_CHARTS = 6
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
