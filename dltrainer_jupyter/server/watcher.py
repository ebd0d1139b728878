"""What one socket is told: which runs it watches, and what it shows of them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.server.channels import Channels, ListChannel, RunChannel, body
from dltrainer_jupyter.server.outbox import Outbox
from dltrainer_jupyter.store.store import Store

_MOST = 100
"""Runs that one socket may watch."""
_LIST, _MACHINE = object(), object()
"""What else may wait in an outbox."""
_ROWS = 100
"""Rows in a frame, so that none takes long to write."""


class Watched:
    """A run as one socket shows it.

    Parameters
    ----------
    ref : str
        What the client calls it.
    known : int
        The revision it shows already, from wherever; -1 if it shows nothing.
    """

    def __init__(self, ref: str, known: int) -> None:
        self.ref = ref
        self.known = known
        self.shown: int | None = None
        """Serial of the news it was told last; None if it holds none from here."""

    async def frame(self, channel: RunChannel) -> str | None:
        """Write what makes of what the client shows what there is."""
        if channel.is_gone:
            return _frame("gone", self.ref)
        news, shown = channel.news, self.shown
        if news is None or news.serial == shown or news.snapshot["revision"] <= self.known:
            return None
        self.shown = news.serial
        # Who missed something in between is told everything.
        if news.change is not None and shown == news.serial - 1:
            return _frame("patch", self.ref, news.change)
        # That of a long run takes a while to write.
        return _frame("snapshot", self.ref, await asyncio.to_thread(getattr, news, "whole"))


class Watcher:
    """A socket's wishes.

    Parameters
    ----------
    channels : Channels
        Where to hear of what changes.
    outbox : Outbox
        Takes what is to be said.
    """

    def __init__(self, channels: Channels, outbox: Outbox) -> None:
        self._channels = channels
        self._outbox = outbox
        self._closed = False
        self._leave: dict[str, Callable[[], None]] = {}
        self._list: ListChannel | None = None
        self._rows: dict[str, Mapping[str, Any]] = {}
        self._gone: dict[str, None] = {}

    async def watch(self, ref: str, revision: int | None) -> None:
        """Tell of a run from now on; once more from the beginning, if it is told of already."""
        self.unwatch(ref)
        if len(self._leave) >= _MOST:
            msg = f"Expected at most {_MOST} runs to be watched over one socket; unwatch some first."
            raise ConfigurationError(msg)
        store, run_id, present = await asyncio.to_thread(_found, ref)
        if self._closed:
            return
        is_known = revision == present
        watched = Watched(ref, present if is_known else -1)

        def hear() -> None:
            self._outbox.put(ref, lambda: watched.frame(channel))

        channel = self._channels.join_run(store, run_id, present if is_known else None, hear)
        self._leave[ref] = lambda: self._channels.leave_run(channel, hear)
        hear()

    def unwatch(self, ref: str) -> None:
        """Tell nothing more of a run."""
        leave = self._leave.pop(ref, None)
        if leave is not None:
            leave()
            self._outbox.drop(ref)

    async def list(self, *, on: bool) -> None:
        """Tell of every run's row that changes, or don't."""
        if not on:
            self._leave_list()
        elif self._list is None:
            store = await asyncio.to_thread(_open_store)
            if not self._closed:
                self._list = self._channels.join_list(store, self._hear_rows)

    def resources(self, *, on: bool) -> None:
        """Tell how busy the machine is, or don't."""
        if on:
            self._channels.resources.add(self._hear_resources)
        else:
            self._channels.resources.remove(self._hear_resources)
            self._outbox.drop(_MACHINE)

    def close(self) -> None:
        """Hear nothing more."""
        self._closed = True
        for ref in tuple(self._leave):
            self.unwatch(ref)
        self._leave_list()
        self.resources(on=False)

    def _leave_list(self) -> None:
        if self._list is not None:
            self._channels.leave_list(self._list, self._hear_rows)
            self._list = None
            self._outbox.drop(_LIST)
            self._rows.clear()
            self._gone.clear()

    def _hear_rows(self, rows: Sequence[Mapping[str, Any]], gone: Sequence[str]) -> None:
        for run_id in gone:
            # Else it would come back to life.
            self._rows.pop(run_id, None)
            self._gone[run_id] = None
        for row in rows:
            self._gone.pop(row["id"], None)
            self._rows[row["id"]] = row
        self._outbox.put(_LIST, self._say_rows)

    async def _say_rows(self) -> str | None:
        ids = list(self._rows)[:_ROWS]
        rows, gone = [self._rows.pop(run_id) for run_id in ids], list(self._gone)
        self._gone.clear()
        if self._rows:
            self._outbox.put(_LIST, self._say_rows)
        return f'{{"kind":"rows",{body(rows=rows, gone=gone)}}}'

    def _hear_resources(self) -> None:
        self._outbox.put(_MACHINE, self._say_resources)

    async def _say_resources(self) -> str | None:
        return f'{{"kind":"resources",{body(resources=self._channels.resources.newest)}}}'


def _frame(kind: str, ref: str, rest: str | None = None) -> str:
    more = "" if rest is None else f",{rest}"
    return f'{{"kind":"{kind}","id":{json.dumps(ref)}{more}}}'


def _open_store() -> Store:
    from dltrainer_jupyter.tal.session import open_store

    return open_store()


def _found(ref: str) -> tuple[Store, str, int]:
    """Find a run by what the client calls it; with its present revision."""
    store = _open_store()
    run_id = store.find(ref).id
    return store, run_id, store.revision(run_id)
