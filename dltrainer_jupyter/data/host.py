"""Bring whatever a person calls an array to NumPy, without importing the package it came from."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import numpy as np

from dltrainer_jupyter.core.errors import ConfigurationError

if TYPE_CHECKING:
    import numpy.typing as npt

    from dltrainer_jupyter.core.protocols import Array


_LIMIT = 2.0**63
"""Beyond int64."""


def to_host(value: Any, name: str) -> Array:
    """Give a NumPy array for an array, tensor, data frame, series or nested list.

    Parameters
    ----------
    value : array-like
        NumPy array, torch tensor (any device), pandas object, nested lists, or anything with ``__array__``.
    name : str
        What it is, for messages: ``"inputs"``.

    Returns
    -------
    numpy.ndarray
        At least one axis; may share memory with ``value``. Columns of mixed type come as numbers or text, not
        as objects.

    Raises
    ------
    ConfigurationError
        If it is no array, its rows differ in length, or a value is missing.

    Examples
    --------
    >>> to_host([[1, 2], [3, 4]], "inputs").shape
    (2, 2)
    """
    array = _as_array(value, name)
    if array.ndim == 0:
        cure = " Make it dense with .toarray()." if hasattr(value, "toarray") else ""
        msg = f"{name}: expected an array with an entry a sample, got {_describe(value)}.{cure}"
        raise ConfigurationError(msg)
    if array.dtype.kind == "S":
        return np.char.decode(array, "utf-8", "replace")
    return _from_objects(array, value, name) if array.dtype.kind == "O" else array


def _as_array(value: Any, name: str) -> Array:
    # A tensor can only be one if its package is already imported: adopting it costs no import. A trainer's thread may
    # be importing it just now, when it has none yet.
    torch: Any = sys.modules.get("torch")
    kind: Any = getattr(torch, "Tensor", ())
    if isinstance(value, kind):
        tensor = value.detach().cpu()
        narrow = tensor.is_floating_point() and tensor.dtype not in (torch.float16, torch.float32, torch.float64)
        return np.asarray((tensor.float() if narrow else tensor).numpy())
    try:
        return np.asarray(value)
    except ValueError:
        msg = f"{name}: expected rows of one length, but they differ."
        raise ConfigurationError(msg) from None


def _from_objects(array: Array, value: Any, name: str) -> Array:
    """Find the type that Python objects have in common: numbers if all are, else text."""
    import pandas as pd

    missing = _any_of_sample(np.asarray(pd.isna(array)))
    if missing.any():
        raise missing_values(missing, name, "missing")
    kinds = {type(item) for item in array.flat}
    if kinds <= {str}:
        return array.astype(np.str_)
    if all(issubclass(kind, bool | int | float | np.bool_ | np.integer | np.floating) for kind in kinds):
        return np.array(array.tolist())
    if array.ndim == 1:
        return array.astype(np.str_)
    columns = getattr(value, "columns", range(array.shape[-1]))
    texts = [
        str(column)
        for column, item in zip(columns, array.reshape(-1, array.shape[-1])[0], strict=False)
        if isinstance(item, str)
    ]
    found = f"column {texts[0]!r} holds text" if texts else f"some are {next(iter(kinds)).__name__}"
    cure = "encode it as numbers or leave it out"
    if texts and hasattr(value, "columns"):
        cure = (
            "encode it as numbers (pandas.get_dummies), leave it out, or give the table's file: type: csv encodes text"
        )
    msg = f"{name}: expected numbers, but {found}; {cure}."
    raise ConfigurationError(msg)


def missing_values(samples: npt.NDArray[np.bool_], name: str, problem: str) -> ConfigurationError:
    """Make the error for samples that hold values nothing can be learnt from.

    Parameters
    ----------
    samples : numpy.ndarray of bool, shape (n,)
        Which samples.
    name : str
        ``"inputs"`` or ``"targets"``.
    problem : str
        What is wrong with them: ``"NaN or infinite"``.
    """
    return missing_values_in(int(np.count_nonzero(samples)), len(samples), int(np.argmax(samples)), name, problem)


def missing_values_in(count: int, total: int, first: int, name: str, problem: str) -> ConfigurationError:
    """Make the error for so many of all samples that hold values nothing can be learnt from.

    Parameters
    ----------
    count, total, first : int
        How many of how many, and which is the first.
    name, problem : str
        As for :func:`missing_values`.
    """
    return ConfigurationError(
        f"{name}: {count:,} of {total:,} samples hold values that are {problem} "
        f"(the first is sample {first:,}); fill them in or leave those samples out."
    )


def refuse_non_finite(array: Array, name: str) -> None:
    """Raise if any value is NaN or infinite, saying how many samples are touched and which is the first."""
    if array.dtype.kind != "f":
        return
    # The sum is one pass without a temporary array; only a bad one is looked at closely.
    with np.errstate(over="ignore", invalid="ignore"):
        total = array.sum(dtype=np.float64)
    if np.isfinite(total):
        return
    bad = _any_of_sample(~np.isfinite(array))
    if bad.any():
        raise missing_values(bad, name, "NaN or infinite")


def _any_of_sample(flags: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Say for each sample whether any of its flags is set."""
    return np.asarray(flags.reshape(len(flags), -1).any(axis=1))


def _describe(value: Any) -> str:
    return repr(value) if isinstance(value, int | float | str | None) else type(value).__name__


def whole_numbers(array: Array, name: str) -> npt.NDArray[np.int64]:
    """Give numbers without decimals as int64.

    Parameters
    ----------
    array : numpy.ndarray
        Of whole numbers, whatever their type.
    name : str
        What they are, for messages: ``"inputs"``.

    Raises
    ------
    ConfigurationError
        If one of them has no place in int64, which would make another number of it without a word.

    Examples
    --------
    >>> whole_numbers(np.array([1, 2], np.uint64), "inputs").dtype
    dtype('int64')
    """
    # Only these two kinds go beyond; float32 and float64 hold the limits as they are.
    if array.size and (array.dtype == np.uint64 or array.dtype.kind == "f"):
        beyond = (array >= _LIMIT) | (array < -_LIMIT) if array.dtype.kind == "f" else array >= np.uint64(_LIMIT)
        if beyond.any():
            msg = (
                f"{name}: expected whole numbers below 2**63, got {int(array[beyond][0]):,}; pass floats, or text "
                "where they are names."
            )
            raise ConfigurationError(msg)
    return array.astype(np.int64, copy=False)
