"""Pictures of the examples that a model does worst on."""

from __future__ import annotations

import base64
import math

import bqplot
import ipywidgets
import numpy as np

from dltrainer_jupyter.tal.places import here
from dltrainer_jupyter.tal.run import Run
from dltrainer_jupyter.views.example_items import caption
from dltrainer_jupyter.views.examples import examples as read
from dltrainer_jupyter.widgets.figures.frame import Chooser, NothingToPlotError, clickable, made

_COUNT = 24
_ACROSS = 8
_INK = {True: "#007d5c", False: "#c04a08", None: "#626262"}
"""By whether an answer is right, or neither right nor wrong."""


def examples(run: Run, epoch: int | None = None) -> Chooser:
    """Draw the examples with the largest losses, each with what was said of it; ``chosen`` describes one of them."""
    found = read(run.store, run.id, here(run.store.run(run.id)), epoch=epoch, sort="-loss", count=_COUNT)
    items = found["items"]
    if not items:
        msg = (
            f"Run '{run.name}' has kept no examples{'' if epoch is None else f' after epoch {epoch:,}'}; they are kept "
            "at each validation unless validation.examples is 0."
        )
        raise NothingToPlotError(msg)
    rows = math.ceil(len(items) / _ACROSS)
    x = bqplot.LinearScale(min=0.0, max=float(_ACROSS))
    y = bqplot.LinearScale(min=0.0, max=float(rows), reverse=True)
    scales = {"x": x, "y": y}
    marks: list[bqplot.Mark] = []
    for at, item in enumerate(items):
        row, column = divmod(at, _ACROSS)
        if item.get("image"):
            png = base64.b64decode(item["image"].partition(",")[2])
            image = ipywidgets.Image(value=png, format="png")
            # From below to above: the axis is turned round.
            marks.append(bqplot.Image(image=image, scales=scales, x=[column + 0.1, column + 0.9], y=[row + 0.75, row]))
    places = [divmod(at, _ACROSS) for at in range(len(items))]
    across, down = np.array([c + 0.5 for _, c in places]), np.array([r for r, _ in places], float)
    marks.append(
        bqplot.Label(
            x=across,
            y=down + 0.92,
            text=[caption(item) for item in items],
            scales=scales,
            align="middle",
            default_size=11,
            font_weight="normal",
            colors=[_INK[item["correct"]] for item in items],
        )
    )
    dots = clickable(x=across, y=down + 0.4, scales=scales, marker="square", default_size=2500, opacities=[0.02])
    title = f"{run.name}: largest losses after epoch {found['epoch']:,}"
    drawn = made([*marks, dots], [], title)
    drawn.follow(dots, lambda at: {name: value for name, value in items[at].items() if name != "image"})
    return drawn
