"""How the values of an array lie, counted on the host."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from dltrainer_jupyter.core.protocols import Distribution, Inspected

Thing = TypeVar("Thing")

_PIECE = 1 << 16
"""Values that are looked at together; so many stay in a processor's cache."""


def distribution(values: npt.NDArray[Any], bins: int) -> Distribution | None:
    """Count values in buckets of one width from the least to the greatest.

    Parameters
    ----------
    values : numpy.ndarray
        Real numbers, of any shape. Those that aren't finite are left out.
    bins : int
        How many buckets; a constant array has a single narrow one.

    Returns
    -------
    Distribution or None
        None if there is no finite value.

    Examples
    --------
    >>> distribution(np.array([0.0, 1.0, 1.0, np.nan]), 2)
    Distribution(edges=array([0. , 0.5, 1. ]), counts=array([1, 2]))
    """
    finite = [(float(piece.min()), float(piece.max()), piece.size) for piece in _pieces(values) if piece.size]
    if not finite:
        return None
    lows, highs, sizes = zip(*finite, strict=True)
    edges = edges_between(min(lows), max(highs), bins)
    if edges is None:
        return narrow(min(lows), max(highs), sum(sizes))
    counts = np.zeros(bins, np.int64)
    for piece in _pieces(values):
        counts += _counted(piece, edges)
    return Distribution(edges, counts)


def _counted(values: npt.NDArray[np.float64], edges: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Count values by arithmetic, since all buckets have one width: about twice as fast as a search for each."""
    bins, low, high = len(edges) - 1, edges[0], edges[-1]
    # By halves, as the edges are made. What lies on an edge but for a rounding is counted on either side of it.
    place = ((values / 2 - low / 2) / (high / 2 - low / 2) * bins).astype(np.intp)
    return np.bincount(np.minimum(place, bins - 1, out=place), minlength=bins)


def _pieces(values: npt.NDArray[Any]) -> Iterator[npt.NDArray[np.float64]]:
    flat = values.reshape(-1)
    for start in range(0, flat.size, _PIECE):
        piece = flat[start : start + _PIECE].astype(np.float64)
        finite = np.isfinite(piece)
        yield piece if finite.all() else piece[finite]


def edges_between(low: float, high: float, bins: int) -> npt.NDArray[np.float64] | None:
    """Divide a range into buckets of one width; None if it is too narrow for so many."""
    # By halves, since the width of a range may be more than the largest number.
    edges = np.linspace(low / 2, high / 2, bins + 1) * 2
    edges[0], edges[-1] = low, high
    return edges if bool(np.all(edges[:-1] < edges[1:])) else None


def narrow(low: float, high: float, count: int) -> Distribution:
    """Put values that are as good as equal into one bucket around them, of a width that can still be drawn."""
    margin = 1e-9 + 1e-6 * max(abs(low), abs(high))
    greatest = np.finfo(np.float64).max
    edges = np.array([max(low - margin, -greatest), min(high + margin, greatest)])
    return Distribution(edges, np.array([count], np.int64))


def largest(things: Mapping[str, Thing], most: int, size: Callable[[Thing], int]) -> dict[str, Thing]:
    """Choose the largest of many things; their order stays, and of those of one size the first are chosen."""
    chosen = set(sorted(things, key=lambda name: -size(things[name]))[:most])
    return {name: thing for name, thing in things.items() if name in chosen}


def inspected(
    arrays: Iterable[tuple[str, npt.NDArray[Any]]], bins: int, missed: Mapping[str, str] | None = None
) -> Inspected:
    """Count the values of some arrays, one after another."""
    found = ((name, distribution(array, bins)) for name, array in arrays)
    return Inspected({name: counted for name, counted in found if counted is not None}, dict(missed or {}))
