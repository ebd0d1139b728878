"""The user's own objects: copied at submit, kept beside the run so that another process can resume it.

The file is a pickle. Only a process of the same user loads it, to train or to predict; a server never does.
"""

from __future__ import annotations

import copy
import os
import stat
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dltrainer_jupyter.adapters.shared import pickling
from dltrainer_jupyter.core import private
from dltrainer_jupyter.core.errors import DLTrainerError

FILE = "objects.pkl"


class NotRebuildableError(DLTrainerError):
    """The run's objects are gone with the process that held them."""


def pack(objects: Mapping[str, Any]) -> bytes:
    """Pickle objects, in one go so that those which share parts still do.

    Raises
    ------
    NotRebuildableError
        If one of them can't be pickled; the message says which and why.
    """
    try:
        return _dumps(dict(objects))
    except Exception as error:
        raise NotRebuildableError(_why(objects, error)) from error


def _dumps(value: Any) -> bytes:
    """Pickle a value, with help for what a framework that is in use can't pickle itself."""
    if {"keras", "tensorflow"} <= sys.modules.keys():
        from dltrainer_jupyter.adapters.tensorflow import packing

        return packing.dumps(value)
    return pickling.dumps(value)


def _why(objects: Mapping[str, Any], error: Exception) -> str:
    for key, value in objects.items():
        try:
            _dumps(value)
        except Exception as own:  # noqa: BLE001 - as above
            return f"{key} can't be pickled ({own})"
    return f"the objects can't be pickled ({error})"


def _copied_already(value: Any) -> dict[int, Any]:
    """Copy what a framework that is in use can't copy itself; by address, as ``copy.deepcopy`` wants to be told."""
    if isinstance(value, Mapping) and {"keras", "tensorflow"} <= sys.modules.keys():
        from dltrainer_jupyter.adapters.tensorflow import packing

        return packing.copies_of(value.values())
    return {}


def unpack(data: bytes) -> dict[str, Any]:
    """Unpickle what :func:`pack` made in this process or a trainer's."""
    return dict(pickling.load_all(data))


def save(folder: Path, data: bytes) -> None:
    """Write packed objects into the run's folder, readable by their owner alone; whole or not at all."""
    private.write(folder / FILE, data)


def load(folder: Path) -> dict[str, Any]:
    """Read a run's objects.

    Raises
    ------
    NotRebuildableError
        If there are none, or the file belongs to somebody else or may be written by others.
    """
    path = folder / FILE
    try:
        file = path.open("rb")
    except FileNotFoundError:
        msg = (
            "The objects of this run were not kept (they could not be pickled), so it can't go on in another process; "
            "start it again from the notebook that made them."
        )
        raise NotRebuildableError(msg) from None
    with file:
        # Of the open file, so that nobody can put another one in its place between the look and the reading.
        status = os.fstat(file.fileno())
        if hasattr(os, "getuid") and (status.st_uid != os.getuid() or status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)):
            msg = f"{path} holds Python objects and may have been written by somebody else; it is not loaded."
            raise NotRebuildableError(msg)
        return unpack(file.read())


def copied(value: Any) -> Any:
    """Copy what can't be pickled.

    Raises
    ------
    NotRebuildableError
        If it can't be copied either.
    """
    try:
        return copy.deepcopy(value, _copied_already(value))
    except Exception as error:
        msg = f"can be neither pickled nor copied ({error})"
        raise NotRebuildableError(msg) from error
