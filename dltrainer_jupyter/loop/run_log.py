"""A run's history as a text that needs nothing to be read."""

from __future__ import annotations

import logging
import time
from pathlib import Path

from dltrainer_jupyter.core import private
from dltrainer_jupyter.core.errors import StoreError
from dltrainer_jupyter.core.records import EpochRecord, EventRecord
from dltrainer_jupyter.core.states import State
from dltrainer_jupyter.loop.folders import LOGS
from dltrainer_jupyter.store.store import Store

_LOG = logging.getLogger(__name__)

FILE = Path(LOGS) / "run.log"
_EVERY = 60.0
"""Seconds between two writings while the run trains."""
_MOST = 5000
"""Newest epochs that it has; the store has all."""


class RunLog:
    """Writes ``logs/run.log`` anew now and then: events and epochs, a line each.

    Parameters
    ----------
    store : Store
        Where the history is.
    run_id : str
        Whose.
    folder : pathlib.Path
        The run's folder.
    """

    def __init__(self, store: Store, run_id: str, folder: Path) -> None:
        self._store = store
        self._run_id = run_id
        self._file = folder / FILE
        self._written_at = -_EVERY

    def write_if_due(self) -> None:
        """Write it if that is long ago."""
        if time.monotonic() - self._written_at >= _EVERY:
            self.write()

    def write(self, state: State | None = None, why: str = "") -> None:
        """Write it; a disk or a store that isn't there leaves the one before.

        Parameters
        ----------
        state : State, optional
            How the run ends, which the store is told next; by default as the store has it.
        why : str, default ""
            What went wrong, if something did.
        """
        self._written_at = time.monotonic()
        try:
            run = self._store.run(self._run_id)
            done = run.progress
            head = f"Run {run.name} ({run.id}): {state or run.state}, epoch {done.epoch} of {done.epochs}."
            events = [_event(event) for event in self._store.events(self._run_id)]
            epochs = [_epoch(it) for it in self._store.epochs(self._run_id, after_epoch=max(0, done.epoch - _MOST))]
            lines = [
                head,
                *([" ".join(why.split())] if why else []),
                "",
                "Events, in UTC",
                *events,
                "",
                "Epochs",
                *epochs,
                "",
            ]
            private.write(self._file, "\n".join(lines).encode())
        except (OSError, StoreError) as error:
            _LOG.warning("The log of run %s could not be written: %s", self._run_id, error)


def _event(event: EventRecord) -> str:
    step = "" if event.step is None else f" (step {event.step:,})"
    return f"{event.at:%Y-%m-%d %H:%M:%S} {event.kind}: {' '.join(event.message.split())}{step}"


def _epoch(epoch: EpochRecord) -> str:
    values = ", ".join(f"{name} {value:.6g}" for name, value in epoch.values.items())
    return f"{epoch.epoch} (step {epoch.step:,}): {values}"
