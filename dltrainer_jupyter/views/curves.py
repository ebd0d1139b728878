"""Curves of any length in a bounded number of points."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from dltrainer_jupyter.store.store import Store

Curve = tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]

_FAR = 4
"""With more blocks than this times the points wanted, extremes of blocks are exact enough and no block is read."""


def curve(
    store: Store, run_id: str, name: str, *, start: int | None = None, stop: int | None = None, points: int = 2000
) -> Curve:
    """Read a per-step series, keeping what the eye would see.

    Buckets keep their least and greatest value, so that no spike is lost; the shape between is chosen by
    MinMaxLTTB (Donckt et al., 2023).

    Parameters
    ----------
    store : Store
        Where the run is.
    run_id : str
        Which run.
    name : str
        Such as ``"train_loss"``.
    start, stop : int, optional
        First and last step wanted.
    points : int, default 2000
        Most points to give.

    Returns
    -------
    steps : numpy.ndarray of int64, shape (n,)
    values : numpy.ndarray of float32, shape (n,)
    """
    blocks = store.curve_blocks(run_id, name, start, stop)
    # A block gives two points. Far away, their extremes alone are more than the chart can show.
    if 2 * len(blocks) >= _FAR * points:
        pairs = sorted(
            {(block.minimum_step, block.minimum) for block in blocks}
            | {(block.maximum_step, block.maximum) for block in blocks}
        )
        steps = np.array([step for step, _ in pairs], dtype=np.int64)
        values = np.array([value for _, value in pairs], dtype=np.float32)
    else:
        steps, values = store.curve_values(run_id, name, start, stop)
    return decimated(steps, values, points)


def decimated(steps: npt.NDArray[np.int64], values: npt.NDArray[np.float32], points: int) -> Curve:
    """Keep at most so many points of a series."""
    if len(steps) <= points:
        return steps, values
    from tsdownsample import NaNMinMaxLTTBDownsampler  # noqa: PLC0415 - only long curves need it

    kept: npt.NDArray[Any] = NaNMinMaxLTTBDownsampler().downsample(steps, values, n_out=points)
    return steps[kept], values[kept]
