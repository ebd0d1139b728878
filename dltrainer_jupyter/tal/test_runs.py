"""Test runs: a checkpoint measured on a whole data set, by a model of its own."""

from __future__ import annotations

import copy
import time
from collections.abc import Generator, Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dltrainer_jupyter.core import registry
from dltrainer_jupyter.core.choosing import is_several
from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.part import USER_OBJECT, Part
from dltrainer_jupyter.core.protocols import Dataset, Metric, Predictor, Samples, Signature, StepOutput
from dltrainer_jupyter.core.records import TestRunRecord
from dltrainer_jupyter.core.spec import RunSpec, ValidationSpec
from dltrainer_jupyter.core.structures import mapped, samples_in
from dltrainer_jupyter.core.validation import validate
from dltrainer_jupyter.data.files.places import full
from dltrainer_jupyter.data.foreign.recognition import is_read_once, kind_of
from dltrainer_jupyter.data.foreign.structure import to_numpy
from dltrainer_jupyter.data.lazy.stream import LazyStream
from dltrainer_jupyter.data.measured import AsTrained, as_trained
from dltrainer_jupyter.loop import parts
from dltrainer_jupyter.metrics.placed import looked_at
from dltrainer_jupyter.tal.inference import objects_of
from dltrainer_jupyter.tal.inputs.arrays import read_pair
from dltrainer_jupyter.tal.places import is_there
from dltrainer_jupyter.tal.trying import notes_of

if TYPE_CHECKING:
    from dltrainer_jupyter.core.protocols import Array
    from dltrainer_jupyter.tal.run import Run

MOST_EXAMPLES = 1_000_000
"""Examples of which what became of each is kept: all of a smaller set, else so many drawn once."""
_PAIR = ".npz"
_OWN = "validation"
"""What the run's own held-back set is called."""


def test(run: Run, data: Any, checkpoint: str | int, name: str | None) -> TestRunRecord:
    """Measure a checkpoint of a run; see :meth:`dltrainer_jupyter.tal.run.Run.test`."""
    if isinstance(data, Path):
        data = str(data)
    if isinstance(data, str) and data.lower().endswith(_PAIR):
        data, name = read_pair(data), name or Path(data).name
    with run.trained(checkpoint).own_parts():
        return _test(run, data, checkpoint, name)


def _test(run: Run, data: Any, checkpoint: str | int, name: str | None) -> TestRunRecord:
    record, predictor, signature = run.trained(checkpoint).ready()
    spec, own, ready = run.spec, objects_of(run), AsTrained(signature)
    metrics = [metric for metric in _metrics(spec, own, signature, predictor) if not _on_layer(metric)]
    confusion = parts.make_confusion(signature)
    examiner = parts.make_examiner(spec, signature, keep=MOST_EXAMPLES)
    observers: list[Any] = [it for it in (*metrics, confusion, examiner) if it is not None]
    count, seconds = 0, 0.0
    dataset = _own_set(spec, own) if data is None else _loaded(spec, data, ready)
    is_whole = data is not None and dataset.validation is None
    with closing(_batches(spec, dataset, ready)) as batches:
        for inputs, targets in batches:
            began = time.perf_counter()
            outputs = predictor.outputs(inputs)
            seconds += time.perf_counter() - began
            if is_several(outputs) or is_several(targets):
                # Which of them is to be counted and examined, nobody knows.
                observers, confusion, examiner = list[Any](metrics), None, None
            step = StepOutput(None, outputs, targets, samples_in(outputs))
            for observer in observers:
                observer.update(*looked_at(observer, step), [step.size])
            count += step.size
    if count == 0:
        msg = " ".join(["data: expected samples to measure, found none.", *ready.notes])
        raise ConfigurationError(msg)
    # The validations saw the same in the same order, so pictures of it are there; loaders may shuffle.
    is_held_back = data is None and isinstance(dataset.validation, Samples)
    summary: dict[str, Any] = {"task": signature.task, "count": count, "notes": [], "is_held_back": is_held_back}
    if examiner is not None:
        summary |= examiner.summary()
    examples = {} if examiner is None else dict(examiner.examples())
    flattering = _trained_on(run, count) if is_whole and _is_own(spec, own, data) else []
    return run.store.add_test_run(
        record,
        name=name or _called(data),
        count=count,
        seconds=seconds,
        metrics=_loss(examples) | _of_values(summary) | {metric.name: metric.compute() for metric in metrics},
        labels=list(signature.labels),
        confusion=None if confusion is None else confusion.matrix,
        summary=summary | {"notes": [*flattering, *ready.notes, *notes_of(predictor), *summary["notes"]]},
        examples=examples,
    )


