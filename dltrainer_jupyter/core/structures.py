"""Structures of arrays: tuples, lists and mappings, as batches come and nets take and give them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any


def leaves(structure: Any) -> Iterator[Any]:
    """Give what a structure holds, in its order.

    Examples
    --------
    >>> list(leaves((1, {"a": 2, "b": [3]})))
    [1, 2, 3]
    """
    if isinstance(structure, Mapping):
        for item in structure.values():
            yield from leaves(item)
    elif isinstance(structure, tuple | list):
        for item in structure:
            yield from leaves(item)
    else:
        yield structure


def mapped(structure: Any, change: Callable[[Any], Any]) -> Any:
    """Give the same structure with every leaf changed.

    Examples
    --------
    >>> mapped((1, {"a": 2}), lambda leaf: -leaf)
    (-1, {'a': -2})
    """
    if isinstance(structure, dict):
        return {key: mapped(item, change) for key, item in structure.items()}
    if isinstance(structure, tuple) and hasattr(structure, "_fields"):
        return type(structure)(*(mapped(item, change) for item in structure))
    if isinstance(structure, tuple | list):
        return type(structure)(mapped(item, change) for item in structure)
    return change(structure)


def portions(structure: Any, size: int) -> Iterator[Any]:
    """Give arrays in portions of at most so many samples; one without samples where there are none.

    Examples
    --------
    >>> list(portions({"a": "abc", "b": "123"}, 2))
    [{'a': 'ab', 'b': '12'}, {'a': 'c', 'b': '3'}]
    """
    for at in range(0, max(samples_in(structure), 1), size):
        yield mapped(structure, lambda array, at=at: array[at : at + size])  # type: ignore[misc]


def samples_in(structure: Any) -> int:
    """Count the samples of arrays, which lie along the first axis of each.

    Examples
    --------
    >>> samples_in({"a": range(2), "b": range(2)})
    2
    """
    return len(next(leaves(structure)))
