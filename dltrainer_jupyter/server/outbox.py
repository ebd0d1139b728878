"""What is to be sent over one socket: the newest of each thing, however slowly the other side reads."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable

Frame = Callable[[], Awaitable[str | None]]
"""Gives the text of a frame when it can be sent, and not before; None if there is nothing to say after all."""


class Outbox:
    """Sends frames one after another.

    Of each thing, a run for one, at most one frame waits. It is put together when its turn comes, so that a client that
    reads slowly is told where things stand by then, and nothing piles up here.

    Parameters
    ----------
    send : callable
        Sends a text; done when it is on its way.
    """

    def __init__(self, send: Callable[[str], Awaitable[None]]) -> None:
        self._send = send
        self._due: dict[Hashable, Frame] = {}
        self._bell = asyncio.Event()

    def put(self, thing: Hashable, frame: Frame) -> None:
        """Let something be said of a thing, unless that waits already."""
        self._due.setdefault(thing, frame)
        self._bell.set()

    def drop(self, thing: Hashable) -> None:
        """Say nothing more of a thing."""
        self._due.pop(thing, None)

    async def empty(self) -> None:
        """Send what is put in, for ever."""
        while True:
            await self._bell.wait()
            self._bell.clear()
            while self._due:
                thing = next(iter(self._due))
                text = await self._due.pop(thing)()
                if text is not None:
                    await self._send(text)
