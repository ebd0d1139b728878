"""Whole runs of a framework's adapter: recorded in a store, suspended at a chosen step, and taken up again."""

from __future__ import annotations

import threading
import uuid
from pathlib import Path
from typing import Any

from dltrainer_jupyter.core.records import CheckpointRecord, RunRecord
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.executors import worker
from dltrainer_jupyter.loop.doorbell import Doorbell
from dltrainer_jupyter.store import Store


class LeavingBell(Doorbell):
    """Asks the loop to leave when it has looked so many times: once a step, or once a call that makes several.

    Parameters
    ----------
    looks : int
        After how many; 0 never asks.
    """

    def __init__(self, looks: int) -> None:
        self._looks = looks
        self._rung = False
        super().__init__()

    @property
    def rung(self) -> bool:
        """Whether there may be something to obey."""
        self._looks -= 1
        if self._looks == 0:
            self.suspend = self._rung = True
        return self._rung

    @rung.setter
    def rung(self, value: bool) -> None:
        self._rung = value


class WholeRun:
    """A run in a store, trained in a thread of its own as notebooks do.

    Parameters
    ----------
    folder : pathlib.Path
        Where store and run lie.
    **settings
        Of the specification; parts by name only.
    """

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.id = uuid.uuid4().hex
        self._store = Store.open(f"sqlite:///{folder}/runs.db")
        self._store.create_run(self.id, RunSpec(**settings), folder=str(folder / self.id), environment={})

    def train(self, suspend_after: int = 0) -> RunRecord:
        """Train until it ends, or is suspended; give the run's record."""
        if self.record.attempt:
            self._store.request_start(self.id)
        given = {"executor": "thread", "bell": LeavingBell(suspend_after), "owns_process": False}
        trainer = threading.Thread(target=worker.main, args=(self._store.url, self.id), kwargs=given, daemon=True)
        trainer.start()
        trainer.join()
        return self.record

    @property
    def record(self) -> RunRecord:
        """What the store knows of it."""
        return self._store.run(self.id)

    @property
    def last(self) -> CheckpointRecord:
        """Its last checkpoint.

        Raises
        ------
        LookupError
            If there is none.
        """
        found = self._store.checkpoint(self.id, "last")
        if found is None:
            raise LookupError(self.id)
        return found

    def seen(self) -> dict[tuple[int, str, str], tuple[bytes, bytes]]:
        """Give how weights and activations lay, by epoch, kind and name."""
        found = self._store.histograms(self.id)
        return {(it.epoch, it.kind, it.name): (it.edges.tobytes(), it.counts.tobytes()) for it in found}

    def history(self) -> tuple[list[float], list[dict[str, float]]]:
        """Give the loss of each step, and what was measured in each epoch."""
        losses = self._store.curve_values(self.id, "train_loss")[1].tolist()
        return losses, [record.values for record in self._store.epochs(self.id)]
