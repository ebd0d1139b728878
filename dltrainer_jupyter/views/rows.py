"""Runs as rows of a list, and which rows have changed."""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from dltrainer_jupyter.core.records import ListedRun, TrackingRecord
from dltrainer_jupyter.store.store import Store
from dltrainer_jupyter.views.live import allowed, progress, stopped_early
from dltrainer_jupyter.views.numbers import number
from dltrainer_jupyter.views.tracking import place, trackers_of
from dltrainer_jupyter.views.words import finite, one_line

_POINTS = 40
"""Most values of a sparkline."""
_ERROR = 300
"""Characters of an error in a list."""
_OVERLAP = timedelta(seconds=10)
"""A write may be seen so much later than the moment it bears: that one is its transaction's beginning."""


def rows(store: Store, runs: Sequence[ListedRun]) -> list[dict[str, Any]]:
    """Describe runs as rows of a list.

    Parameters
    ----------
    store : Store
        Where they are.
    runs : sequence of ListedRun
        A page of them, or those that have changed.

    Returns
    -------
    list of dict
        JSON types only; numbers that aren't finite are None.
    """
    ids = [run.id for run in runs]
    courses = store.courses(ids, _POINTS) if ids else {}
    trackers = trackers_of(store, ids)
    return [_row(run, courses.get(run.id, []), trackers.get(run.id, [])) for run in runs]


def _row(run: ListedRun, course: Sequence[float], trackers: Sequence[TrackingRecord]) -> dict[str, Any]:
    shown = progress(run.progress)
    return {
        "id": run.id,
        "number": run.number,
        "name": run.name,
        "state": str(run.state),
        "stopped_early": stopped_early(run.state, run.progress),
        "framework": run.framework,
        "executor": run.executor,
        "device": run.device,
        "host": run.host,
        **{name: shown[name] for name in ("epoch", "epochs", "step", "fraction", "steps_per_second", "seconds_left")},
        "monitor": run.best.metric if run.best else run.monitor,
        "mode": run.best.mode if run.best else None,
        "best": finite(run.best.value) if run.best else None,
        "spark": [number(value) for value in course],
        "created_at": run.created_at.isoformat(),
        "updated_at": run.updated_at.isoformat(),
        "allowed": allowed(run.state),
        "error": None if run.error is None else one_line(run.error)[:_ERROR],
        "trackers": [place(record, run) for record in trackers],
    }


class ChangedRows:
    """Follows a store's list: each reading gives what became of it since the one before.

    It costs what has changed, however many runs there are.

    Parameters
    ----------
    store : Store
        Which.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._looked: datetime | None = None
        self._revisions: dict[str, int] = {}
        self._gone: set[str] = set()
        self._repeated = threading.Event()
        self.read_at = -float("inf")
        """When it was read last, by :func:`time.monotonic`."""

    def repeat(self) -> None:
        """Have the next reading give once more what happened during the last seconds: somebody new hears of it."""
        self._repeated.set()

    def read(self) -> tuple[list[dict[str, Any]], list[str]]:
        """Give rows that are new or have changed, and ids of runs that were deleted.

        The first reading gives what happened during the last seconds; what is told twice changes nothing.
        """
        self.read_at = time.monotonic()
        if self._repeated.is_set():
            self._repeated.clear()
            self._revisions, self._gone = {}, set()
        with self._store.look():
            now = self._store.changes(None).now
            # Nor does it matter if the clock was set back.
            since = min(self._looked or now, now) - _OVERLAP
            found = self._store.changes(since)
            fresh = [run_id for run_id, revision in found.revisions.items() if self._revisions.get(run_id) != revision]
            changed = self._listed(fresh)
        # One that was brought back is there: its row was read last.
        gone = sorted(found.gone - self._gone - {row["id"] for row in changed})
        # Only once it has been read is it known: what a fault of the store kept back comes next time.
        self._looked, self._revisions, self._gone = now, found.revisions, found.gone
        return changed, gone

    def _listed(self, run_ids: Collection[str]) -> list[dict[str, Any]]:
        return rows(self._store, self._store.listed(run_ids)) if run_ids else []