def _on_layer(metric: Metric) -> bool:
    """Tell whether a metric is computed on what a layer gives, which a predictor doesn't tell."""
    place = getattr(metric, "place", None)
    return place is not None and place.on is not None


def _metrics(spec: RunSpec, own: Mapping[str, Any], signature: Signature, predictor: Predictor) -> list[Metric]:
    """Make the run's metrics; one's own are copied, since the training may be using them."""
    if "metrics" not in spec.user_objects:
        return parts.make_metrics(spec, {}, signature, lambda array: array)
    tensors = parts.make_adapter(spec, owns_process=False).tensors
    mine = {"metrics": copy.deepcopy(own["metrics"])}
    return parts.make_metrics(spec, mine, signature, tensors, model=lambda: predictor.native)


def _batches(spec: RunSpec, dataset: Dataset, ready: AsTrained) -> Generator[tuple[Array, Array], None, None]:
    """Give what is measured, batch by batch, as the model takes it, and close it."""
    try:
        part = dataset.train if dataset.validation is None else dataset.validation
        if isinstance(part, Samples):
            size = 2 * spec.batch_size
            for start in range(0, len(part), size):
                portion = part.at(slice(start, start + size))
                yield portion.inputs, portion.targets
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
            samples = ready.samples(*(mapped(one, to_numpy) for one in batch))
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
    if data in registry.names("data"):
        return {"type": data}
    if not has_file:
        if is_there(data):
            source = "arrays" if spec.data.is_user_object else f"'{spec.data.type}'"
            msg = (
                f"data: the run was trained on {source}, so it isn't known what the columns of '{data}' are; give "
                f"(x, y), an .npz file with the arrays x and y, or {{'type': 'csv', 'path': '{data}', 'target': …}}."
            )
            raise ConfigurationError(msg)
        return {"type": data}
    return {"type": spec.data.type, **spec.data.config, "path": full(data)}


def _is_own(spec: RunSpec, own: Mapping[str, Any], data: Any) -> bool:
    """Tell whether what is measured is what the run was given, by its name or as the same arrays."""
    if spec.data.is_user_object:
        given = own.get("data")
        if not isinstance(data, tuple | list) or not isinstance(given, tuple | list) or len(data) != len(given):
            return data is given
        return all(_are_same(one, other) for one, other in zip(data, given, strict=True))
    if not isinstance(data, str | Mapping):
        return False
    named = validate(Part, _named(spec, data) if isinstance(data, str) else data, "data")
    one, other = (
        {name: full(value) if name == "path" and isinstance(value, str) else value for name, value in it.config.items()}
        for it in (named, spec.data)
    )
    return named.type == spec.data.type and one == other


def _are_same(one: Any, other: Any) -> bool:
    are_arrays = isinstance(one, np.ndarray) and isinstance(other, np.ndarray)
    # Of a run in a file or another process they are copies.
    return one is other or (are_arrays and np.array_equal(one, other))


def _trained_on(run: Run, count: int) -> list[str]:
    """Say how many samples of the run's own data were trained on, where it is known how they were divided."""
    partition = run.partition
    if partition is None:
        return []
    whole = len(partition.train) + len(partition.validation)
    trained = len(partition.train) if count == whole else int((partition.train < count).sum())
    held_back = "; run.test() without data measures the held-back ones" if len(partition.validation) else ""
    return [f"{trained:,} of these {count:,} samples were trained on{held_back}."]


def _of_values(summary: Mapping[str, Any]) -> dict[str, float]:
    """Give what a validation says of values: mean errors and R²."""
    return dict(summary.get("overall", {})) if summary["task"] == "regression" else {}


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
