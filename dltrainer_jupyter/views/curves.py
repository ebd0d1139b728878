"""Curves of any length in a bounded number of points."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.store.extremes import Edges, Extremes, Steps, Values, evenly, every, extremes_of, merged
from dltrainer_jupyter.store.levels import bucket_span
from dltrainer_jupyter.store.store import Store

Curve = tuple[Steps, Values]
Cut = Callable[[int, int], Edges]
"""Cuts so many values into buckets, for so many points."""

_FEWEST = 4
"""Both ends, a least and a greatest value."""
_DIGITS = 3
"""Binary ones, of the size of a steady bucket."""


def curve(
    store: Store,
    run_id: str,
    name: str,
    *,
    start: int | None = None,
    stop: int | None = None,
    points: int = 2000,
    steady: bool = False,
) -> Curve:
    """Read a per-step series, keeping what the eye would see.

    Of each bucket of steps the least and the greatest value stay, so that no spike is lost. The time this takes
    depends on the points wanted, not on the length of the series.

    Parameters
    ----------
    store : Store
        Where the run is.
    run_id : str
        Which run.
    name : str
        Such as ``"train_loss"``.
    start, stop : int, optional
        Only steps with ``start <= step < stop``.
    points : int, default 2000
        Most points to give, at least 4. If there are no more than these, they are all given.

    steady : bool, default False
        Show what a series had before as it was shown then, when more is added to it, but for a few times in its life:
        for whoever follows it and is told what is new. A third fewer points may be given then.

    Returns
    -------
    steps : numpy.ndarray of int64, shape (n,)
        Increasing.
    values : numpy.ndarray of float32, shape (n,)
        NaN where a loss was.

    Raises
    ------
    ConfigurationError
        If too few points are wanted.
    """
    if points < _FEWEST:
        msg = f"points: expected at least {_FEWEST}, got {points}."
        raise ConfigurationError(msg)
    with store.look():
        return _curve(store, run_id, name, (start, stop), points, cut=_steady_edges if steady else _edges)


def _curve(
    store: Store, run_id: str, name: str, window: tuple[int | None, int | None], points: int, *, cut: Cut
) -> Curve:
    ends = store.curve_ends(run_id, name, *window)
    steps, _ = ends
    if not len(steps):
        return ends
    start, stop = int(steps[0]), int(steps[-1]) + 1
    for level in range(_farthest(stop - start, points), 0, -1):
        extremes = store.curve_extremes(run_id, name, level, start, stop)
        # Of a series with gaps there may be fewer: it is looked at from nearer then.
        if len(extremes) >= points:
            return _seen(merged(extremes, cut(len(extremes), points)), ends)
    return decimated(*store.curve_values(run_id, name, start, stop), points, cut)


def _farthest(steps: int, points: int) -> int:
    """Choose the level with the widest buckets of which there are as many as points are wanted."""
    level = 0
    while bucket_span(level + 1) * points <= steps:
        level += 1
    return level


def _seen(extremes: Extremes, ends: Curve) -> Curve:
    """Make points of the ends and the extremes between."""
    steps = np.concatenate([ends[0], extremes["least_step"], extremes["greatest_step"]])
    values = np.concatenate([ends[1], extremes["least"], extremes["greatest"]])
    steps, kept = np.unique(steps, return_index=True)
    return steps, values[kept]


def _edges(count: int, points: int) -> Edges:
    """Cut into buckets, so that two points of each and both ends are as many as wanted."""
    return evenly((points - 2) // 2, count)


def _steady_edges(count: int, points: int) -> Edges:
    """Cut into buckets of one size, which seldom grows, so that there are at most as many points as wanted.

    The size has three binary digits, and zeros behind them: so it grows by a fourth at most.
    """
    wanted = -(-count // ((points - 2) // 2))
    zeros = max(wanted.bit_length() - _DIGITS, 0)
    # Rounded up.
    return every(-(-wanted >> zeros) << zeros, count)


def decimated(steps: Steps, values: Values, points: int, cut: Cut = _edges) -> Curve:
    """Keep at most so many points of a series: both ends, and the extremes between."""
    if len(steps) <= points:
        return steps, values
    ends = [0, -1]
    return _seen(extremes_of(steps, values, cut(len(values), points)), (steps[ends], values[ends]))
