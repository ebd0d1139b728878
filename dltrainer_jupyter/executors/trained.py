"""The model of a checkpoint, and what it takes to make it: for predictions, and for trackers that keep models."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from dltrainer_jupyter.checkpoints.reader import load_weights
from dltrainer_jupyter.core import registry
from dltrainer_jupyter.core.errors import CheckpointError, ConfigurationError
from dltrainer_jupyter.core.protocols import Dataset, Predictor, Samples, Signature
from dltrainer_jupyter.core.records import CheckpointRecord, RunRecord
from dltrainer_jupyter.data.steps.keeping import Own, own_steps
from dltrainer_jupyter.executors import files, held, objects, plug_ins
from dltrainer_jupyter.loop.kept_steps import KeptSteps
from dltrainer_jupyter.loop.parts import close_data

_ATTEMPTS = 5
"""Times a checkpoint is looked up again because retention took it away in between."""


class Trained(NamedTuple):
    """A model of its own, and what it was made of."""

    record: CheckpointRecord
    predictor: Predictor
    signature: Signature


def build(run: RunRecord, which: Callable[[], CheckpointRecord], here: Path) -> Trained:
    """Make the model of a checkpoint.

    Parameters
    ----------
    run : RunRecord
        Whose.
    which : callable
        Looks up the checkpoint, again if another has taken its place.
    here : pathlib.Path
        The run's folder on this host.

    Raises
    ------
    CheckpointError
        If it is damaged or out of reach, or changes faster than it can be read.
    """
    for left in reversed(range(_ATTEMPTS)):
        record = which()
        try:
            weights, manifest = load_weights(files.checkpoint_folder(run, record, here))
        except CheckpointError:
            # While the training goes on, a newer checkpoint may just have taken this one's place.
            if left and which().path != record.path:
                continue
            raise
        if manifest.digest != record.digest and left:
            continue  # a resumed training has just written the same step anew, and its row is about to follow
        if manifest.digest != record.digest:
            break
        with own_parts(run, here):
            adapter = registry.find("adapters", run.spec.framework)
            predictor: Predictor = adapter.predictor(run.spec, own_objects(run, here), manifest.signature, weights)
        return Trained(record, predictor, manifest.signature)
    msg = f"The checkpoints of run '{run.name}' change faster than they can be read; try again."
    raise CheckpointError(msg)


@contextmanager
def own_parts(run: RunRecord, here: Path) -> Iterator[None]:
    """Let this thread find what a run keeps: parts, before those that have their names by now, and its own steps."""
    kept = KeptSteps(run.id, lambda: files.steps_folder(run, here))
    with plug_ins.of_run(run, files.parts_folder(run, here)), own_steps(Own(kept)):
        yield


@contextmanager
def gone_parts(run: RunRecord, here: Path) -> Iterator[None]:
    """Let this thread find those parts that a run keeps a copy of and that nobody registers any more."""
    if missing := plug_ins.gone(run):
        with plug_ins.of_run(run, files.parts_folder(run, here), missing):
            yield
    else:
        yield


def own_objects(run: RunRecord, here: Path) -> Mapping[str, Any]:
    """Get a run's own objects: those this process still holds, or the run's file."""
    if not run.spec.user_objects:
        return {}
    handover = held.handed_over(run.id)
    if handover is None:
        return objects.load(files.objects_folder(run, here))
    if handover.packed is not None:
        return objects.unpack(handover.packed)
    return handover.objects or {}


def held_back(data: Dataset) -> Samples:
    """Give samples to show, held back ones if there are some: all in memory, or the first batch of a stream.

    Raises
    ------
    ConfigurationError
        If that batch is no pair of inputs and targets.
    """
    source = data.train if data.validation is None else data.validation
    if isinstance(source, Samples):
        return source
    try:
        inputs, targets = next(source.epoch(1, 0))
        return Samples(np.asarray(inputs), np.asarray(targets))
    except (TypeError, ValueError) as error:
        msg = "examples: expected batches of inputs and targets, got another structure; use predict."
        raise ConfigurationError(msg) from error
    finally:
        close_data(data)
