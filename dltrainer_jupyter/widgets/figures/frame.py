"""What all figures have in common: how they are laid out, and that what is clicked is told to Python."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import bqplot
import numpy as np
import traitlets

from dltrainer_jupyter.core.errors import DLTrainerError
from dltrainer_jupyter.core.records import ValidationRecord
from dltrainer_jupyter.tal.run import Run
from dltrainer_jupyter.views.classes import validated

MOST_POINTS = 10_000
"""bqplot draws SVG and sends whole arrays; more points a line make the page stutter."""
_HEIGHT = "360px"


class NothingToPlotError(DLTrainerError):
    """The run hasn't measured what the figure would show."""


class Chooser(bqplot.Figure):  # type: ignore[misc]  # bqplot has no types
    """A figure that tells what was clicked last.

    Attributes
    ----------
    chosen : dict or None
        What it is about, by the names that the figure's kind gives; observe it to be called.
    panning : bool, default False
        Whether dragging pans and the wheel zooms; nothing can be clicked meanwhile.

    Examples
    --------
    >>> matrix = run.plot("confusion")  # doctest: +SKIP
    >>> matrix.observe(lambda change: print(change.new), "chosen")  # doctest: +SKIP
    {'truth': '8', 'prediction': '1', 'count': 3}
    """

    chosen: Any = traitlets.Dict(default_value=None, allow_none=True)
    panning = traitlets.Bool(default_value=False)

    @traitlets.observe("panning")
    def _pan(self, change: Any) -> None:
        scales = dict(zip("xy", ([axis.scale] for axis in self.axes), strict=False))
        # It lies over all marks, so that clicks wouldn't reach them.
        self.interaction = bqplot.PanZoom(scales=scales) if change["new"] else None

    def follow(self, mark: bqplot.Mark, describe: Callable[[Any], dict[str, Any]]) -> None:
        """Say of what is selected in a mark, whenever that changes, what it is.

        Parameters
        ----------
        mark : bqplot.Mark
            One whose ``selected`` lists indices, or pairs of a row and a column.
        describe : callable
            Describes one of those.
        """

        def changed(change: Any) -> None:
            selected = change["new"]
            if selected is None or not len(selected):
                self.chosen = None
                return
            last = np.asarray(selected)[-1]
            self.chosen = describe(int(last) if np.ndim(last) == 0 else tuple(int(it) for it in last))

        mark.observe(changed, "selected")


def made(marks: Sequence[bqplot.Mark], axes: Sequence[bqplot.Axis], title: str, **more: Any) -> Chooser:
    """Make a figure."""
    return Chooser(
        marks=list(marks),
        axes=list(axes),
        title=title,
        fig_margin={"top": 48, "bottom": 56, "left": 64, "right": 24},
        layout={"width": "100%", "max_width": "760px", "height": _HEIGHT},
        animation_duration=0,
        **more,
    )


def axes_of(x: bqplot.Scale, y: bqplot.Scale, across: str, upward: str, **more: Any) -> list[bqplot.Axis]:
    """Make the two axes of a figure; further settings are of the one across."""
    return [
        bqplot.Axis(scale=x, label=across, label_offset="2.6em", grid_lines="none", **more),
        bqplot.Axis(scale=y, side="left", label=upward, label_offset="3.2em"),
    ]


def clickable(**settings: Any) -> bqplot.Scatter:
    """Make points that are selected by a click."""
    return bqplot.Scatter(
        interactions={"click": "select"},
        selected_style={"stroke": "#1f1f1f", "stroke-width": "2px"},
        **settings,
    )


def summary_of(run: Run, epoch: int | None, part: str, task: str) -> tuple[ValidationRecord, Any]:
    """Give a part of what a validation found of the whole set.

    Raises
    ------
    NothingToPlotError
        If there was no such validation, or it found no such thing; says for what task it is found.
    """
    found = run.store.validation(run.id, epoch)
    if found is None:
        when = "yet" if epoch is None else f"after epoch {epoch:,}"
        epochs = run.store.validation_epochs(run.id)
        there = validated(epochs) if epochs else "the first validation comes with its first epoch"
        msg = f"Run '{run.name}' has not been validated {when}; {there}."
        raise NothingToPlotError(msg)
    summary: Mapping[str, Any] = found.summary or {}
    if not summary.get(part):
        what = summary.get("task") or "a task that nothing more is known of"
        msg = f"Run '{run.name}' has no {part} after epoch {found.epoch:,}; that is for {task}, and this is {what}."
        raise NothingToPlotError(msg)
    return found, summary[part]
