"""Nested settings as flat ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def flat(settings: Mapping[str, Any], between: str = ".") -> Iterator[tuple[str, Any]]:
    """Give each setting that has no others in it, by its path; lists stay together.

    Parameters
    ----------
    settings : mapping
        Nested, in JSON types.
    between : str, default "."
        What stands between the parts of a path.

    Examples
    --------
    >>> list(flat({"model": {"type": "mlp", "hidden": [64, 32]}, "data": {}}))
    [('model.type', 'mlp'), ('model.hidden', [64, 32]), ('data', {})]
    """
    for key, value in settings.items():
        if isinstance(value, Mapping) and value:
            yield from ((f"{key}{between}{inner}", found) for inner, found in flat(value, between))
        else:
            yield key, value
