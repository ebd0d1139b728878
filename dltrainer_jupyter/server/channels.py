"""What many sockets are told of the same runs, read and written down once for them all.

The feed's thread reads the store and compares; the event loop only hands texts on.
"""

from __future__ import annotations

import asyncio
import functools
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from dltrainer_jupyter.store.store import Store
from dltrainer_jupyter.views.feed import Feed
from dltrainer_jupyter.views.patching import is_nothing, patch

BEAT, REST = 0.4, 1.0
"""Seconds between two looks while a run that is watched is alive, and while none is."""
_SHARE = 12
"""The thread rests so many times longer than the processor worked for it, however many runs are watched."""
_RESOURCES = 2.0
"""Seconds between two looks at how busy the machine is."""

Hear = Callable[[], None]


def body(**values: Any) -> str:
    """Write what stands behind a frame's kind and id."""
    return json.dumps(values, allow_nan=False, separators=(",", ":"))[1:-1]


class News:
    """A run's newest snapshot, and what changed since the one before.

    Parameters
    ----------
    snapshot : mapping
        The newest.
    before : News, optional
        What was told before it.
    """

    def __init__(self, snapshot: Mapping[str, Any], before: News | None = None) -> None:
        self.snapshot = snapshot
        self.serial: int = 0 if before is None else before.serial + 1
        change = None if before is None else patch(before.snapshot, snapshot)
        self.is_nothing = change is not None and is_nothing(change)
        self.change = None if change is None else body(**change)

    @functools.cached_property
    def whole(self) -> str:
        """The whole snapshot, written down."""
        return body(snapshot=self.snapshot)


class RunChannel:
    """What all who watch a run are told.

    Parameters
    ----------
    store : Store
        Where it is.
    run_id : str
        Which.
    loop : asyncio.AbstractEventLoop
        Where those who watch live.
    """

    def __init__(self, store: Store, run_id: str, loop: asyncio.AbstractEventLoop) -> None:
        self.store = store
        self.run_id = run_id
        self.news: News | None = None
        self.is_gone = False
        self.hearers: set[Hear] = set()
        self._loop = loop
        self._newest: News | None = None  # the feed's thread's own

    def tell(self, snapshot: Mapping[str, Any]) -> None:
        """Compare with what was told before; on the feed's thread."""
        news = News(snapshot, self._newest)
        if not news.is_nothing:
            self._newest = news
            _call(self._loop, self._spread, news)

    def end(self) -> None:
        """Say that the run was deleted; on the feed's thread."""
        _call(self._loop, self._spread, None)

    def _spread(self, news: News | None) -> None:
        if news is None:
            self.is_gone = True
        else:
            self.news = news
        for hear in tuple(self.hearers):
            hear()


class ListChannel:
    """What all who show a store's list are told.

    Parameters
    ----------
    store : Store
        Which.
    loop : asyncio.AbstractEventLoop
        Where those who show it live.
    """

    def __init__(self, store: Store, loop: asyncio.AbstractEventLoop) -> None:
        self.store = store
        self.hearers: set[Callable[[Sequence[Mapping[str, Any]], Sequence[str]], None]] = set()
        self._loop = loop

    def tell(self, rows: Sequence[Mapping[str, Any]], gone: Sequence[str]) -> None:
        """Hand rows on; on the feed's thread."""
        _call(self._loop, self._spread, rows, gone)

    def _spread(self, rows: Sequence[Mapping[str, Any]], gone: Sequence[str]) -> None:
        for hear in tuple(self.hearers):
            hear(rows, gone)


class ResourcesChannel:
    """What all who show how busy the machine is are told; nothing is read while nobody does."""

    def __init__(self) -> None:
        self.newest: Mapping[str, Any] = {}
        self._hearers: set[Hear] = set()
        self._task: asyncio.Task[None] | None = None

    def add(self, hear: Hear) -> None:
        """Tell somebody from now on."""
        self._hearers.add(hear)
        if self.newest:
            hear()
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._tell())

    def remove(self, hear: Hear) -> None:
        """Tell somebody nothing more."""
        self._hearers.discard(hear)
        if not self._hearers and self._task is not None:
            self._task.cancel()
            self._task = None

    async def _tell(self) -> None:
        from dltrainer_jupyter.views.resources import resources

        while True:
            self.newest = await asyncio.to_thread(resources)
            for hear in tuple(self._hearers):
                hear()
            await asyncio.sleep(_RESOURCES)


class Channels:
    """Every channel of a server, each there as long as somebody hears it."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._feed = Feed(BEAT, REST, _SHARE)
        self._runs: dict[tuple[str, str], RunChannel] = {}
        self._lists: dict[str, ListChannel] = {}
        self.resources = ResourcesChannel()

    def join_run(self, store: Store, run_id: str, revision: int | None, hear: Hear) -> RunChannel:
        """Have somebody hear of a run.

        Parameters
        ----------
        store : Store
            Where it is.
        run_id : str
            Which.
        revision : int or None
            Its present one, for who shows that already and wants to hear of the next; None for who shows nothing yet.
        hear : callable
            Called whenever there are news.
        """
        key = (store.uuid, run_id)
        channel = self._runs.get(key)
        if channel is None or channel.is_gone:
            # One that was deleted may have been brought back.
            channel = self._runs[key] = RunChannel(store, run_id, self._loop)
            self._feed.add(channel, -1 if revision is None else revision)
        elif channel.news is None and revision is None:
            # It has been silent so far, since all who hear it know the run as it is.
            self._feed.add(channel)
        channel.hearers.add(hear)
        return channel

    def leave_run(self, channel: RunChannel, hear: Hear) -> None:
        """Have somebody hear no more of a run."""
        channel.hearers.discard(hear)
        if not channel.hearers:
            key = (channel.store.uuid, channel.run_id)
            if self._runs.get(key) is channel:
                del self._runs[key]
            self._feed.remove(channel)

    def join_list(
        self, store: Store, hear: Callable[[Sequence[Mapping[str, Any]], Sequence[str]], None]
    ) -> ListChannel:
        """Have somebody hear of every run's row that changes."""
        channel = self._lists.get(store.uuid)
        if channel is None:
            channel = self._lists[store.uuid] = ListChannel(store, self._loop)
        channel.hearers.add(hear)
        # Also one that is followed already: who has just read the list may have missed what others were told since.
        self._feed.add_list(channel)
        return channel

    def leave_list(
        self, channel: ListChannel, hear: Callable[[Sequence[Mapping[str, Any]], Sequence[str]], None]
    ) -> None:
        """Have somebody hear no more of a list."""
        channel.hearers.discard(hear)
        if not channel.hearers:
            self._lists.pop(channel.store.uuid, None)
            self._feed.remove_list(channel)


def _call(loop: asyncio.AbstractEventLoop, what: Callable[..., None], *given: Any) -> None:
    try:
        loop.call_soon_threadsafe(what, *given)
    except RuntimeError:
        # The server has ended meanwhile; nobody hears anything any more.
        return
