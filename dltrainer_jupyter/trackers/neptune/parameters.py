"""A run's configuration as Neptune's fields."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any

from dltrainer_jupyter.trackers.flattening import flat

LONGEST = 16_384
"""Characters of a text; Neptune cuts off what is longer."""
_LARGEST = 2**31 - 1
"""Larger whole numbers Neptune makes floats of."""


def fields(settings: Mapping[str, Any], before: str) -> Iterator[tuple[str, Any]]:
    """Give every setting with its path, in types that Neptune keeps.

    Parameters
    ----------
    settings : mapping
        Nested, in JSON types.
    before : str
        Beginning of the paths.

    Examples
    --------
    >>> list(fields({"epochs": 3, "model": {"hidden": [64, 32]}}, "parameters"))
    [('parameters/epochs', 3), ('parameters/model/hidden', '[64, 32]')]
    """
    for inner, given in flat(settings, "/"):
        path, value = f"{before}/{inner}", _kept(given)
        if isinstance(value, str) and len(value) > LONGEST:
            pieces = [value[at : at + LONGEST] for at in range(0, len(value), LONGEST)]
            width = len(str(len(pieces)))
            yield from ((f"{path}-{number:0{width}}", piece) for number, piece in enumerate(pieces, 1))
        else:
            yield path, value


def too_long(settings: Mapping[str, Any]) -> list[str]:
    """Name the settings that are kept in several pieces, with dots: ``model.comment``."""
    found = ((path, _kept(value)) for path, value in flat(settings))
    return [path for path, value in found if isinstance(value, str) and len(value) > LONGEST]


def _kept(value: Any) -> bool | int | float | str:
    if isinstance(value, bool | str):
        return value
    if isinstance(value, int):
        return value if abs(value) <= _LARGEST else str(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    return json.dumps(value, ensure_ascii=False, default=str)
