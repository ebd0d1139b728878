"""One thread that reads what has changed in the store, for all in a process who show runs."""

from __future__ import annotations

import contextvars
import logging
import threading
import time
import weakref
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from dltrainer_jupyter.core.errors import RunNotFoundError, StoreError
from dltrainer_jupyter.core.states import ALIVE, State
from dltrainer_jupyter.store.store import Store
from dltrainer_jupyter.views.live import snapshot
from dltrainer_jupyter.views.rows import ChangedRows

_LOG = logging.getLogger(__name__)

BEAT = 0.22
"""Seconds between two looks while a run is alive: 4 to 5 refreshes a second."""
REST = 1.0
"""Seconds between two looks while nothing is alive: another process may resume a run at any time."""
_HURRIED = 0.05
"""Least seconds between two looks, even when somebody hurries."""
SHARE = 5
"""The thread rests so many times longer than the processor worked for it, so that looking slows no training down."""
_REAP = 1.0
"""Seconds between two looks for trainers that have died."""
_LIST = 1.0
"""Seconds between two looks for rows of lists."""


class Watcher(Protocol):
    """Somebody who shows a run."""

    store: Store
    run_id: str

    def tell(self, snapshot: Mapping[str, Any]) -> None:
        """Show this; called on the feed's thread, so it returns soon and doesn't raise."""

    def end(self) -> None:
        """Be told nothing more: the run was deleted. Called as the other."""


class ListWatcher(Protocol):
    """Somebody who shows a list of runs."""

    store: Store

    def tell(self, rows: Sequence[Mapping[str, Any]], gone: Sequence[str]) -> None:
        """Show these rows anew, and those of these ids no more; called as a watcher's."""


