"""The fields of a saved state, one by one: as they are, as they were at the start, and slightly changed."""

from __future__ import annotations

import copy
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from dltrainer_jupyter.core.protocols import FullState, NamedArrays, RawArray

_OF_A_PART = re.compile(r"(?<=[._/])\d+(?=[._/]|$)")
"""Numbers of layers and parameters, which don't make a kind of their own."""
_SMALLEST = 1e-30


@dataclass(frozen=True)
class Field:
    """Something in a saved state that can be taken out of it."""

    name: str
    """``weights: model/weight``, ``optimizer: exp_avg``, ``judge.waited``."""
    how: str
    """``reset`` to its value at the start, ``removed`` where it had none, ``changed`` where it has kept it."""
    without: FullState
    """The state with this field reset."""


def fields(saved: FullState, fresh: FullState) -> Iterator[Field]:
    """Give a saved state without each of its fields in turn.

    Parameters
    ----------
    saved : FullState
        Of the middle of a run.
    fresh : FullState
        Of its step 0.
    """
    for part in ("weights", "optimizer"):
        arrays: NamedArrays = getattr(saved, part)
        for kind, names in _kinds(arrays, saved.weights if part == "optimizer" else {}).items():
            start: NamedArrays = getattr(fresh, part)
            new = {name: _initial(arrays[name], start.get(name)) for name in names}
            how = "reset"
            if all(_same(new[name], arrays[name]) for name in names):
                how, new = "changed", {name: _disturbed(arrays[name]) for name in names}
            yield Field(f"{part}: {kind}", how, replace(saved, **{part: arrays | new}))
    for path in _paths(saved.meta):
        value, start_value = _at(saved.meta, path), _at(fresh.meta, path)
        how = "removed" if start_value is _ABSENT else "reset"
        if _equal(value, start_value):
            how, start_value = "changed", _other(value)
            if start_value is _ABSENT:
                continue
        meta = copy.deepcopy(saved.meta)
        _put(meta, path, start_value)
        yield Field(".".join(map(str, path)), how, replace(saved, meta=meta))


# --- arrays -----------------------------------------------------------------------------------------------


def _kinds(arrays: NamedArrays, weights: Iterable[str]) -> dict[str, list[str]]:
    """Group names by net or optimizer and by what they are of a layer: all biases, all slots of a kind.

    What an optimizer keeps of a weight is told by what its name has besides the weight's.
    """
    found: dict[str, list[str]] = defaultdict(list)
    known = sorted({re.split(r"[./]", name, maxsplit=1)[-1] for name in weights}, key=len, reverse=True)
    for name in arrays:
        of = next((weight for weight in known if weight in name), None)
        if of is not None:
            found[name.replace(of, "*")].append(name)
            continue
        parts = re.split(r"[./]", _OF_A_PART.sub("*", name))
        found["/".join(dict.fromkeys((parts[0], parts[-1])))].append(name)
    return found


def _initial(array: RawArray, start: RawArray | None) -> RawArray:
    if start is not None and (start.dtype, start.shape) == (array.dtype, array.shape):
        return start
    return array._replace(data=bytes(len(memoryview(array.data).cast("B"))))


def _same(one: RawArray, other: RawArray) -> bool:
    return bytes(one.data) == bytes(other.data)


def _disturbed(array: RawArray) -> RawArray:
    """Change the lowest bit of the first number; in a float the highest byte but one, so that it matters."""
    data = bytearray(array.data)
    if data:
        data[-2 if array.dtype in ("F32", "F64") else 0] ^= 1
    return array._replace(data=bytes(data))


# --- everything else --------------------------------------------------------------------------------------

_ABSENT = object()
_Path = tuple[str | int, ...]


def _paths(value: Any, where: _Path = ()) -> Iterator[_Path]:
    """Walk through dictionaries, and through lists of dictionaries."""
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from _paths(item, (*where, key))
    elif isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
        for index, item in enumerate(value):
            yield from _paths(item, (*where, index))
    else:
        yield where


def _at(value: Any, path: _Path) -> Any:
    for key in path:
        try:
            value = value[key]
        except (KeyError, IndexError, TypeError):
            return _ABSENT
    return value


def _put(value: Any, path: _Path, new: Any) -> None:
    for key in path[:-1]:
        value = value[key]
    if new is _ABSENT:
        del value[path[-1]]
    else:
        value[path[-1]] = copy.deepcopy(new)


def _equal(one: Any, other: Any) -> bool:
    if isinstance(one, np.ndarray) or isinstance(other, np.ndarray):
        return np.array_equal(one, other)
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(_equal, one, other))
    return bool(one == other) or (one != one and other != other)  # noqa: PLR0124 - NaN is NaN here


def _other(value: Any) -> Any:
    """Give a value of the same kind that is another; absent where there is none."""
    for kind, change in _CHANGES:
        if isinstance(value, kind):
            return change(value)
    return _ABSENT


def _other_array(value: np.ndarray[Any, Any]) -> Any:
    if not value.size:
        return _ABSENT
    changed = value.copy()
    changed.reshape(-1).view(np.uint8)[changed.nbytes // 2] ^= 1
    return changed


def _other_items(value: Any) -> Any:
    # What is nested first: before it stand kinds and versions.
    for index in sorted(range(len(value)), key=lambda index: not isinstance(value[index], list | tuple | np.ndarray)):
        changed = _other(value[index])
        if changed is not _ABSENT:
            return type(value)([*value[:index], changed, *value[index + 1 :]])
    return _ABSENT


_CHANGES: tuple[tuple[type | tuple[type, ...], Callable[[Any], Any]], ...] = (
    (bool, lambda value: not value),
    (int, lambda value: value + 1),
    (float, lambda value: 0.5 * value if abs(value) > _SMALLEST else 0.5),
    (str, lambda value: f"{value}x"),
    (bytes, lambda value: bytes([value[0] ^ 1]) + value[1:] if value else _ABSENT),
    (np.ndarray, _other_array),
    ((list, tuple), _other_items),
)
