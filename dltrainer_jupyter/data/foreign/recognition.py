"""Telling loaders, data sets and generators from arrays: by their classes, without importing a framework."""

from __future__ import annotations

import inspect
from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, Literal

from dltrainer_jupyter.core.structures import leaves

Kind = Literal[
    "torch loader",
    "torch data set",
    "torch iterable",
    "data module",
    "tf.data",
    "PyDataset",
    "function",
    "generator",
    "iterable",
]

_BY_CLASS: dict[tuple[str, str], Kind] = {
    ("torch", "DataLoader"): "torch loader",
    ("torch", "IterableDataset"): "torch iterable",
    ("torch", "Dataset"): "torch data set",
    ("lightning", "LightningDataModule"): "data module",
    ("pytorch_lightning", "LightningDataModule"): "data module",
    ("tensorflow", "DatasetV2"): "tf.data",
    ("keras", "PyDataset"): "PyDataset",
}

_BATCHED: tuple[Kind, ...] = ("torch loader", "data module", "PyDataset", "function", "generator", "iterable")

_MOST = 4
"""Parts of data: inputs and targets to train on and to validate on."""
_OF_OTHERS = ("load", "__array__", "shape")
"""What sources and arrays have."""


def kind_of(data: Any) -> Kind | None:
    """Tell what kind of foreign data an object is; None for arrays, names, sources and everything else.

    Examples
    --------
    >>> kind_of(iter([])), kind_of(lambda: iter([])), kind_of([1, 2])
    ('generator', 'function', None)
    """
    if data is None or isinstance(data, type):
        return None
    # The nearest class decides: an IterableDataset is a Dataset too.
    for base in type(data).__mro__:
        found = _BY_CLASS.get((base.__module__.partition(".")[0], base.__name__))
        if found is not None:
            return found
    if isinstance(data, Sequence | Mapping | AbstractSet | array) or any(hasattr(data, sign) for sign in _OF_OTHERS):
        return None
    if isinstance(data, Iterator):
        return "generator"
    if hasattr(type(data), "__iter__"):
        return "iterable"
    return "function" if _needs_nothing(data) else None


def is_foreign(data: Any) -> bool:
    """Tell whether data is for this room: one of its kinds, a pair to train and to validate on, or a mixture.

    A mixture of loaders and arrays that is no such pair can't be trained on; this room knows best how to say so.

    Examples
    --------
    >>> is_foreign((lambda: iter([]), lambda: iter([]))), is_foreign(([0.0], [1.0]))
    (True, False)
    """
    if not isinstance(data, tuple | list):
        return kind_of(data) is not None
    # NumPy may make an array of an object that isn't known here and can be iterated.
    return is_pair(data) or (len(data) <= _MOST and any(kind_of(part) not in (None, "iterable") for part in data))


def is_hugging_face(data: Any) -> bool:
    """Tell whether an object is a data set of that library, or a dictionary of its parts; imports nothing.

    Examples
    --------
    >>> is_hugging_face([1, 2])
    False
    """
    return any(
        base.__module__.partition(".")[0] == "datasets" and base.__name__ in ("Dataset", "DatasetDict")
        for base in type(data).__mro__
    )


def is_pair(data: Any) -> bool:
    """Tell whether data is a loader with another, or with arrays, to validate on.

    Examples
    --------
    >>> is_pair((lambda: iter([]), ([[0.0]], [1]))), is_pair(([[0.0]], lambda: iter([])))
    (True, False)
    """
    if not isinstance(data, tuple | list) or len(data) != 2 or kind_of(data[0]) is None:  # noqa: PLR2004 - a pair
        return False
    return kind_of(data[1]) is not None or are_arrays(data[1])


def are_arrays(data: Any) -> bool:
    """Tell whether data is inputs and targets, not loaders.

    Examples
    --------
    >>> are_arrays(([[0.0]], [1])), are_arrays((0.0, 1)), are_arrays([[0.0]])
    (True, False, False)
    """
    return (
        isinstance(data, tuple | list)
        and len(data) == 2  # noqa: PLR2004 - inputs and targets
        and all(kind_of(part) is None and hasattr(part, "__len__") for part in data)
    )


def is_read_once(data: Any) -> bool:
    """Tell whether training data is gone once somebody has read it.

    Examples
    --------
    >>> is_read_once(iter([])), is_read_once((iter([]), lambda: iter([]))), is_read_once([1, 2])
    (True, True, False)
    """
    training = data[0] if isinstance(data, tuple | list) and is_foreign(data) else data
    return kind_of(training) == "generator"


def can_be_divided(data: Any) -> bool:
    """Tell whether a share of foreign data can be held back for validation."""
    return kind_of(data) == "torch data set"


def brings_batches(data: Any, size: int) -> bool:
    """Tell whether all data comes in batches that somebody else has made, of another size than this or of any.

    Examples
    --------
    >>> brings_batches(iter([]), 8), brings_batches((iter([]), ([[0.0]], [1])), 8), brings_batches(([0.0], [1.0]), 8)
    (True, False, False)
    """
    return all(_has_batches(part, size) for part in (data if is_pair(data) else (data,)))


def _has_batches(part: Any, size: int) -> bool:
    if kind_of(part) == "tf.data":
        # The data set knows how large batches are where all are full.
        sizes = {leaf.shape[0] if leaf.shape.rank else None for leaf in leaves(part.element_spec)}
        return not gives_samples(part) and sizes != {size}
    return kind_of(part) in _BATCHED and getattr(part, "batch_size", None) != size


def gives_samples(dataset: Any) -> bool:
    """Tell whether a ``tf.data.Dataset`` gives single samples: a part is a plain number, or the first axes differ."""
    shapes = [leaf.shape for leaf in leaves(dataset.element_spec)]
    if any(shape.rank is None for shape in shapes):
        return False
    return any(shape.rank == 0 for shape in shapes) or len({shape[0] for shape in shapes}) > 1


def _needs_nothing(function: Callable[..., Any]) -> bool:
    """Tell whether something can be called without arguments."""
    if not callable(function):
        return False
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return False
    return all(
        parameter.default is not parameter.empty or parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
        for parameter in parameters
    )
