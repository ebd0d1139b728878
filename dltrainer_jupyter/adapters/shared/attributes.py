"""What objects of a model's note in attributes of their own while they compute, put back afterwards."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

_CONTAINERS = (list, dict, set, deque)


@contextmanager
def unchanged_attributes(owners: Iterable[Any], without: Collection[str]) -> Iterator[None]:
    """Put back at the end what owners set anew meanwhile, or put into lists, dictionaries and sets they hold.

    Parameters
    ----------
    owners : iterable of object
        With a ``__dict__``; what lies deeper in their attributes isn't looked at.
    without : collection of str
        Attributes that somebody else looks after.
    """
    before = [(mine, {k: v for k, v in mine.items() if k not in without}) for mine in map(_own, owners)]
    values = (value for _, attributes in before for value in attributes.values())
    contents = {id(value): (value, value.copy()) for value in values if type(value) in _CONTAINERS}
    try:
        yield
    finally:
        for mine, attributes in before:
            for name in mine.keys() - attributes.keys() - set(without):
                del mine[name]
            for name, value in attributes.items():
                if mine.get(name, contents) is not value:
                    mine[name] = value
        for value, copy in contents.values():
            _refill(value, copy)


def _own(owner: Any) -> dict[str, Any]:
    found: dict[str, Any] = owner.__dict__
    return found


def _refill(value: Any, copy: Any) -> None:
    """Give a container what it held; one that holds it still is left alone, since others may watch it."""
    kept = value.items() if isinstance(value, dict) else value
    held = copy.items() if isinstance(copy, dict) else copy
    same = len(value) == len(copy) and (
        value == copy
        if isinstance(value, set)
        else all(_alike(one, other) for one, other in zip(kept, held, strict=True))
    )
    if not same:
        value.clear()
        (value.update if isinstance(value, dict | set) else value.extend)(copy)


def _alike(one: Any, other: Any) -> bool:
    """Tell whether two entries are the same objects; comparing tensors would compare each number."""
    if isinstance(one, tuple) and isinstance(other, tuple) and len(one) == len(other) == 2:  # noqa: PLR2004 - an item
        return one[0] is other[0] and one[1] is other[1]
    return one is other
