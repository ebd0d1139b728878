"""What a fresh run begins with instead of fresh weights: a checkpoint of another run, or a file."""

from __future__ import annotations

from pathlib import Path

from dltrainer_jupyter.checkpoints.origin import check_origin
from dltrainer_jupyter.checkpoints.reader import load_weights
from dltrainer_jupyter.core.beginning import WeightsSpec
from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.protocols import Adapter, KnowsWeightFiles, TrainState
from dltrainer_jupyter.core.records import RunRecord
from dltrainer_jupyter.store.attempts import Attempt
from dltrainer_jupyter.weights.matching import fit
from dltrainer_jupyter.weights.reading import read

START = "start"
"""A checkpoint of another run in a run's folder, whose weights it begins with."""
_MOST = 100
"""Names of a kind that an event lists."""


def begin_with_checkpoint(adapter: Adapter, state: TrainState, record: RunRecord) -> None:
    """Begin a clone with the weights of the step it was cloned at, all of them."""
    start = Path(record.folder) / START
    if record.spec.weights is None and start.exists():
        weights, manifest = load_weights(start)
        check_origin(manifest, record.spec.framework)
        adapter.begin_with(state, weights)


def begin_with_file(
    adapter: Adapter, state: TrainState, asked: WeightsSpec, record: RunRecord, attempt: Attempt
) -> None:
    """Begin with the weights of a file, and record what became of it.

    Optimizers and averages begin anew from these weights. Called once the model has all of its own.

    Raises
    ------
    ConfigurationError
        If the file can't be read, or doesn't fit.
    """
    place = asked.path if asked.of_run is None else str(Path(record.folder) / START)
    found = read(place, sha256=asked.sha256)
    if found.framework not in (None, record.spec.framework):
        msg = (
            f"weights: {asked.path} was written by {found.framework}, and this run trains with "
            f"{record.spec.framework}, which names and lays out weights in another way."
        )
        raise ConfigurationError(msg)
    called = found.name if asked.of_run is None else asked.path
    names = adapter.weight_names(state) if isinstance(adapter, KnowsWeightFiles) else None
    made = fit(found.arrays, adapter.save(state).weights, names, strict=asked.strict, name=called)
    adapter.begin_with(state, made.weights)
    data = {
        "path": asked.path,
        "digest": found.digest,
        "taken": len(made.taken),
        "missing": made.missing[:_MOST],
        "unexpected": made.unexpected[:_MOST],
        "misfits": made.misfits[:_MOST],
    }
    attempt.event("weights", made.sentence(called), data=data)
