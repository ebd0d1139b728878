"""What a look at the surroundings finds: that something is well, worth knowing, or broken, and how to mend it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

Level = Literal["good", "note", "fault"]


@dataclass(frozen=True)
class Finding:
    """One thing that a check has found.

    Examples
    --------
    >>> fault("anywidget isn't installed.", 'pip install "anywidget>=0.9"').level
    'fault'
    """

    level: Level
    said: str
    """A sentence."""
    cure: str | None = None
    """The command that mends it, or what to do where none does."""


Check = Callable[[], Iterable[Finding]]
"""Looks at one side of the surroundings; a part of the kind ``checks``."""


def good(said: str) -> Finding:
    """Say that something is as it should be."""
    return Finding("good", said)


def note(said: str, cure: str | None = None) -> Finding:
    """Say what isn't there, and need not be."""
    return Finding("note", said, cure)


def fault(said: str, cure: str) -> Finding:
    """Say what is broken."""
    return Finding("fault", said, cure)
