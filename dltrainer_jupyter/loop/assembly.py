"""Put a training together from a run's record: fresh, or from its newest valid checkpoint."""

from __future__ import annotations

import platform
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from dltrainer_jupyter.checkpoints.manifest import Manifest
from dltrainer_jupyter.checkpoints.reader import load, load_weights, newest_valid
from dltrainer_jupyter.core.errors import CheckpointError
from dltrainer_jupyter.core.protocols import FullState, Metric
from dltrainer_jupyter.core.records import RunRecord
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.loop import parts as make
from dltrainer_jupyter.loop import randomness
from dltrainer_jupyter.loop.doorbell import Doorbell
from dltrainer_jupyter.loop.evaluation import Evaluation
from dltrainer_jupyter.loop.feed import Feed
from dltrainer_jupyter.loop.judge import Judge, choose_monitor
from dltrainer_jupyter.loop.keeper import Keeper
from dltrainer_jupyter.loop.recorder import Recorder
from dltrainer_jupyter.loop.training import Parts, Training
from dltrainer_jupyter.store.attempts import Attempt
from dltrainer_jupyter.store.store import Store

CHECKPOINTS = "checkpoints"
"""The folder of checkpoints in a run's folder."""
START = "start"
"""A checkpoint of another run in a run's folder, whose weights it begins with."""


@contextmanager
def assembled(
    store: Store,
    record: RunRecord,
    attempt: Attempt,
    objects: Mapping[str, Any],
    bell: Doorbell,
    *,
    owns_process: bool,
) -> Iterator[Training]:
    """Give a training that is ready to go on; everything it took is given back at the end.

    Parameters
    ----------
    store : Store
        Where the run's checkpoints are listed.
    record : RunRecord
        The run.
    attempt : Attempt
        This trainer's hold on it.
    objects : mapping
        The user's own objects by key of the specification.
    bell : Doorbell
        What the loop looks at.
    owns_process : bool
        Whether nothing else draws random numbers in this process.
    """
    attempt.progress(replace(record.progress, phase="starting"))
    found = _newest_checkpoint(store, record, attempt)
    spec, epochs = _with_same_threads(record.spec, found), record.progress.epochs
    with ExitStack() as stack:
        if owns_process:
            randomness.seed_process(spec.seed)
        adapter = make.make_adapter(spec, owns_process=owns_process)
        stack.callback(adapter.close)
        environment = adapter.open()
        recipe = make.make_recipe(spec, objects)
        dataset = make.load_data(spec, objects)
        signature = dataset.signature
        state = adapter.build(recipe, objects, signature)
        start = Path(record.folder) / START
        if found is None and start.exists():
            adapter.begin_with(state, load_weights(start)[0])
        feed = Feed(adapter, dataset.train, spec.seed, spec.batch_size)
        for batch in feed.samples():
            adapter.check(recipe, state, batch)

        metrics = make.make_metrics(spec, objects, signature, adapter.tensors)
        during_training = [metric for metric in metrics if not getattr(metric, "validation_only", False)]
        monitor, mode = choose_monitor(spec, metrics, validates=dataset.validation is not None)
        confusion, evaluation = make.make_confusion(signature), None
        if dataset.validation is not None:
            evaluation = Evaluation(
                adapter,
                recipe,
                dataset.validation,
                metrics=make.make_metrics(spec, objects, signature, adapter.tensors),
                confusion=confusion,
                batch_size=2 * spec.batch_size,
            )
        versions = _versions(environment)
        keeper = Keeper(
            store,
            attempt,
            Path(record.folder) / CHECKPOINTS,
            spec.checkpoint,
            bell,
            background=spec.fast.background_checkpoints,
        )
        stack.enter_context(keeper)
        parts = Parts(
            adapter=adapter,
            recipe=recipe,
            state=state,
            feed=feed,
            recorder=Recorder(adapter, during_training, spec.on_nan, deferred=spec.fast.deferred_metrics),
            schedule=make.make_schedule(spec, feed.steps_per_epoch, epochs, mode),
            judge=Judge(monitor, mode, spec.early_stopping),
            keeper=keeper,
            evaluation=evaluation,
            confusion=confusion,
            signature=signature,
            versions=versions,
        )
        attempt.describe(signature=asdict(signature), environment=environment | versions)
        training = Training(spec, epochs, parts, attempt, owns_process=owns_process)
        if found is None:
            attempt.rewind(0, 0, None)
        else:
            training.load(found[0])
            attempt.describe(resumed_from_step=training.step)
        reason = adapter.inexact_because() or _without_memory(during_training) or _changed_since(found, versions)
        if reason is not None and record.exact:
            attempt.describe(exact=False)
            attempt.event("inexact", f"A resume may differ in the last bits: {reason}.", training.step)
        yield training


def _newest_checkpoint(store: Store, record: RunRecord, attempt: Attempt) -> tuple[FullState, Manifest] | None:
    """Load the newest checkpoint that is whole, and say which ones were not."""
    records = sorted(store.checkpoints(record.id), key=lambda checkpoint: checkpoint.step, reverse=True)

    def damaged(path: Path, error: CheckpointError) -> None:
        attempt.event("damaged_checkpoint", f"Checkpoint {path.name} is damaged and was passed over: {error}")

    path = newest_valid([Path(checkpoint.path) for checkpoint in records], damaged)
    if path is not None:
        return load(path)
    if records:
        attempt.event("restart", "No checkpoint of this run is whole; it starts again from the beginning.")
    return None


def _with_same_threads(spec: RunSpec, found: tuple[FullState, Manifest] | None) -> RunSpec:
    """Go on with the number of threads the run had: it changes bits."""
    if found is None or spec.threads is not None:
        return spec
    threads = found[1].versions.get("threads")
    return spec if threads is None else spec.model_copy(update={"threads": int(threads)})


def _versions(environment: Mapping[str, Any]) -> dict[str, str]:
    """Give what exactness depends on, as text."""
    ours = {"python": platform.python_version(), "numpy": np.__version__, "machine": platform.machine()}
    return ours | {key: str(value) for key, value in environment.items()}


def _without_memory(metrics: Sequence[Metric]) -> str | None:
    """Name a metric of the user's own whose state can't be saved."""
    names = [metric.name for metric in metrics if not getattr(metric, "stateful", True)]
    return f"the metric '{names[0]}' can't save its state in the middle of an epoch" if names else None


def _changed_since(found: tuple[FullState, Manifest] | None, versions: Mapping[str, str]) -> str | None:
    """Say what exactness depends on and is no longer as it was when the checkpoint was written."""
    if found is None:
        return None
    before = found[1].versions
    changed = [
        f"{key} was {value} and is {versions.get(key)}" for key, value in before.items() if value != versions.get(key)
    ]
    return "; ".join(changed) or None
