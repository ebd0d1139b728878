"""Which run it is, and how far it is: an id and a store, nothing more."""

from __future__ import annotations

from pathlib import Path

from dltrainer_jupyter.core.records import ErrorRecord, RunRecord
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.store.store import Store
from dltrainer_jupyter.views.configuration import in_force


class Identified:
    """One run of a store.

    Parameters
    ----------
    run_id : str
        Its id.
    store : Store
        Where it is recorded.
    """

    def __init__(self, run_id: str, store: Store) -> None:
        self.id = run_id
        self.store = store

    @property
    def record(self) -> RunRecord:
        """Its row as it is now; a dead trainer is noticed."""
        self.store.reap()
        return self.store.run(self.id)

    @property
    def name(self) -> str:
        """Its name."""
        return self.store.run(self.id).name

    @property
    def state(self) -> str:
        """One of ``pending running paused suspended completed stopped failed lost``."""
        return str(self.record.state)

    @property
    def epoch(self) -> int:
        """The epoch being trained, counted from 1, or the last one trained."""
        return self.record.progress.epoch

    @property
    def step(self) -> int:
        """Optimizer steps known to be done."""
        return self.record.progress.step

    @property
    def spec(self) -> RunSpec:
        """What it trains, with the settings in force: those that were changed since it was started as they are now."""
        return in_force(self.store, self.record)

    @property
    def exact(self) -> bool:
        """Whether a resume gives bit-identical results."""
        return self.record.exact

    @property
    def error(self) -> ErrorRecord | None:
        """Why it failed."""
        return self.record.error

    @property
    def folder(self) -> Path:
        """Where its checkpoints and artifacts lie."""
        return Path(self.store.run(self.id).folder)
