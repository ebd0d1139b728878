"""Arrays to validate on beside a loader: brought to the form its batches have."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.protocols import Samples
from dltrainer_jupyter.data.foreign.structure import to_numpy
from dltrainer_jupyter.data.host import refuse_non_finite, to_host

if TYPE_CHECKING:
    from dltrainer_jupyter.core.protocols import Array


def samples_beside(batch: Any, arrays: Sequence[Any]) -> Samples:
    """Make samples that a model sees as it sees the batches of a loader: of their type, nothing scaled or encoded.

    Parameters
    ----------
    batch : Any
        The loader's first one.
    arrays : sequence of two array-likes
        Inputs and targets, shapes (n, ...).

    Returns
    -------
    Samples
        Copies: float32 where the loader gives float64, which no model wants.

    Raises
    ------
    ConfigurationError
        If the batches are no pairs of arrays, or these are others: in number, axes or type.
    """
    pair = isinstance(batch, tuple | list) and len(batch) > 1 and all(hasattr(part, "shape") for part in batch[:2])
    if not pair:
        msg = (
            "validation: arrays (x_val, y_val) go with a loader whose batches are an array of inputs and one of "
            f"targets, and this one gives a {type(batch).__name__}; let a loader give what to validate on, too."
        )
        raise ConfigurationError(msg)
    names = "validation inputs", "validation targets"
    inputs, targets = (to_host(given, name) for given, name in zip(arrays, names, strict=True))
    if len(inputs) != len(targets) or not len(inputs):
        msg = (
            "validation: expected samples, and a target for each, "
            f"got {len(inputs):,} inputs and {len(targets):,} targets."
        )
        raise ConfigurationError(msg)
    known = [to_numpy(part) for part in batch[:2]]
    if targets.shape[1:] == (1,) and known[1].ndim == 1:
        targets = targets[:, 0]
    elif targets.ndim == 1 and known[1].shape[1:] == (1,):
        targets = targets[:, None]
    return Samples(_like(inputs, known[0], names[0]), _like(targets, known[1], names[1]))


def _like(array: Array, known: Array, name: str) -> Array:
    """Give a copy with the type of the loader's array, whose number of axes it must have."""
    refuse_non_finite(array, name)
    if array.ndim != known.ndim:
        msg = f"{name}: expected {known.ndim} axes, as the loader's {known.shape} have, got shape {array.shape}."
        raise ConfigurationError(msg)
    dtype = np.dtype(np.float32) if known.dtype == np.float64 else known.dtype
    fits = array.dtype.kind in "biuf" or array.dtype.kind == dtype.kind
    copy = array.astype(dtype) if fits else array
    # Whole numbers as floats are still what they were; halves and what doesn't fit aren't.
    if not fits or (dtype.kind in "biu" and not np.array_equal(copy, array)):
        msg = f"{name}: expected {dtype}, as the loader gives them, got {array.dtype}; encode them as the loader does."
        raise ConfigurationError(msg)
    return copy
