"""What is hostile: how it is written, by which verb it gets in, and what the refusal says."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CANARY = "ran-canary"
"""Name of the file that anything writes that was run, or that got out of its folder."""
HUGE = 4 << 40
"""Bytes of files that hold nothing but holes: more than any machine has memory."""


@dataclass(frozen=True)
class Place:
    """Where an artefact is written."""

    folder: Path
    """Its own; nothing else is in it."""

    @property
    def canary(self) -> Path:
        """The file that a payload makes."""
        return self.folder.parent / CANARY

    @property
    def command(self) -> str:
        """A shell's command that makes it."""
        return f"touch {self.canary}"

    @property
    def code(self) -> str:
        """Python that makes it."""
        return f"open({str(self.canary)!r}, 'w').close()"

    def evil(self, call: Callable[..., Any] = os.system, *given: Any) -> Any:
        """Give an object whose pickle calls a function; left alone, a shell."""
        return _Evil(call, *(given or (self.command,)))


class _Evil:
    def __init__(self, *call: Any) -> None:
        self.call = call

    def __reduce__(self) -> Any:
        return self.call[0], self.call[1:]


@dataclass(frozen=True)
class Artefact:
    """A file, a folder or a text that means harm."""

    id: str
    """Says what it is."""
    write: Callable[[Place], Any]
    """Writes it; gives what is fed in, in JSON's types or as a path."""
    feed: Callable[[Any], str | None]
    """Hands it to a verb, as a person would; gives what the person is told where that is no error."""
    says: str
    """Expression that is found in what the person is told."""
    naive: Callable[[Any], Any] | None = None
    """The loader that it is made for, which does what it says."""
    cpu: float = 5.0
    """Seconds of processor time that it may take."""


ARTEFACTS: dict[str, Artefact] = {}
"""All there are, by id."""


def hostile(
    id: str,  # noqa: A002 - what it is
    feed: Callable[[Any], str | None],
    says: str,
    *,
    naive: Callable[[Any], Any] | None = None,
) -> Callable[[Callable[[Place], Any]], Callable[[Place], Any]]:
    """Register the function that writes an artefact."""

    def registered(write: Callable[[Place], Any]) -> Callable[[Place], Any]:
        if id in ARTEFACTS:
            msg = f"two artefacts are called {id!r}"
            raise ValueError(msg)
        ARTEFACTS[id] = Artefact(id, write, feed, says, naive)
        return write

    return registered
