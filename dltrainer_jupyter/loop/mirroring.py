"""A helper thread that copies a run to a place elsewhere: checkpoints, history, the user's own objects.

It reads the store like any other watcher, about once a second, and nothing waits for it: a place that can't be
reached is tried again, and the run says since when its copy is behind.
"""

from __future__ import annotations

import contextlib
import contextvars
import logging
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from dltrainer_jupyter.checkpoints.mirror import RunMirror
from dltrainer_jupyter.checkpoints.mirror_index import Index
from dltrainer_jupyter.checkpoints.place import Place
from dltrainer_jupyter.core.errors import (
    CheckpointError,
    DLTrainerError,
    RunNotFoundError,
    StaleAttemptError,
    StoreError,
)
from dltrainer_jupyter.core.records import CheckpointRecord
from dltrainer_jupyter.loop.copying import Copy, TakenError
from dltrainer_jupyter.store.attempts import Attempt
from dltrainer_jupyter.store.store import Store

_LOG = logging.getLogger(__name__)

INTERVAL = 1.0
"""Seconds between two looks at the store."""
LONGEST_PAUSE = 60.0
"""Seconds between two tries at a place that can't be reached, at most."""
PATIENCE = 30.0
"""Seconds the trainer's end waits for a copy that makes no progress."""


class Mirroring:
    """Copies a run while a trainer holds it, and once more when it has ended.

    Parameters
    ----------
    store : Store
        Where the run is read.
    attempt : Attempt
        The trainer's hold on it.
    url : str
        Where to copy it to; each run has a folder of its own there.
    objects : pathlib.Path, optional
        The file of the user's own objects, which need not exist (yet).
    parts : pathlib.Path, optional
        The file of the run's plug-ins, which need not exist.
    steps : pathlib.Path, optional
        The file of the user's own steps of processing, which need not exist (yet).
    """

    def __init__(
        self,
        store: Store,
        attempt: Attempt,
        url: str,
        objects: Path | None = None,
        parts: Path | None = None,
        *,
        steps: Path | None = None,
    ) -> None:
        self._store = store
        self._attempt = attempt
        self._url = url
        self._own = {"objects": objects, "parts": parts, "steps": steps}
        self._copy: Copy | None = None
        self._copy_of: Attempt | None = None
        self._copied: object = None
        self._behind_since: float | None = None
        self._progressed = time.monotonic()
        self._closing = threading.Event()
        run = contextvars.copy_context().run
        name = f"dltrain-mirror-{attempt.run_id}"
        self._thread = threading.Thread(target=run, args=(self._run,), name=name, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        """Copy how the run ended, as long as bytes move; a place that doesn't answer is given up."""
        self._tick()
        self._closing.set()
        while self._thread.is_alive() and time.monotonic() - self._progressed < PATIENCE:
            self._thread.join(INTERVAL)

    def follow(self, attempt: Attempt) -> None:
        """Go on with the same trainer's next attempt."""
        self._attempt = attempt

    # --- on the thread ----------------------------------------------------------------------------------

    def _run(self) -> None:
        pause, last = INTERVAL, False
        while not last:
            # One more look after the end, for the state the run ended in.
            last = self._closing.wait(pause)
            try:
                while self._look():
                    pass
                self._say_caught_up()
            except RunNotFoundError as error:
                _LOG.info("Run %s is not copied any more: %s", self._attempt.run_id, error)
                self._forget()
                return
            except TakenError as error:
                msg = f"The mirror {self._url} holds this run as {error}, so nothing is copied there from here."
                self._tell("mirror_taken", f"{msg} Clone the run, or delete the one or the other.")
                return
            except StoreError as error:
                pause = _longer(pause)
                _LOG.info("Run %s can't be read just now: %s", self._attempt.run_id, error)
            except (DLTrainerError, OSError) as error:
                pause = _longer(pause)
                self._say_behind(error)
            else:
                pause = INTERVAL

    def _look(self) -> bool:
        """Copy what isn't there yet, if anything has changed; tell whether to look again at once."""
        attempt = self._attempt
        run = self._store.run(attempt.run_id)
        if run.attempt != attempt.number:
            # Somebody else's now, or this trainer's next attempt, which it will tell of in a moment.
            return False
        records = self._store.checkpoints(run.id)
        seen = (run.state, [(it.step, it.digest, it.kinds, it.attempt) for it in records])
        if seen == self._copied:
            return False
        if self._copy is None or self._copy_of is not attempt:
            self._copy, self._copy_of = self._begin(attempt, records), attempt
        if self._copy is None:
            return False
        try:
            if self._copy.bring_up_to_date(records):
                return True
        except CheckpointError as error:
            self._tell("mirror_incomplete", f"A checkpoint was left out of the mirror: {error}")
            return True
        self._copied = seen
        return False

    def _forget(self) -> None:
        """Remove what was copied of a run since it was deleted."""
        try:
            if self._copy is not None and self._store.was_deleted(self._attempt.run_id):
                self._copy.remove()
        except DLTrainerError as error:
            _LOG.warning("The copy of a deleted run stays in its mirror: %s", error)

    def _begin(self, attempt: Attempt, records: list[CheckpointRecord]) -> Copy | None:
        """Look at what is there already, once it is known where this attempt goes on from."""
        number = attempt.number
        resumed_from = self._store.attempts(attempt.run_id)[-1].resumed_from_step
        if resumed_from is None and all(it.attempt != number for it in records):
            return None
        mirror = RunMirror(Place(self._url, self._tick), attempt.run_id)
        found = mirror.index()
        if found is not None and not self._goes_on_from(found):
            raise TakenError(found)
        return Copy(self._store, mirror, found, attempt=number, resumed_from=resumed_from, own=self._own)

    def _goes_on_from(self, found: Index) -> bool:
        """Tell whether what is there was written from this store, or is just what this store took up."""
        if found.store == self._store.uuid:
            # More attempts than there have been are those of the same store, put back to what it was before them.
            return found.attempt <= self._attempt.number
        taken_up = [event.data for event in self._store.events(self._attempt.run_id) if event.kind == "restored"]
        return bool(taken_up) and (taken_up[-1].get("store"), taken_up[-1].get("index")) == (found.store, found.name)

    def _say_behind(self, error: Exception) -> None:
        if self._behind_since is not None:
            return
        since = f"{datetime.now(UTC):%H:%M:%S} UTC"
        self._tell("mirror_behind", f"The mirror is behind since {since} and will be tried again: {error}")
        self._behind_since = time.monotonic()

    def _say_caught_up(self) -> None:
        if self._behind_since is not None:
            seconds = round(time.monotonic() - self._behind_since)
            self._tell("mirror_caught_up", f"The mirror {self._url} has caught up, {seconds} s later.")
            self._behind_since = None

    def _tell(self, kind: str, message: str) -> None:
        attempt = self._attempt
        try:
            with contextlib.suppress(StaleAttemptError):
                attempt.event(kind, message)
                return
            # Over: the run has ended, or is somebody else's by now, whose copy it is then.
            if self._store.run(attempt.run_id).attempt == attempt.number:
                self._store.add_event(attempt.run_id, kind, message)
        except (StoreError, RunNotFoundError) as error:
            _LOG.warning("%s (which could not be recorded: %s)", message, error)

    def _tick(self) -> None:
        self._progressed = time.monotonic()


def _longer(pause: float) -> float:
    return min(2 * pause, LONGEST_PAUSE)
