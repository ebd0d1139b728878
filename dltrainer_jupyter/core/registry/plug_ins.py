"""The plug-in folder of this process, as it was last read."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dltrainer_jupyter.core.errors import ConfigurationError, first_line
from dltrainer_jupyter.core.registry.folder import Content, Problem, read, state_of

VARIABLE = "DLTRAINER_PLUGINS"


@dataclass(frozen=True)
class Changes:
    """What became of the folder since it was read before: names of files."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    gone: tuple[str, ...]
    first: bool = False
    """Whether nobody in this process had looked before."""


def _named() -> Path | None:
    given = os.environ.get(VARIABLE)
    return Path(given) if given else None


class _State:
    def __init__(self) -> None:
        self.where: Callable[[], Path | None] = _named
        self.read: tuple[Path | None, Content, Any] | None = None
        self.lock = threading.RLock()


_STATE = _State()


def found_by(where: Callable[[], Path | None]) -> None:
    """Say how this process finds its plug-in folder; left alone, an environment variable names it.

    Parameters
    ----------
    where : callable
        Gives the folder, which need not be there, or None for none; may raise :class:`ConfigurationError`.
    """
    _STATE.where = where


def folder() -> Path | None:
    """Give the plug-in folder, whether it is there or not.

    Raises
    ------
    ConfigurationError
        If the setting can't be used.
    """
    return _STATE.where()


def environment() -> dict[str, str]:
    """Give the variable by which another process finds the same folder."""
    try:
        found = folder()
    except ConfigurationError:
        return {}
    return {} if found is None else {VARIABLE: str(found)}


def current() -> Content:
    """Give what the folder held when it was last read; it is read now if it never was, or is another one."""
    with _STATE.lock:
        try:
            found = folder()
        except ConfigurationError as error:
            return Content(problems=(Problem(Path("plugins"), first_line(error)),))
        if _STATE.read is None or _STATE.read[0] != found:
            _STATE.read = (found, *_read(found))
        return _STATE.read[1]


def refresh() -> bool:
    """Read the folder again if a file in it is another one than before; tell whether it was."""
    with _STATE.lock:
        current()
        before = _STATE.read
        if before is None or before[0] is None or _state(before[0]) == before[2]:
            return False
        _STATE.read = (before[0], *_read(before[0]))
        return True


def reload() -> Changes:
    """Read the folder again, whatever the times of its files say.

    What is changed is run anew when it is next asked for; whoever works with the one before keeps it.

    Returns
    -------
    Changes
        Since it was read before.
    """
    with _STATE.lock:
        known = _STATE.read
        before = {one.name: one.sha256 for one in current().plug_ins}
        first = known is None or known is not _STATE.read  # another folder by now
        forget()
        after = {one.name: one.sha256 for one in current().plug_ins}
    return Changes(
        tuple(name for name in after if name not in before),
        tuple(name for name in after if name in before and before[name] != after[name]),
        tuple(name for name in before if name not in after),
        first,
    )


def forget() -> None:
    """Read the folder anew when it is next asked for."""
    with _STATE.lock:
        _STATE.read = None


def why_not(name: str) -> str:
    """Say what of the folder can't be used, as that may be where a name was expected from; "" if all can."""
    problems = current().problems
    near = [one for one in problems if one.path.stem == name] or list(problems)
    return (
        f" The plug-in {near[0]}"
        if len(near) == 1
        else f" {len(near)} plug-ins can't be used: {near[0]}"
        if near
        else ""
    )


def _read(where: Path | None) -> tuple[Content, Any]:
    if where is None or not os.path.lexists(where):
        return Content(), None
    # Its state first: a file that changes in between is then read once more, never missed.
    state = state_of(where)
    return read(where), state


def _state(where: Path) -> Any:
    return state_of(where) if os.path.lexists(where) else None
