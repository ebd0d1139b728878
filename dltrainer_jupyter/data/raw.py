"""What raw inputs looked like in training, so that pictures and tables can be brought into the same form later."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from dltrainer_jupyter.data.host import to_host

if TYPE_CHECKING:
    from dltrainer_jupyter.core.protocols import Array

_LOOKED_AT = 1000
"""Samples that the median is taken of."""
_MOST_FEATURES = 10_000


def describe_raw(inputs: Array, features: Sequence[str] = ()) -> dict[str, Any] | None:
    """Describe raw training inputs.

    Parameters
    ----------
    inputs : numpy.ndarray, shape (n, ...)
        Before preprocessing.
    features : sequence of str, optional
        Names of the columns, of a table that has them.

    Returns
    -------
    dict or None
        JSON types: ``shape`` of one sample, ``dtype``, the ``low`` and ``high`` of all values, the ``median`` of the
        first thousand samples, ``features`` or None. None for what are no numbers, or has no sample.

    Examples
    --------
    >>> describe_raw(np.array([[0, 255]], np.uint8))["high"]
    255.0
    """
    if inputs.dtype.kind not in "biuf" or inputs.size == 0:
        return None
    return described(inputs[:_LOOKED_AT], inputs.shape, float(inputs.min()), float(inputs.max()), features)


def described(first: Array, shape: tuple[int, ...], low: float, high: float, features: Sequence[str]) -> dict[str, Any]:
    """Describe raw inputs that don't lie in memory, as :func:`describe_raw`.

    Parameters
    ----------
    first : numpy.ndarray
        The first thousand samples.
    shape : tuple of int
        Of all.
    low, high : float
        Extremes of all.
    features : sequence of str
        Names of the columns, of a table that has them.
    """
    named = len(shape) == 2 and len(features) == shape[1] <= _MOST_FEATURES  # noqa: PLR2004 - a table
    return {
        "shape": [int(length) for length in shape[1:]],
        "dtype": str(first.dtype),
        "low": low,
        "high": high,
        "median": float(np.median(first[:_LOOKED_AT])),
        "features": [str(name) for name in features] if named else None,
    }


def columns_of(inputs: Any) -> list[str]:
    """Give the names of a table's columns, of a data frame foremost; none for what has no names.

    Examples
    --------
    >>> columns_of([[1.0, 2.0]])
    []
    """
    columns = getattr(inputs, "columns", None)
    names = [] if columns is None else list(columns)
    # Columns without names of their own are numbered.
    return [str(name) for name in names] if all(isinstance(name, str) for name in names) else []


def describe_batch(inputs: Any) -> dict[str, Any] | None:
    """Describe the first batch of a loader, which stands for what can't be looked through.

    Parameters
    ----------
    inputs : array-like, shape (n, ...)
        The batch's inputs.

    Returns
    -------
    dict or None
        As :func:`describe_raw` gives it; None if it is no finite array.
    """
    array = to_host(inputs, "inputs")
    if array.dtype.kind not in "biuf" or not np.isfinite(array).all():
        return None
    return describe_raw(array)
