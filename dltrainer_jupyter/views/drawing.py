"""Charts of a run, drawn by matplotlib: for pictures that stay when nothing runs.

Nothing here is shared with pyplot, so any thread may draw while a cell draws as well.
"""

from __future__ import annotations

import functools
import io
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from dltrainer_jupyter.views.families import split, title
from dltrainer_jupyter.views.numbers import finite_pairs

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# The light half of the palette in labextension/src/styles/theme.css.
SERIES = ("#0068b3", "#c04a08", "#007d5c", "#97398b", "#8a6600", "#007793")
WRONG = "#c04a08"
SURFACE, TEXT, MUTED, GRID = "#ffffff", "#1f1f1f", "#626262", "#ebebeb"
DPI = 100
_SCALE = 2
_COLOURS = 64
"""Of the palette; flat charts need no more, and the file becomes a third."""
_FONT = "DejaVu Sans"  # comes with matplotlib
_TRAIN = 0.62
"""How much of the run's colour its training curves have, as on the page."""
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


def mixed(first: str, share: float, second: str = SURFACE) -> str:
    """Mix two colours.

    Examples
    --------
    >>> mixed("#000000", 0.5)
    '#808080'
    """
    pairs = ((int(first[at : at + 2], 16), int(second[at : at + 2], 16)) for at in (1, 3, 5))
    return "#" + "".join(f"{round(share * a + (1 - share) * b):02x}" for a, b in pairs)


def new_figure(width: int, height: int) -> Figure:
    """Make a figure of so many pixels on the page; its file has twice as many, for fine screens."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width / DPI, height / DPI), dpi=_SCALE * DPI, facecolor=SURFACE, layout="constrained")


def to_png(figure: Figure) -> bytes:
    """Draw a figure, in few colours."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from PIL import Image

    canvas = FigureCanvasAgg(figure)
    canvas.draw()  # type: ignore[no-untyped-call]
    drawn = np.asarray(canvas.buffer_rgba())  # type: ignore[no-untyped-call]
    file = io.BytesIO()
    Image.fromarray(drawn).convert("RGB").quantize(_COLOURS).save(file, "png", optimize=True)
    return file.getvalue()


def draw_curves(axes: Axes, name: str, members: list[str], snapshot: Mapping[str, Any]) -> None:
    """Draw the series of a metric, of a snapshot of a run."""
    ink = colour(snapshot["run"]["id"])
    epochs = snapshot["epochs"]
    for member in members:
        place = split(member)[1]
        per_step = member in snapshot["curves"]
        series = snapshot["curves"].get(member) or {"steps": epochs["step"], "values": epochs[member]}
        train = place == "train"
        steps, values = finite_pairs(series["steps"], series["values"])
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
            markeredgecolor=SURFACE,
            zorder=4,
            clip_on=False,
        )
    # Charts side by side show the same stretch of the run.
    axes.set_xlim(0, max(snapshot["progress"]["step"], 1))
    framed(axes, title(name), "step", whole=True)


def framed(axes: Axes, heading: str, across: str, upward: str = "", *, whole: bool = False) -> None:
    """Put the frame around what is drawn: heading, grid, ticks, names of the axes, and a legend if lines have names.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        With the limits that it is to have.
    heading, across, upward : str
        Of the chart and of its axes.
    whole : bool, default False
        Whether only whole numbers make sense across.
    """
    axes.set_title(printable(heading, 32), loc="left", color=TEXT, **plain(9))
    axes.grid(visible=True, color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    for side, spine in axes.spines.items():
        spine.set_visible(side in {"left", "bottom"})
        spine.set_color(GRID)
    _ticks(axes, whole=whole)
    if axes.get_legend_handles_labels()[1]:
        legend = axes.legend(loc="best", frameon=False, labelcolor=MUTED)
        for text in legend.get_texts():
            text.set(**plain(8))
        legend.set_in_layout(False)
    axes.set_xlabel(across, color=MUTED, **plain(8))
    if upward:
        axes.set_ylabel(upward, color=MUTED, **plain(8))


def _ticks(axes: Axes, *, whole: bool) -> None:
    """Set the ticks and write their labels; those matplotlib makes while it draws follow the person's settings."""
    from matplotlib.ticker import MaxNLocator

    (left, right), (low, high) = axes.get_xlim(), axes.get_ylim()
    across = [float(at) for at in MaxNLocator(5, integer=whole).tick_values(left, right) if left <= at <= right]
    upward = [float(at) for at in MaxNLocator(6).tick_values(low, high) if low <= at <= high]
    axes.set_xticks(across, [f"{at:,.0f}" if whole else f"{at:.6g}" for at in across], color=MUTED, **plain(8))
    axes.set_yticks(upward, [f"{at:.6g}" for at in upward], color=MUTED, **plain(8))
    axes.tick_params(length=0)


def draw_confusion(axes: Axes, confusion: Mapping[str, Any], ink: str) -> None:
    """Draw a confusion matrix: hits in the run's colour, mistakes in another's."""
    counts = np.asarray(confusion["matrix"], dtype=float)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    classes = len(counts)
    right = np.eye(classes, dtype=bool)
    # Mistakes are rare, so they are lifted by a square root, as on the page.
    strength = np.where(right, shares, np.sqrt(shares))
    depth = np.where(strength > 0, 0.12 + 0.88 * strength, 0)[..., None]
    axes.imshow(np.where(right[..., None], _rgb(ink), _rgb(WRONG)) * depth + (1 - depth), interpolation="nearest")
    axes.set_title(f"confusion, epoch {confusion['epoch']:,}", loc="left", color=TEXT, **plain(9))
    axes.set_xlabel("predicted", color=MUTED, **plain(8))
    axes.set_ylabel("true", color=MUTED, **plain(8))
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_color(GRID)
    # Of many classes only a few are named, and their numbers are left to the panel.
    named = list(range(0, classes, math.ceil(classes / _LABELLED)))
    labels = [printable(confusion["labels"][place], _LONGEST_LABEL) for place in named]
    upright = max(map(len, labels)) <= math.ceil(30 / len(named))
    axes.set_xticks(named, labels, rotation=0 if upright else 90, color=MUTED, **plain(7))
    axes.set_yticks(named, labels, color=MUTED, **plain(7))
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
                color=SURFACE if dark else TEXT,
                **plain(6),
            )


def plain(size: float) -> dict[str, Any]:
    """Text as it stands: neither formulas nor LaTeX, whatever the person has set for their own figures."""
    return {"fontsize": size, "fontfamily": _FONT, "parse_math": False, "usetex": False}


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
