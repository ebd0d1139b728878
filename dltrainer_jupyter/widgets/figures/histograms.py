"""How the values of an array lay from epoch to epoch."""

from __future__ import annotations

import bqplot
import numpy as np

from dltrainer_jupyter.core.errors import UnknownNameError
from dltrainer_jupyter.tal.run import Run
from dltrainer_jupyter.views.analysis import KINDS, histogram_names
from dltrainer_jupyter.views.analysis import histograms as read
from dltrainer_jupyter.widgets.figures.frame import Chooser, NothingToPlotError, axes_of, clickable, made
from dltrainer_jupyter.widgets.picture import colour, mixed

_LINES = 12
"""Epochs that are drawn, evenly spaced."""
_FAINTEST = 0.2


def histograms(run: Run, name: str | None = None) -> Chooser:
    """Draw how values lay, later epochs darker; ``chosen`` is ``epoch``, ``value`` and ``count``.

    Parameters
    ----------
    run : Run
        Which run.
    name : str, optional
        Of a parameter or a layer; with ``gradients/`` or ``activations/`` in front where several have it. By default
        the first weights.
    """
    kind, name = _chosen(run, name)
    found = read(run.store, run.id, kind, name)
    epochs = np.unique(np.linspace(0, len(found["epochs"]) - 1, _LINES).round().astype(int)).tolist()
    x, y = bqplot.LinearScale(), bqplot.LinearScale(min=0.0)
    scales, ink = {"x": x, "y": y}, colour(run.id)
    marks: list[bqplot.Mark] = []
    points: list[tuple[int, float, int]] = []
    for place, at in enumerate(epochs, start=1):
        edges, counts = np.asarray(found["edges"][at], float), np.asarray(found["counts"][at])
        middles = (edges[:-1] + edges[1:]) / 2
        points += [(found["epochs"][at], float(v), int(c)) for v, c in zip(middles, counts, strict=True)]
        share = _FAINTEST + (1 - _FAINTEST) * place / len(epochs)
        marks.append(
            bqplot.Lines(
                x=middles,
                y=counts,
                scales=scales,
                colors=[mixed(ink, share)],
                labels=[f"epoch {found['epochs'][at]:,}"],
                display_legend=True,
                stroke_width=1.6,
            )
        )
    values, counts_of = [value for _, value, _ in points], [count for *_, count in points]
    dots = clickable(x=values, y=counts_of, scales=scales, colors=[ink], default_size=24, opacities=[0.05])
    drawn = made([*marks, dots], axes_of(x, y, kind, "values"), f"{run.name}: {name}")
    drawn.follow(dots, lambda at: dict(zip(("epoch", "value", "count"), points[at], strict=True)))
    return drawn


def _chosen(run: Run, name: str | None) -> tuple[str, str]:
    found = histogram_names(run.store, run.id)
    names: dict[str, list[str]] = found["names"]
    if not names:
        msg = f"Run '{run.name}' has no histograms yet. {found['note']}"
        raise NothingToPlotError(msg)
    order = [kind for kind in KINDS if kind in names]
    if name is None:
        return order[0], names[order[0]][0]
    prefix, _, rest = name.partition("/")
    if prefix in order and rest in names[prefix]:
        return prefix, rest
    for kind in order:
        if name in names[kind]:
            return kind, name
    what = "array"
    raise UnknownNameError(what, name, [it for kind in order for it in names[kind]])
