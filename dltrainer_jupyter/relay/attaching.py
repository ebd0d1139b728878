"""Bringing a run's files and its model to a tracker, each version once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import Any

from dltrainer_jupyter.core.errors import StoreError, TrackerError
from dltrainer_jupyter.core.protocols.trackers import TakesModel, Tracker
from dltrainer_jupyter.core.records import CheckpointRecord, RunRecord
from dltrainer_jupyter.core.tracking import Artifact
from dltrainer_jupyter.relay import artifacts
from dltrainer_jupyter.relay.asking import asked, plain_reason
from dltrainer_jupyter.relay.models import chosen, model_of
from dltrainer_jupyter.store.store import Store
from dltrainer_jupyter.store.tracking import TrackingHold

TRIES = 3
"""Times in a row that one file may fail while all else works, before it is left out."""
_MB = 1e6
_MODEL = "model"


class Attaching:
    """Attaches what a tracker is to have besides numbers.

    Parameters
    ----------
    store : Store
        Where the run is.
    hold : TrackingHold
        Remembers what is there already.
    tracker : Tracker
        The open copy.
    folder : pathlib.Path
        Where files may be made.
    note : callable
        Tells sentences.
    secrets : collection of str
        What must not be told.
    """

    def __init__(
        self,
        store: Store,
        hold: TrackingHold,
        tracker: Tracker,
        folder: Path,
        *,
        note: Callable[[Iterable[str]], None],
        secrets: Collection[str],
    ) -> None:
        self._store = store
        self._hold = hold
        self._tracker = tracker
        self._folder = folder
        self._note = note
        self._secrets = secrets

    def next_checkpoint(self, run: RunRecord) -> bool:
        """Attach a checkpoint that isn't there, if each one is wanted; tell whether there was one."""
        if self._tracker.config.checkpoints != "all":
            return False
        for record in self._store.checkpoints(run.id):
            if not self._is_there(artifacts.checkpoint_name(record), record.digest):
                self._attach_checkpoint(run, record, artifacts.checkpoint_name(record))
                return True
        return False

    def at_the_end(self, run: RunRecord) -> None:
        """Attach the best checkpoint, the configuration, a report and the model, as far as they are wanted."""
        best = chosen(self._store, run.id)
        if best is not None and self._tracker.config.checkpoints == "best":
            self._attach_checkpoint(run, best, artifacts.BEST)
        for make in (artifacts.configuration, artifacts.report):
            self._attach(make(self._store, run, self._folder), f"{run.attempt} {run.state}")
        if best is not None and self._tracker.config.model and isinstance(self._tracker, TakesModel):
            self._log_model(run, best, self._tracker)

    def _attach_checkpoint(self, run: RunRecord, record: CheckpointRecord, name: str) -> None:
        if self._is_there(name, record.digest):
            return
        with artifacts.checkpoint(run, record, name, self._folder) as artifact:
            if artifact is not None:
                self._attach(artifact, record.digest)
                return
        newest = max((it.step for it in self._store.checkpoints(run.id)), default=0)
        if newest <= record.step:
            self._note([f"The checkpoint of step {record.step:,} can't be read, so it isn't attached."])
        self._remember(name, record.digest)

    def _attach(self, artifact: Artifact, version: str) -> None:
        if self._is_there(artifact.name, version):
            return
        limit = self._tracker.config.largest_artifact_mb
        if artifact.bytes > limit * _MB:
            size = f"it has {artifact.bytes / _MB:,.1f} MB, and largest_artifact_mb is {limit:g}"
            self._note([f"{artifact.name} isn't attached: {size}."])
        else:
            self._try(artifact.name, version, lambda: self._tracker.attach(artifact))
        self._remember(artifact.name, version)

    def _log_model(self, run: RunRecord, record: CheckpointRecord, tracker: TakesModel) -> None:
        if self._is_there(_MODEL, record.digest):
            return
        try:
            model = model_of(self._store, run)
        except StoreError:
            raise
        except Exception as error:  # noqa: BLE001 - the run's own code and its framework may raise anything
            self._note([f"The model isn't logged, as it can't be built: {plain_reason(error, self._secrets)}"])
        else:
            self._try(_MODEL, record.digest, lambda: tracker.log_model(model))
        self._remember(_MODEL, record.digest)

    def _try(self, name: str, version: str, send: Callable[[], Iterable[str]]) -> None:
        """Send one thing; one that fails again and again, where all else works, is left out with a note."""
        failed: dict[str, Any] = self._hold.memory.get("failed", {})
        try:
            with asked(self._secrets):
                notes = list(send())
        except TrackerError as error:
            times = failed[name][1] + 1 if name in failed and failed[name][0] == version else 1
            self._hold.save(memory={**self._hold.memory, "failed": {**failed, name: [version, times]}})
            if times < TRIES:
                raise
            notes = [f"{name} isn't attached, as the tracker didn't take it: {error}"]
        self._note(notes)

    def _is_there(self, name: str, version: str) -> bool:
        known: dict[str, str] = self._hold.memory.get("attached", {})
        return known.get(name) == version

    def _remember(self, name: str, version: str) -> None:
        memory = self._hold.memory
        self._hold.save(memory={**memory, "attached": {**memory.get("attached", {}), name: version}})
