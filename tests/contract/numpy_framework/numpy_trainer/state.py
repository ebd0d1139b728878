"""Arrays for a checkpoint, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from dltrainer_jupyter.core.errors import CheckpointError
from dltrainer_jupyter.core.protocols import NamedArrays, RawArray


def to_raw(arrays: Mapping[str, Any], prefix: str) -> NamedArrays:
    """Copy arrays of single precision under the names a checkpoint has for them."""
    return {prefix + name: RawArray("F32", value.shape, value.tobytes()) for name, value in arrays.items()}


def from_raw(saved: NamedArrays, prefix: str) -> dict[str, Any]:
    """Give the arrays whose names begin with a prefix."""
    return {
        name.removeprefix(prefix): np.frombuffer(bytes(raw.data), np.float32).reshape(raw.shape).copy()
        for name, raw in saved.items()
        if name.startswith(prefix)
    }


def check(what: str, here: NamedArrays, saved: NamedArrays) -> None:
    """Raise if saved arrays are others than those here."""
    others = sorted(here.keys() ^ saved.keys())
    others += sorted(name for name in here.keys() & saved.keys() if here[name][:2] != saved[name][:2])
    if others:
        msg = f"The checkpoint is of another {what}: {others[0]} is not what it is here; begin a new run."
        raise CheckpointError(msg)
