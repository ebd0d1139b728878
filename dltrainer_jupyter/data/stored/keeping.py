"""What files were turned into: made once, whole or not at all, and kept until room is wanted."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from dltrainer_jupyter.core import private
from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.data.files.downloading import alone, no_space, sync
from dltrainer_jupyter.data.files.fetching import cache_folder, tidy

_VERSION = 1
"""Of what is written; another one is made anew."""
_SEAL = "whole.json"
"""Written last: the sizes of all other files."""


def identity_of(path: Path) -> list[Any]:
    """Give what tells a file from another, and from itself as it was before somebody wrote to it."""
    state = path.stat()
    return [str(path.resolve()), state.st_size, state.st_mtime_ns]


def refuse_changed(path: Path, before: list[Any]) -> None:
    """Raise if a file isn't what it was.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    before : list
        What :func:`identity_of` gave.

    Raises
    ------
    ConfigurationError
        If it was written to, or is no longer there.
    """
    try:
        now = identity_of(path)
    except FileNotFoundError:
        now = []
    if now != before:
        msg = f"data.path: {path.name} was changed while it was read; start again when it is whole."
        raise ConfigurationError(msg)


def kept(identity: Mapping[str, Any], make: Callable[[Path], None], *, name: str, say: bool) -> Path:
    """Give the folder of what was made of a file.

    Processes that want the same wait for one another; what was begun by one that died is made anew.

    Parameters
    ----------
    identity : mapping
        JSON types that tell it from everything else: the file, and whatever changes what is made of it.
    make : callable
        Writes files into an empty folder; called only where nobody has done so before.
    name : str
        Of the file, for messages.
    say : bool
        Whether to say on the standard error stream that somebody else is waited for.

    Returns
    -------
    pathlib.Path
        The folder. It may be removed by those who need room; what is mapped of it meanwhile stays.

    Raises
    ------
    ConfigurationError
        If there is no room for it.
    """
    root = cache_folder("rows")
    key = hashlib.sha256(json.dumps([_VERSION, identity], sort_keys=True).encode()).hexdigest()[:32]
    entry = root / key
    if _is_there(entry):
        return entry
    private.make_folder(root)
    with alone(root / f".{key}.lock", name, doing="prepares", say=say):
        if _is_there(entry):
            return entry
        part = root / f".{key}.part"
        for left_over in (entry, part):
            shutil.rmtree(left_over, ignore_errors=True)
        try:
            private.make_folder(part)
            make(part)
            _seal(part)
            part.rename(entry)
        except OSError as error:
            raise no_space(root, f"what is read of {name}", error) from error
        finally:
            shutil.rmtree(part, ignore_errors=True)
    tidy(root, keep=entry)
    return entry


def _seal(folder: Path) -> None:
    sizes = {}
    for path in folder.iterdir():
        sync(path)
        sizes[path.name] = path.stat().st_size
    private.write(folder / _SEAL, json.dumps(sizes).encode())


def _is_there(entry: Path) -> bool:
    """Tell whether it is there as a whole, and note that it was asked for; others may remove it meanwhile."""
    try:
        sizes = json.loads((entry / _SEAL).read_text(encoding="utf-8"))
        is_whole = all((entry / name).stat().st_size == size for name, size in sizes.items())
        os.utime(entry / _SEAL)
    except (OSError, ValueError, AttributeError):
        return False
    return is_whole
