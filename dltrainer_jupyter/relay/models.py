"""The model a run has come to, for trackers that keep models."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from dltrainer_jupyter.core.choosing import is_several
from dltrainer_jupyter.core.errors import CheckpointError, ConfigurationError
from dltrainer_jupyter.core.protocols import Signature
from dltrainer_jupyter.core.records import CheckpointRecord, RunRecord
from dltrainer_jupyter.core.tracking import TrackedModel
from dltrainer_jupyter.data.foreign.recognition import is_read_once
from dltrainer_jupyter.executors.trained import build, held_back, own_objects, own_parts
from dltrainer_jupyter.loop.parts import load_data
from dltrainer_jupyter.store.store import Store

_INPUTS = 4
"""Samples that show what goes into a model."""


def chosen(store: Store, run_id: str) -> CheckpointRecord | None:
    """Find the checkpoint whose model is logged: the best, else the last."""
    return store.checkpoint(run_id, "best") or store.checkpoint(run_id, "last")


def model_of(store: Store, run: RunRecord) -> TrackedModel:
    """Build the model of a run's best checkpoint, or of its last; imports the run's framework.

    Raises
    ------
    Exception
        Whatever the run's own code, its data and its framework raise.
    """

    def which() -> CheckpointRecord:
        found = chosen(store, run.id)
        if found is None:
            msg = f"Run '{run.name}' has no checkpoint."
            raise CheckpointError(msg)
        return found

    here = Path(run.folder)
    made = build(run, which, here)
    signature = made.signature
    inputs = _inputs(run, here, signature)
    return TrackedModel(made.predictor, made.record.step, inputs, signature.preprocessing, signature.labels)


def _inputs(run: RunRecord, here: Path, signature: Signature) -> Any:
    """Give a few preprocessed inputs: the run's own, or of the same shape where those can't be read twice."""
    own = own_objects(run, here)
    if is_read_once(own.get("data")):
        return np.zeros((_INPUTS, *signature.input_shape), np.float32)
    with own_parts(run, here):
        inputs = held_back(load_data(run.spec, own, trained=signature.preprocessing)).at(slice(_INPUTS)).inputs
    if is_several(inputs):
        msg = "models with several inputs aren't kept by trackers; the run's checkpoints hold it"
        raise ConfigurationError(msg)
    return inputs
