"""The charts of a run as a PNG: loss, monitored metric, confusion matrix."""

from __future__ import annotations

import functools
import io
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from dltrainer_jupyter.loop.sampling import SYSTEM
from dltrainer_jupyter.widgets.summary import families, line, split, title

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH = 960
"""Pixels across on the page; the file has twice as many, for fine screens."""
_HEIGHT = 300
_DPI = 100
_SCALE = 2
_COLOURS = 64
"""Of the palette; flat charts need no more, and the file becomes a third."""

# The light half of the palette in labextension/src/styles/theme.css.
SERIES = ("#0068b3", "#c04a08", "#007d5c", "#97398b", "#8a6600", "#007793")
WRONG = "#c04a08"
_SURFACE, _TEXT, _MUTED, _GRID = "#ffffff", "#1f1f1f", "#626262", "#ebebeb"
_FONT = "DejaVu Sans"  # comes with matplotlib
_TRAIN = 0.62
"""How much of the run's colour its training curves have, as on the page."""
_CHARTS = 2
_LABELLED = 12
"""Up to so many classes, a matrix has its numbers written into it."""
_LONGEST_LABEL = 12
_DARK = 0.55


def colour(run_id: str) -> str:
    """Choose a run's colour, the same as the page does."""
    hashed = 0
    for character in run_id:
        hashed = (hashed * 31 + ord(character)) % 2**32
    return SERIES[hashed % len(SERIES)]


def mixed(first: str, share: float, second: str = _SURFACE) -> str:
    """Mix two colours.

    Examples
    --------
    >>> mixed("#000000", 0.5)
    '#808080'
    """
    pairs = ((int(first[at : at + 2], 16), int(second[at : at + 2], 16)) for at in (1, 3, 5))
    return "#" + "".join(f"{round(share * a + (1 - share) * b):02x}" for a, b in pairs)


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
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from PIL import Image

    measured = families({**snapshot["curves"], **snapshot["epochs"]}, snapshot["monitor"])
    # How busy the machine was says little of the result.
    charts = [(name, members) for name, members in measured.items() if not name.startswith(SYSTEM)][:_CHARTS]
    matrix = snapshot["confusion"]
    count = len(charts) + bool(matrix)
    if count == 0:
        return None
    figure = Figure(figsize=(WIDTH / _DPI, _HEIGHT / _DPI), dpi=_SCALE * _DPI, facecolor=_SURFACE, layout="constrained")
    canvas = FigureCanvasAgg(figure)
    _title(figure, snapshot)
    for place, (name, members) in enumerate(charts, start=1):
        _curves(figure.add_subplot(1, count, place, facecolor=_SURFACE), name, members, snapshot)
    if matrix:
        _confusion(figure.add_subplot(1, count, count, facecolor=_SURFACE), matrix, colour(snapshot["run"]["id"]))
    canvas.draw()  # type: ignore[no-untyped-call]
    drawn = np.asarray(canvas.buffer_rgba())  # type: ignore[no-untyped-call]
    pixels = Image.fromarray(drawn).convert("RGB").quantize(_COLOURS)
    file = io.BytesIO()
    pixels.save(file, "png", optimize=True)
    return file.getvalue()


def _title(figure: Figure, snapshot: Mapping[str, Any]) -> None:
    text = figure.suptitle(printable(line(snapshot), 110), x=0.012, ha="left", color=_TEXT, **_plain(9))
    text.set_in_layout(True)