class Feed:
    """Watches the store for all who show a run, and tells them what changed.

    Watchers are held weakly: one that nobody else holds is forgotten. The thread ends with the last of them and
    begins again with the next.

    Parameters
    ----------
    beat, rest : float
        Seconds between two looks while some run is alive, and while none is.
    share : float
        The thread rests so many times longer than the processor worked for it.
    """

    def __init__(self, beat: float = BEAT, rest: float = REST, share: float = SHARE) -> None:
        self._beat = beat
        self._rest = rest
        self._share = share
        self._lock = threading.Lock()
        self._bell = threading.Event()
        self._told: weakref.WeakKeyDictionary[Watcher, int] = weakref.WeakKeyDictionary()
        self._lists: weakref.WeakSet[ListWatcher] = weakref.WeakSet()
        self._rows: dict[str, ChangedRows] = {}
        self._states: dict[tuple[str, str], State] = {}
        self._reaped: dict[str, float] = {}
        self._thread: threading.Thread | None = None

    def add(self, watcher: Watcher, revision: int = -1) -> None:
        """Tell a watcher from now on.

        Parameters
        ----------
        watcher : Watcher
            Whom.
        revision : int, default -1
            What it shows already.
        """
        with self._lock:
            self._told[watcher] = revision
            self._run()

    def remove(self, watcher: Watcher) -> None:
        """Tell a watcher nothing more."""
        with self._lock:
            self._told.pop(watcher, None)
            self._bell.set()

    def add_list(self, watcher: ListWatcher) -> None:
        """Tell somebody of every run that is new or changes from now on, and of every one that is deleted.

        All who show this store's list are told once more what happened during the last seconds.
        """
        uuid = watcher.store.uuid
        with self._lock:
            if any(other.store.uuid == uuid for other in self._lists):
                self._rows[uuid].repeat()
            else:
                self._rows[uuid] = ChangedRows(watcher.store)
            self._lists.add(watcher)
            self._run()

    def remove_list(self, watcher: ListWatcher) -> None:
        """Tell somebody who shows a list nothing more."""
        with self._lock:
            self._lists.discard(watcher)
            self._bell.set()

    def hurry(self) -> None:
        """Look now: something was asked of a run, or somebody waits for its end."""
        with self._lock:
            if self._told or self._lists:
                self._run()

    def _run(self) -> None:
        """Have the thread look, and have a thread; whoever calls holds the lock."""
        if self._thread is None or not self._thread.is_alive():
            # In no cell's context: who executes a notebook without a page listens to the cell under way only.
            target = contextvars.Context().run
            self._thread = threading.Thread(target=target, args=(self._pump,), name="dltrain-feed", daemon=True)
            self._thread.start()
        self._bell.set()

    @property
    def is_running(self) -> bool:
        """Whether the thread is there."""
        thread = self._thread
        return thread is not None and thread.is_alive()

    def _pump(self) -> None:
        last = -_HURRIED
        while True:
            # A click is answered soon, but many clicks don't make many refreshes.
            time.sleep(max(last + _HURRIED - time.monotonic(), 0.0))
            self._bell.clear()
            started, used = time.monotonic(), time.thread_time()
            with self._lock:
                watchers, lists = list(self._told.items()), list(self._lists)
                if not watchers and not lists:
                    self._rows.clear()
                    self._states.clear()
                    self._thread = None
                    return
            pause = self._look(watchers, lists)
            # Held strongly for the look only.
            del watchers, lists
            last = time.monotonic()
            # Nor does it ask a store that answers slowly all the time.
            self._bell.wait(max(pause, self._share * (time.thread_time() - used), last - started))

    def _look(self, watchers: list[tuple[Watcher, int]], lists: list[ListWatcher]) -> float:
        """Look at each store once and tell what is new; give the seconds until the next look."""
        stores = {watcher.store.uuid: watcher.store for watcher, _ in watchers}
        stores |= {watcher.store.uuid: watcher.store for watcher in lists}
        pause = self._rest
        for uuid, store in stores.items():
            mine = [(watcher, told) for watcher, told in watchers if watcher.store.uuid == uuid]
            try:
                self._look_for_the_dead(store)
                self._look_at(store, mine)
                self._look_at_rows(store, [watcher for watcher in lists if watcher.store.uuid == uuid])
            except StoreError:
                # It may come back; the panels keep what they show, and buttons say what is wrong.
                continue
            if any(self._states.get((uuid, watcher.run_id)) in ALIVE for watcher, _ in mine):
                pause = self._beat
        return pause

    def _look_for_the_dead(self, store: Store) -> None:
        now = time.monotonic()
        if now - self._reaped.get(store.uuid, -_REAP) >= _REAP:
            self._reaped[store.uuid] = now
            store.reap()

    def _look_at_rows(self, store: Store, watchers: list[ListWatcher]) -> None:
        changed = self._rows.get(store.uuid)
        if not watchers or changed is None or time.monotonic() - changed.read_at < _LIST:
            return
        rows, gone = changed.read()
        if rows or gone:
            for watcher in watchers:
                watcher.tell(rows, gone)

    def _look_at(self, store: Store, watchers: list[tuple[Watcher, int]]) -> None:
        if not watchers:
            return
        revisions = store.revisions({watcher.run_id for watcher, _ in watchers})
        fresh: dict[str, dict[str, Any]] = {}
        for watcher, told in watchers:
            run_id = watcher.run_id
            if run_id not in revisions:
                # Deleted: its panel keeps the last picture.
                self.remove(watcher)
                watcher.end()
                self._states.pop((store.uuid, run_id), None)
            elif revisions[run_id] != told:
                try:
                    news = fresh[run_id] if run_id in fresh else snapshot(store, run_id)
                    fresh[run_id] = news
                    self._states[store.uuid, run_id] = State(news["run"]["state"])
                    watcher.tell(news)
                except RunNotFoundError:
                    continue
                except StoreError:
                    raise
                except Exception:  # noqa: BLE001 - a fault of ours, which is none of who shows another run
                    # It is tried again when the run changes.
                    _LOG.exception("Run %s can't be shown", run_id)
                with self._lock:
                    if watcher in self._told:
                        # The one read before the snapshot, which may have missed what came while it was made.
                        self._told[watcher] = revisions[run_id]
