"""Runs, trainers and writes to test a store with."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Literal

import numpy as np

from dltrainer_jupyter.core.records import (
    BestRecord,
    CheckpointRecord,
    EpochRecord,
    ProgressRecord,
    ValidationRecord,
)
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.core.states import State
from dltrainer_jupyter.core.tracking import GraphNode, Histogram
from dltrainer_jupyter.store import Attempt, Store

CLAIM = """
import sys
from dltrainer_jupyter.core.errors import IllegalTransitionError
from dltrainer_jupyter.store import Store
store = Store.open(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
try:
    print(store.claim(sys.argv[2], executor="process", environment={}).number, flush=True)
except IllegalTransitionError:
    print("refused", flush=True)
sys.stdin.readline()
"""
"""A trainer of its own process: claims a run when told to, and ends when told to."""

WRITES: dict[str, Callable[[Attempt], None]] = {
    "describe": lambda attempt: attempt.describe(signature={"outputs": 3}, environment={"threads": 1}, exact=False),
    "change_state": lambda attempt: attempt.change_state(State.PAUSED),
    "progress": lambda attempt: attempt.progress(ProgressRecord(epoch=2, step=20, epochs=5)),
    "curves": lambda attempt: attempt.curves({"train_loss": (5, np.ones(3, np.float32))}),
    "epoch": lambda attempt: attempt.epoch(EpochRecord(2, 8, {"train_loss": 0.5}), ValidationRecord(2, 8), None),
    "add_histograms": lambda attempt: attempt.add_histograms([histogram("model.weight", 2)]),
    "set_graph": lambda attempt: attempt.set_graph([GraphNode("model/other", "Linear")]),
    "commit_checkpoint": lambda attempt: attempt.commit_checkpoint(checkpoint(attempt, 8)),
    "retire_checkpoints": lambda attempt: attempt.retire_checkpoints([4]),
    "rewind": lambda attempt: attempt.rewind(0, 0, None),
    "event": lambda attempt: attempt.event("note", "Something happened."),
    "end": lambda attempt: attempt.end(State.STOPPED),
}
"""Every way for a trainer to write, besides answering a control."""


def new_run(store: Store, name: str = "digits", **settings: Any) -> str:
    """Create a run that waits for a trainer, and give its id."""
    spec = RunSpec(name=name, model="cnn", data="digits", **settings)
    run_id = uuid.uuid4().hex
    store.create_run(run_id, spec, folder=f"/runs/{run_id}", environment={"python": "3.11"})
    return run_id


def claimed(store: Store, run_id: str) -> Attempt:
    """Become the trainer of a run."""
    return store.claim(run_id, executor="inline", environment={"device": "cpu"})


def trained(store: Store) -> Attempt:
    """Become the trainer of a new run and write a little of everything."""
    attempt = claimed(store, new_run(store))
    attempt.curves({"train_loss": (1, np.arange(4, dtype=np.float32))})
    best = BestRecord("val_loss", "min", 0.7, 1, 4)
    attempt.epoch(EpochRecord(1, 4, {"train_loss": 0.9, "val_loss": 0.7}), ValidationRecord(1, 4, [[2]], ["a"]), best)
    attempt.commit_checkpoint(checkpoint(attempt, 4, "best", "last"))
    return attempt


def checkpoint(attempt: Attempt, step: int, *kinds: str) -> CheckpointRecord:
    """Describe a checkpoint of four steps an epoch."""
    return CheckpointRecord(
        run_id=attempt.run_id,
        step=step,
        epoch=1 + step // 4,
        kinds=frozenset(kinds),
        metrics={"val_loss": 1 / step},
        digest=f"{step:064x}",
        path=f"/runs/{attempt.run_id}/{step}",
        bytes=1024,
        created_at=datetime.now(UTC),
        attempt=attempt.number,
    )


def histogram(name: str, epoch: int, *, kind: Literal["weights", "activations"] = "weights") -> Histogram:
    """Make a histogram of an epoch of four steps, with numbers of its own."""
    edges = np.array([-1e300, np.nextafter(0.5, 1) * epoch, 1e300])
    return Histogram(kind, name, epoch, 4 * epoch, edges, np.array([epoch, 2**53 + 1], np.int64))


def everything(store: Store, run_id: str) -> tuple[Any, ...]:
    """Read all there is about a run."""
    return (
        store.run(run_id),
        store.revision(run_id),
        store.signature(run_id),
        store.attempts(run_id),
        store.events(run_id),
        store.controls(run_id),
        store.epochs(run_id),
        store.validation(run_id),
        store.checkpoints(run_id),
        [repr(found) for found in store.histograms(run_id)],
        store.graph(run_id),
        {name: [part.tolist() for part in store.curve_values(run_id, name)] for name in store.curve_names(run_id)},
    )