def _curves(axes: Axes, name: str, members: list[str], snapshot: Mapping[str, Any]) -> None:
    ink = colour(snapshot["run"]["id"])
    epochs = snapshot["epochs"]
    for member in members:
        place = split(member)[1]
        per_step = member in snapshot["curves"]
        series = snapshot["curves"].get(member) or {"steps": epochs["step"], "values": epochs[member]}
        train = place == "train"
        steps, values = _finite(series["steps"], series["values"])
        axes.plot(
            steps,
            values,
            color=mixed(ink, _TRAIN) if train else ink,
            # So many points would drown dashes in their noise.
            linestyle="--" if train and not per_step else "-",
            linewidth=0.9 if per_step else 1.6,
            marker="." if len(steps) == 1 else None,
            label={"train": "train", "val": "validation"}.get(place, printable(name, 24)),
            zorder=2 if train else 3,
        )
    best = snapshot["best"]
    if best is not None and best["metric"] in members:
        axes.plot(
            [best["step"]],
            [best["value"]],
            "*",
            color=ink,
            markersize=11,
            markeredgecolor=_SURFACE,
            zorder=4,
            clip_on=False,
        )
    axes.set_title(printable(title(name), 32), loc="left", color=_TEXT, **_plain(9))
    axes.grid(visible=True, color=_GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    for side, spine in axes.spines.items():
        spine.set_visible(side in {"left", "bottom"})
        spine.set_color(_GRID)
    # Charts side by side show the same stretch of the run.
    axes.set_xlim(0, max(snapshot["progress"]["step"], 1))
    _ticks(axes)
    legend = axes.legend(loc="best", frameon=False, labelcolor=_MUTED)
    for text in legend.get_texts():
        text.set(**_plain(8))
    legend.set_in_layout(False)
    axes.set_xlabel("step", color=_MUTED, **_plain(8))


def _ticks(axes: Axes) -> None:
    """Set the ticks and write their labels; those matplotlib makes while it draws follow the person's settings."""
    from matplotlib.ticker import MaxNLocator

    steps, values = axes.get_xlim(), axes.get_ylim()
    across = [float(tick) for tick in MaxNLocator(5, integer=True).tick_values(*steps) if tick <= steps[1]]
    upward = [float(tick) for tick in MaxNLocator(6).tick_values(*values) if values[0] <= tick <= values[1]]
    axes.set_xticks(across, [f"{tick:,.0f}" for tick in across], color=_MUTED, **_plain(8))
    axes.set_yticks(upward, [f"{tick:.6g}" for tick in upward], color=_MUTED, **_plain(8))
    axes.tick_params(length=0)


def _confusion(axes: Axes, confusion: Mapping[str, Any], ink: str) -> None:
    counts = np.asarray(confusion["matrix"], dtype=float)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    classes = len(counts)
    right = np.eye(classes, dtype=bool)
    # Mistakes are rare, so they are lifted by a square root, as on the page.
    strength = np.where(right, shares, np.sqrt(shares))
    depth = np.where(strength > 0, 0.12 + 0.88 * strength, 0)[..., None]
    axes.imshow(np.where(right[..., None], _rgb(ink), _rgb(WRONG)) * depth + (1 - depth), interpolation="nearest")
    axes.set_title(f"confusion, epoch {confusion['epoch']:,}", loc="left", color=_TEXT, **_plain(9))
    axes.set_xlabel("predicted", color=_MUTED, **_plain(8))
    axes.set_ylabel("true", color=_MUTED, **_plain(8))
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_color(_GRID)
    # Of many classes only a few are named, and their numbers are left to the panel.
    named = list(range(0, classes, math.ceil(classes / _LABELLED)))
    labels = [printable(confusion["labels"][place], _LONGEST_LABEL) for place in named]
    upright = max(map(len, labels)) <= math.ceil(30 / len(named))
    axes.set_xticks(named, labels, rotation=0 if upright else 90, color=_MUTED, **_plain(7))
    axes.set_yticks(named, labels, color=_MUTED, **_plain(7))
    if classes > _LABELLED:
        return
    for (true, predicted), count in np.ndenumerate(counts):
        if count:
            dark = strength[true, predicted] > _DARK
            axes.text(
                predicted,
                true,
                f"{count:,.0f}",
                ha="center",
                va="center",
                color=_SURFACE if dark else _TEXT,
                **_plain(6),
            )


def _plain(size: float) -> dict[str, Any]:
    """Text as it stands: neither formulas nor LaTeX, whatever the person has set for their own figures."""
    return {"fontsize": size, "fontfamily": _FONT, "parse_math": False, "usetex": False}


def _finite(steps: list[int], values: list[float | None]) -> tuple[list[int], list[float]]:
    pairs = [(step, value) for step, value in zip(steps, values, strict=True) if value is not None]
    return [step for step, _ in pairs], [value for _, value in pairs]


def _rgb(ink: str) -> np.ndarray[Any, Any]:
    return np.array([int(ink[at : at + 2], 16) / 255 for at in (1, 3, 5)])


def printable(text: str, longest: int) -> str:
    """Replace characters the font lacks and cut what is too long.

    Examples
    --------
    >>> printable("digits-cnn", 8)
    'digits-…'
    """
    known = _characters()
    shown = "".join(character if ord(character) in known else "□" for character in str(text))
    return shown if len(shown) <= longest else f"{shown[: longest - 1]}…"


@functools.cache
def _characters() -> frozenset[int]:
    from matplotlib.font_manager import findfont, get_font

    return frozenset(get_font(findfont(_FONT)).get_charmap())
