"""Curves of any length in a bounded number of points."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.store.store import Store

Curve = tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]

_FAR = 1
"""With so many times more block extremes than points wanted, they say enough, and no block is read."""
_FEWEST = 4
"""Both ends, a least and a greatest value."""


def curve(
    store: Store, run_id: str, name: str, *, start: int | None = None, stop: int | None = None, points: int = 2000
) -> Curve:
    """Read a per-step series, keeping what the eye would see.

    Of each bucket of steps the least and the greatest value stay, so that no spike is lost.

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
        Most points to give, at least 4.

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
    blocks = store.curve_blocks(run_id, name, start, stop)
    inside = blocks[1:-1]
    if 2 * len(inside) < _FAR * points:
        return decimated(*store.curve_values(run_id, name, start, stop), points)
    extremes = {block.minimum_step: block.minimum for block in inside}
    extremes |= {block.maximum_step: block.maximum for block in inside}
    # Of the blocks at both ends only a part may be wanted, so those are read.
    before = store.curve_values(run_id, name, start, inside[0].first_step)
    after = store.curve_values(run_id, name, inside[-1].first_step + inside[-1].count, stop)
    steps = np.array(sorted(extremes), dtype=np.int64)
    values = np.array([extremes[step] for step in steps.tolist()], dtype=np.float32)
    return decimated(
        np.concatenate([before[0], steps, after[0]]), np.concatenate([before[1], values, after[1]]), points
    )


def decimated(steps: npt.NDArray[np.int64], values: npt.NDArray[np.float32], points: int) -> Curve:
    """Keep at most so many points of a series: both ends, and the extremes between."""
    if len(steps) <= points:
        return steps, values
    size = -(-len(values) // ((points - 2) // 2))
    padded = np.full(-(-len(values) // size) * size, np.nan, np.float32)
    padded[: len(values)] = values
    buckets = padded.reshape(-1, size)
    missing = np.isnan(buckets)
    firsts = np.arange(len(buckets)) * size
    least = firsts + np.where(missing, np.inf, buckets).argmin(axis=1)
    greatest = firsts + np.where(missing, -np.inf, buckets).argmax(axis=1)
    kept = np.unique(np.concatenate([[0], least, greatest, [len(values) - 1]]))
    return steps[kept], values[kept]
