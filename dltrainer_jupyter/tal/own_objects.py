"""What in a person's settings is an object of their own, which no text can say."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from datetime import date
from typing import Any

from dltrainer_jupyter.core.part import Part
from dltrainer_jupyter.data.foreign.recognition import is_hugging_face

_WRITTEN = (str, bytes, int, float, date, Mapping, Part, type(None))
"""What YAML and JSON can say, and lists and sets of it."""
_FEW = 4
"""Arrays that are described one by one: inputs and targets, of training and validation."""


def thing_in(item: Any) -> Any:
    """Give what a setting names: of a mapping, which may carry more beside it, the type."""
    return item["type"] if isinstance(item, Mapping) and "type" in item else item


def is_own(key: str, value: Any) -> bool:
    """Tell an object of the user's own from what can be written, whoever wrote it: that is a name, or wrong."""
    # Python alone has tuples, so that numbers in one are meant as data.
    return (key == "data" and isinstance(value, tuple)) or not _can_be_written(value)


def _can_be_written(value: Any) -> bool:
    if isinstance(value, list | tuple | AbstractSet):
        return all(map(_can_be_written, value))
    # A dictionary of data sets is one.
    return isinstance(value, _WRITTEN) and not is_hugging_face(value)


def in_few_words(value: Any) -> str:
    """Describe an object in a few words."""
    if isinstance(value, tuple) and len(value) <= _FEW:
        return f"({', '.join(in_few_words(item) for item in value)})"
    if isinstance(value, tuple | list):
        return f"{type(value).__name__} of {len(value):,}"
    shape = getattr(value, "shape", None)
    if isinstance(shape, tuple):
        return f"{type(value).__name__}{tuple(shape)}"
    named = getattr(value, "__qualname__", None)
    return named if isinstance(named, str) else type(value).__name__
