"""Test runs: a checkpoint measured on a whole data set, by a model of its own."""

from __future__ import annotations

import copy
import time
from collections.abc import Generator, Mapping
from contextlib import closing
from typing import TYPE_CHECKING, Any

import numpy as np

from dltrainer_jupyter.core import registry
from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.part import USER_OBJECT, Part
from dltrainer_jupyter.core.protocols import Dataset, Metric, Samples, Signature
from dltrainer_jupyter.core.records import TestRunRecord
from dltrainer_jupyter.core.spec import RunSpec, ValidationSpec
from dltrainer_jupyter.core.validation import validate
from dltrainer_jupyter.data.files.places import full
from dltrainer_jupyter.data.foreign.recognition import is_read_once, kind_of
from dltrainer_jupyter.data.foreign.structure import to_numpy
from dltrainer_jupyter.data.lazy.stream import LazyStream
from dltrainer_jupyter.data.measured import AsTrained, as_trained
from dltrainer_jupyter.loop import parts
from dltrainer_jupyter.tal.inference import objects_of
from dltrainer_jupyter.tal.trying import notes_of

if TYPE_CHECKING:
    from dltrainer_jupyter.core.protocols import Array
    from dltrainer_jupyter.tal.run import Run

MOST_EXAMPLES = 1_000_000
"""Examples of which what became of each is kept: all of a smaller set, else so many drawn once."""
_OWN = "validation"
"""What the run's own held-back set is called."""


def test(run: Run, data: Any, checkpoint: str | int, name: str | None) -> TestRunRecord:
    """Measure a checkpoint of a run; see :meth:`dltrainer_jupyter.tal.run.Run.test`."""
    with run.trained(checkpoint).own_parts():
        return _test(run, data, checkpoint, name)


def _test(run: Run, data: Any, checkpoint: str | int, name: str | None) -> TestRunRecord:
    record, predictor, signature = run.trained(checkpoint).ready()
    spec, own, ready = run.spec, objects_of(run), AsTrained(signature)
    metrics, confusion = _metrics(spec, own, signature), parts.make_confusion(signature)
    examiner = parts.make_examiner(spec, signature, keep=MOST_EXAMPLES)
    observers: list[Any] = [it for it in (*metrics, confusion, examiner) if it is not None]
    count, seconds = 0, 0.0
    dataset = _own_set(spec, own) if data is None else _loaded(spec, data, ready)
    with closing(_batches(spec, dataset, ready)) as batches:
        for inputs, targets in batches:
            began = time.perf_counter()
            outputs = predictor.outputs(inputs)
            seconds += time.perf_counter() - began
            for observer in observers:
                observer.update(outputs, targets, [len(inputs)])
            count += len(inputs)
    if count == 0:
        msg = " ".join(["data: expected samples to measure, found none.", *ready.notes])
        raise ConfigurationError(msg)
    # The validations saw the same in the same order, so pictures of it are there; loaders may shuffle.
    is_held_back = data is None and isinstance(dataset.validation, Samples)
    summary: dict[str, Any] = {"task": signature.task, "count": count, "notes": [], "is_held_back": is_held_back}
    if examiner is not None:
        summary |= examiner.summary()
    examples = {} if examiner is None else dict(examiner.examples())
    return run.store.add_test_run(
        record,
        name=name or _called(data),
        count=count,
        seconds=seconds,
        metrics=_loss(examples) | {metric.name: metric.compute() for metric in metrics},
        labels=list(signature.labels),
        confusion=None if confusion is None else confusion.matrix,
        summary=summary | {"notes": [*ready.notes, *notes_of(predictor), *summary["notes"]]},
        examples=examples,
    )


def _metrics(spec: RunSpec, own: Mapping[str, Any], signature: Signature) -> list[Metric]:
    """Make the run's metrics; one's own are copied, since the training may be using them."""
    if "metrics" not in spec.user_objects:
        return parts.make_metrics(spec, {}, signature, lambda array: array)
    tensors = parts.make_adapter(spec, owns_process=False).tensors
    return parts.make_metrics(spec, {"metrics": copy.deepcopy(own["metrics"])}, signature, tensors)


def _batches(spec: RunSpec, dataset: Dataset, ready: AsTrained) -> Generator[tuple[Array, Array], None, None]:
    """Give what is measured, batch by batch, as the model takes it, and close it."""
    try:
        part = dataset.train if dataset.validation is None else dataset.validation
        if isinstance(part, Samples):
            size = 2 * spec.batch_size
            for start in range(0, len(part), size):
                yield part.inputs[start : start + size], part.targets[start : start + size]
            return
        for batch in part.epoch(1, 0):
            if isinstance(part, LazyStream):
                # Read by us, as the model takes it.
                if len(batch[0]):
                    yield batch
                continue
            if not isinstance(batch, tuple | list) or len(batch) != 2:  # noqa: PLR2004 - inputs and targets
                msg = "data: expected batches of inputs and targets, got another structure."
                raise ConfigurationError(msg)
            samples = ready.samples(to_numpy(batch[0]), to_numpy(batch[1]))
            if len(samples):
                yield samples.inputs, samples.targets
    finally:
        parts.close_data(dataset)


def _own_set(spec: RunSpec, own: Mapping[str, Any]) -> Dataset:
    """Load the run's own data."""
    if is_read_once(own.get("data")):
        msg = "test: a generator gives its batches only once, and they are the training's; say which data to measure."
        raise ConfigurationError(msg)
    dataset = parts.load_data(spec, own)
    if dataset.validation is None:
        parts.close_data(dataset)
        msg = "test: the run held nothing back for validation; say which data to measure, such as (x, y)."
        raise ConfigurationError(msg)
    return dataset


def _loaded(spec: RunSpec, data: Any, ready: AsTrained) -> Dataset:
    """Load other data, as the model was trained."""
    is_named = isinstance(data, str | Mapping)
    given = _named(spec, data) if isinstance(data, str) else data
    named = validate(Part, given, "data") if is_named else Part(type=USER_OBJECT)
    if is_named:
        registry.check("data", named.type)
    # Of a data set that is indexed, what is validated on keeps its order.
    in_order = kind_of(data) == "torch data set"
    changes = {"data": named, "preprocessing": (), "validation": ValidationSpec() if in_order else False}
    with as_trained(ready):
        return parts.load_data(
            spec.model_copy(update=changes), {} if is_named else {"data": (data, data) if in_order else data}
        )


def _named(spec: RunSpec, data: str) -> dict[str, Any]:
    """Read a name as that of a data set, or of another file for the source that the run was trained on."""
    has_file = not spec.data.is_user_object and "path" in spec.data.config
    if data in registry.names("data") or not has_file:
        return {"type": data}
    return {"type": spec.data.type, **spec.data.config, "path": full(data)}


def _loss(examples: Mapping[str, Array]) -> dict[str, float]:
    """Give the mean loss of all examples, if the examiner tells that of each."""
    if not len(examples.get("loss", ())):
        return {}
    return {"loss": float(np.mean(examples["loss"], dtype=np.float64))}


def _called(data: Any) -> str:
    if data is None:
        return _OWN
    if isinstance(data, str):
        return data
    if isinstance(data, Mapping):
        return str(data.get("type", "data"))
    return "arrays" if isinstance(data, tuple | list) else type(data).__name__
