"""Where the user's own steps are kept once they are fitted, and how chains find them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Protocol


class Kept(Protocol):
    """Keeps the user's own steps as they were fitted, so that nobody has to fit them anew."""

    def keep(self, thing: Any) -> str:
        """Keep an object or a function; gives its name."""

    def restore(self, name: str) -> Any:
        """Give it back.

        Raises
        ------
        DLTrainerError
            If it isn't to be had.
        """


class Forgotten:
    """Keeps steps in memory, for data that nobody is going to come back to."""

    def __init__(self) -> None:
        self._things: dict[str, Any] = {}

    def keep(self, thing: Any) -> str:
        """Keep it for as long as this object lives."""
        name = f"forgotten-{len(self._things)}"
        self._things[name] = thing
        return name

    def restore(self, name: str) -> Any:
        """Give it back."""
        return self._things[name]


@dataclass(frozen=True)
class Own:
    """Where a run's own steps are."""

    kept: Kept
    things: Sequence[Any] = ()
    """The user's own objects among the steps, in their order, where a chain is to be made of them."""
    trained: Sequence[Mapping[str, Any]] = ()
    """The chain that a training goes on with, as ``Signature.preprocessing`` holds it; empty to fit one."""


_OWN: ContextVar[Own | None] = ContextVar("where own steps are", default=None)


@contextmanager
def own_steps(own: Own) -> Iterator[None]:
    """Let chains that are made or read meanwhile in this thread find a run's own steps."""
    token = _OWN.set(own)
    try:
        yield
    finally:
        _OWN.reset(token)


def current() -> Own | None:
    """Say where own steps are, if somebody said so."""
    return _OWN.get()
