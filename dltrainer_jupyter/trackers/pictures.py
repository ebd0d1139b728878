"""Pictures for trackers that show them: a confusion matrix as a PNG."""

from __future__ import annotations

import functools
import io
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_DPI = 100
_SMALLEST, _LARGEST = 4.0, 11.0
"""Inches of a side; so large a picture is still read, and stays below a megabyte."""
_PER_CLASS = 0.45
"""Inches a class has if its numbers are written."""
_WRITTEN = 20
"""Up to so many classes, a matrix has its numbers written into it."""
_NAMED = 40
"""Of more classes only every so many are named."""
_LONGEST_LABEL, _LONGEST_TITLE = 16, 60
_DARK = 0.5
_SURFACE, _TEXT, _MUTED, _LINE = "#ffffff", "#1f1f1f", "#626262", "#d0d0d0"
_FONT = "DejaVu Sans"  # comes with matplotlib


def confusion_png(confusion: Sequence[Sequence[int]], labels: Sequence[str], title: str) -> bytes:
    """Draw a confusion matrix: true classes down, predicted ones across, each row shaded by its shares.

    Nothing here is shared with pyplot, so any thread may draw, and the person's own settings of matplotlib don't show.

    Parameters
    ----------
    confusion : sequence of sequence of int
        Counts; rows are true classes, columns predicted ones.
    labels : sequence of str
        Names of the classes.
    title : str
        What stands above it.

    Returns
    -------
    bytes
        A PNG of at most 1,100 pixels a side.
    """
    import numpy as np
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.colors import LinearSegmentedColormap
    from matplotlib.figure import Figure

    counts = np.asarray(confusion, dtype=float)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    side = min(max(_PER_CLASS * len(counts) + 1.5, _SMALLEST), _LARGEST)
    figure = Figure(figsize=(side, side), dpi=_DPI, facecolor=_SURFACE, layout="constrained")
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_subplot(1, 1, 1, facecolor=_SURFACE)
    # Mistakes are rare; a square root lifts them out of the white.
    blues = LinearSegmentedColormap.from_list("shares", [_SURFACE, "#0068b3"])
    axes.imshow(np.sqrt(shares), cmap=blues, vmin=0, vmax=1, interpolation="nearest", origin="upper", aspect="equal")
    figure.suptitle(_printable(title, _LONGEST_TITLE), color=_TEXT, **_plain(10))
    axes.set_xlabel("predicted", color=_MUTED, **_plain(9))
    axes.set_ylabel("true", color=_MUTED, **_plain(9))
    for spine in axes.spines.values():
        spine.set_color(_LINE)
    _name(axes, labels)
    if len(counts) <= _WRITTEN:
        _write(axes, counts, np.sqrt(shares))
    file = io.BytesIO()
    canvas.print_png(file)  # type: ignore[no-untyped-call]
    return file.getvalue()


def _name(axes: Axes, labels: Sequence[str]) -> None:
    named = range(0, len(labels), max(math.ceil(len(labels) / _NAMED), 1))
    texts = [_printable(labels[place], _LONGEST_LABEL) for place in named]
    upright = sum(map(len, texts)) <= _NAMED
    size = 8 if len(texts) <= _WRITTEN else 6
    axes.set_xticks(list(named), texts, rotation=0 if upright else 90, color=_MUTED, **_plain(size))
    axes.set_yticks(list(named), texts, color=_MUTED, **_plain(size))
    axes.tick_params(length=0)
    axes.grid(visible=False)


def _write(axes: Axes, counts: Any, strength: Any) -> None:
    for true, row in enumerate(counts):
        for predicted, count in enumerate(row):
            if count:
                ink = _SURFACE if strength[true, predicted] > _DARK else _TEXT
                axes.text(predicted, true, _short(count), ha="center", va="center", color=ink, **_plain(7))


def _short(count: float) -> str:
    """Write a count in as little room as a cell has.

    Examples
    --------
    >>> _short(1234), _short(123456), _short(12345678)
    ('1234', '123k', '12M')
    """
    for limit, divisor, unit in ((1e4, 1, ""), (1e6, 1e3, "k"), (math.inf, 1e6, "M")):
        if count < limit:
            return f"{int(count // divisor)}{unit}"
    return "∞"


def _plain(size: float) -> dict[str, Any]:
    """Text as it stands: neither formulas nor LaTeX, whatever the person has set for their own figures."""
    return {"fontsize": size, "fontfamily": _FONT, "parse_math": False, "usetex": False}


def _printable(text: str, longest: int) -> str:
    """Replace characters the font lacks and cut what is too long."""
    known = _characters()
    shown = "".join(character if ord(character) in known else "□" for character in str(text))
    return shown if len(shown) <= longest else f"{shown[: longest - 1]}…"


@functools.cache
def _characters() -> frozenset[int]:
    from matplotlib.font_manager import findfont, get_font

    return frozenset(get_font(findfont(_FONT)).get_charmap())
