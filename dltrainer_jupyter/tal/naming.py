"""What a run is called that nobody has named."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from dltrainer_jupyter.core.spec import Part, RunSpec

_SAYS_NOTHING = frozenset(
    {"builtins", "functools", "flax", "jax", "keras", "numpy", "pandas", "polars", "scipy", "tensorflow", "torch"}
)
"""Packages whose classes are everybody's: a ``Sequential``, a function, a tuple, a table, a loader."""
_LONGEST = 50


def default_name(spec: RunSpec, own: Mapping[str, Any]) -> str:
    """Name a run after its model and its data, as far as they have names.

    Parameters
    ----------
    spec : RunSpec
        What it trains.
    own : mapping
        The user's own objects, by key.

    Examples
    --------
    >>> default_name(RunSpec(model="mlp", data="digits"), {})
    'mlp-digits'
    """
    words = [word for word in (_word(spec.model, own.get("model")), _word(spec.data, own.get("data"))) if word]
    # Never one word alone: a notebook binds a run to its name, and such a name may be that of the model itself.
    return "-".join(words if len(words) > 1 else [*words, "run"])


def _word(part: Part, own: Any) -> str | None:
    if own is None:
        return None if part.is_user_object else _plain(part.type)
    kind = own if isinstance(own, type) else type(own)
    if kind.__module__.partition(".")[0] in _SAYS_NOTHING:
        return None
    return _plain(kind.__name__)


def _plain(name: str) -> str:
    """Leave what can be in a run's name."""
    return re.sub(r"[^\w.-]+", "-", name).strip("-")[:_LONGEST]
