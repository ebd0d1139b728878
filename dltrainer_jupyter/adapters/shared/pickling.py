"""Pickling what a notebook made, so that it comes back as something of its own."""

from __future__ import annotations

import inspect
import io
import pickle
from typing import Any

import cloudpickle

from dltrainer_jupyter.core.registry.namespace import NAMESPACE

cloudpickle.register_pickle_by_value(NAMESPACE)
_TRACKER = "class_tracker_id"


class Pickler(cloudpickle.Pickler):  # type: ignore[misc] # cloudpickle has no types
    """Pickles classes and functions of a notebook by value; a class comes back as another one, even in this process.

    So it does with those of plug-ins, whose modules no other process finds.

    Left alone, cloudpickle remembers the classes it has pickled. Unpickled where they were made, they are taken for
    the notebook's own, whose methods are then replaced by copies that no longer see the notebook's variables.
    """

    def reducer_override(self, obj: Any) -> Any:
        """Say how to pickle an object."""
        reduced = super().reducer_override(obj)
        if not isinstance(reduced, tuple) or not hasattr(reduced[0], "__code__"):
            return reduced
        make, arguments, *rest = reduced
        names = list(inspect.signature(make).parameters)
        if _TRACKER not in names:
            return reduced
        at = names.index(_TRACKER)
        return make, (*arguments[:at], None, *arguments[at + 1 :]), *rest


def dumps(value: Any) -> bytes:
    """Pickle a value; any unpickler reads it."""
    buffer = io.BytesIO()
    Pickler(buffer).dump(value)
    return buffer.getvalue()


def load_all(data: bytes) -> Any:
    """Load pickles that lie one after another, made by the same pickler: later ones complete what the first holds.

    Parameters
    ----------
    data : bytes
        Made by this user, who alone may have written it: loading a pickle runs what it says.
    """
    file = io.BytesIO(data)
    unpickler = pickle.Unpickler(file)  # noqa: S301 - said above
    first = unpickler.load()
    while file.tell() < len(data):
        unpickler.load()
    return first
