"""From what is listed to a data set: everything read at once where it fits into memory, else batch by batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.protocols import Dataset, Partition, Signature, Task
from dltrainer_jupyter.core.seeds import derive
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.data.assembly import Known, Raw, assemble, refuse_moved
from dltrainer_jupyter.data.class_weights import class_weights
from dltrainer_jupyter.data.lazy.bad import BadSamples
from dltrainer_jupyter.data.lazy.reader import Reader, read_all, workers_for
from dltrainer_jupyter.data.lazy.samples import LazySamples, MeasuredSamples
from dltrainer_jupyter.data.lazy.settings import ReadingSettings
from dltrainer_jupyter.data.lazy.stream import LazyStream
from dltrainer_jupyter.data.measured import measured
from dltrainer_jupyter.data.preprocessing import called, fit_chain, learnt, named_steps, refuse_pieces
from dltrainer_jupyter.data.raw import describe_raw
from dltrainer_jupyter.data.splits import as_given, divide, one_after_the_other
from dltrainer_jupyter.data.steps import Step
from dltrainer_jupyter.data.targets import Targets, encode

if TYPE_CHECKING:
    import numpy.typing as npt

    from dltrainer_jupyter.core.protocols import Array

IN_MEMORY = 2**30
"""Bytes of inputs, as the model takes them, up to which everything is kept in memory."""
LOOKED_AT = 32
"""Samples that are read to see what inputs are like."""
FITTED = 1000
"""Samples that preprocessing is fitted to where they are read as they are needed."""
_VALUES_FITTED = 2**26


@dataclass(frozen=True)
class Meaning:
    """What targets are, as far as a source knows before it has read them."""

    task: Task
    labels: tuple[str, ...]
    """Names of the classes."""
    classes: Sequence[npt.NDArray[np.int64]] | None = None
    """The class of each sample, of the training part and of the validation part if there is one; None where targets
    come with their samples."""


@dataclass(frozen=True)
class Told:
    """What a source has to say beyond samples."""

    notices: tuple[str, ...] = ()
    """For people: what was left out while files were listed."""
    raw: Mapping[str, Any] = field(default_factory=dict)
    """What goes into ``Signature.raw`` beside what is found by looking."""
    beforehand: tuple[Mapping[str, Any], ...] = ()
    """Steps that the readers have done already, such as telling words apart."""
    partition: Partition | None = None
    """How a source has divided samples by itself, which gives two readers of them."""


def assemble_read(
    spec: RunSpec,
    readers: Sequence[Reader],
    steps: Sequence[Step],
    meaning: Meaning,
    *,
    settings: ReadingSettings,
    told: Told | None = None,
) -> Dataset:
    """Make a data set that is ready to train on.

    Parameters
    ----------
    spec : RunSpec
        Its seed, its loss, its preprocessing and its validation decide about split and targets.
    readers : sequence of Reader
        One to train on and to divide, or one to train on and one to validate on.
    steps : sequence of Step
        The source's own preprocessing, not yet fitted; the specification's comes after it.
    meaning : Meaning
        What targets are.
    settings : ReadingSettings
        How it is read.
    told : Told, optional
        What else is known.

    Returns
    -------
    Dataset
        Of samples in memory, or of streams; in both the same samples in the same order.

    Raises
    ------
    ConfigurationError
        If samples can't be read, targets don't fit the loss, or a part has no samples.
    """
    told = told or Told()
    total = sum(map(len, readers))
    bad = BadSamples(total, settings.max_bad if settings.on_bad_sample == "skip" else None)
    if (ready := measured()) is not None:
        known = [None] * len(readers) if meaning.classes is None else meaning.classes
        parts = [
            LazySamples(reader, np.arange(len(reader), dtype=np.int64), classes, bad, replaces=False)
            for reader, classes in zip(readers, known, strict=True)
        ]
        everything = MeasuredSamples(parts, ready, meaning.labels if meaning.classes is not None else ())
        stream = LazyStream(everything, spec, shuffled=False, workers=settings.workers)
        return Dataset(stream, None, ready.signature)
    targets = _targets(spec, meaning)
    counts = [len(reader) for reader in readers]
    ends = [targets.values[: counts[0]], targets.values[counts[0] :]]
    known_parts = [part if meaning.classes is not None else None for part in ends[: len(readers)]]
    listed = _Listed(readers, known_parts, targets, bad, settings)
    looked = LazySamples(readers[0], np.arange(counts[0], dtype=np.int64), known_parts[0], bad, replaces=True)
    some = _spread(spec, counts[0], LOOKED_AT)
    sample, sample_targets = looked.raw(some)
    bytes_in_memory = 4 * int(np.prod(sample.shape[1:])) * total
    if settings.cache == "memory" or (settings.cache == "auto" and bytes_in_memory <= IN_MEMORY):
        found = _in_memory(spec, listed, steps, told.partition)
    else:
        found = _lazily(spec, listed, steps, (sample, sample_targets), told.partition)
    described = describe_raw(sample)
    signature = replace(
        found.signature,
        raw=None if described is None else described | dict(told.raw),
        preprocessing=(*(dict(step) for step in told.beforehand), *found.signature.preprocessing),
    )
    said = [*told.notices, *(found.notices() if found.notices else ())]

    def notices() -> Sequence[str]:
        first = said.copy()
        said.clear()
        return [*first, *bad.notices()]

    return replace(found, signature=signature, notices=notices)


def _targets(spec: RunSpec, meaning: Meaning) -> Targets:
    """Encode what is known of the targets; of those that come with their samples only what they mean."""
    if meaning.classes is None:
        return Targets(np.zeros(0), meaning.task, len(meaning.labels), meaning.labels)
    loss = None if spec.first_loss is None or spec.first_loss.is_user_object else spec.first_loss.type
    found = encode(np.concatenate(meaning.classes), loss)
    if found.task != "classification":
        return found
    outputs = 1 if found.outputs == 1 else len(meaning.labels)
    return replace(found, outputs=outputs, labels=meaning.labels, encoded=True)


@dataclass(frozen=True)
class _Listed:
    """What there is."""

    readers: Sequence[Reader]
    known: Sequence[Array | None]
    """Encoded targets of each reader's samples; None where they come with them."""
    targets: Targets
    bad: BadSamples
    settings: ReadingSettings


def _in_memory(spec: RunSpec, given: _Listed, steps: Sequence[Step], divided: Partition | None) -> Dataset:
    """Read everything, and go on as with arrays."""
    parts, numbers, before = [], [], 0
    for reader, classes in zip(given.readers, given.known, strict=True):
        inputs, read, rows = read_all(reader, given.bad, workers_for(given.settings.workers))
        parts.append(Raw(inputs, np.stack(read) if classes is None else classes[rows]))
        numbers.append(rows + before)
        before += len(reader)
    values = np.concatenate([part.targets for part in parts])
    validation = parts[1] if len(parts) > 1 else None
    known = Known()
    if divided is not None:
        known = Known(partition=one_after_the_other(len(numbers[0]), len(numbers[1]), divided.how))
    encoded = replace(given.targets, values=values)
    found = assemble(spec, parts[0], steps, validation=validation, encoded=encoded, known=known)
    if (now := found.partition) is None:
        return found
    # Samples are numbered as they are listed, those that were left out among them.
    listed = np.concatenate(numbers)
    if divided is not None:
        listed = np.concatenate([divided.train, divided.validation])[listed]
    return replace(found, partition=replace(now, train=listed[now.train], validation=listed[now.validation]))


def _lazily(
    spec: RunSpec, given: _Listed, steps: Sequence[Step], sample: tuple[Array, Array], divided: Partition | None
) -> Dataset:
    """Divide what is listed, fit preprocessing to a few samples, and read the rest when it is due."""
    readers, known, targets = given.readers, given.known, given.targets
    count = len(readers[0])
    if len(readers) > 1 and spec.validation is not False:
        partition = divided or as_given(spec, count, len(readers[1]))
        rows = [(at, np.arange(len(reader), dtype=np.int64)) for at, reader in enumerate(readers)]
    else:
        classes = None
        if targets.task == "classification" and known[0] is not None:
            classes = known[0].reshape(count).astype(np.int64)
        partition = divide(spec, count, classes)
        rows = (
            [(0, partition.train), (0, partition.validation)]
            if spec.validation is not False
            else [(0, partition.train)]
        )

    def part(number: int, chain: Sequence[Step]) -> LazySamples:
        reader, mine = rows[number]
        return LazySamples(readers[reader], mine, known[reader], given.bad, chain=chain, replaces=number == 0)

    asked = [*steps, *named_steps(spec.preprocessing)]
    refuse_pieces(asked, "these are read when they are due, each as one; say cache: memory")
    chain, notices = _fitted(spec, asked, sample[0], part(0, ()))
    prepared = sample[0]
    for step in chain:
        prepared = step.apply(prepared)
    refuse_moved(Raw(*sample), prepared, targets)
    training = LazyStream(part(0, chain), spec, shuffled=True, workers=given.settings.workers)
    held_back = None
    if len(rows) > 1:
        held_back = LazyStream(part(1, chain), spec, shuffled=False, workers=given.settings.workers)
    signature = Signature(
        task=targets.task,
        input_shape=prepared.shape[1:],
        outputs=targets.outputs,
        labels=targets.labels,
        encoded=targets.encoded,
        preprocessing=tuple(step.to_dict() for step in chain),
        class_weights=_weights(spec, targets, None if known[0] is None else known[0][rows[0][1]]),
    )
    return Dataset(training, held_back, signature, notices=lambda: notices, partition=partition)


def _weights(spec: RunSpec, targets: Targets, known: Array | None) -> tuple[float, ...]:
    """Weigh classes, which takes all targets."""
    if known is None and spec.class_weights is not None:
        msg = (
            "class_weights: targets that come with their files are counted where all are read: say cache: memory, or "
            "leave class_weights out."
        )
        raise ConfigurationError(msg)
    return (
        () if known is None else class_weights(spec.class_weights, known, targets.task, targets.outputs, targets.labels)
    )


def _fitted(
    spec: RunSpec, steps: Sequence[Step], sample: Array, training: LazySamples
) -> tuple[tuple[Step, ...], list[str]]:
    """Fit a chain: to a few samples where it learns nothing from them, else to a thousand, and say so."""
    chain, _ = fit_chain(steps, sample)
    learns = [called(step) for step, fitted in zip(steps, chain, strict=True) if learnt(step, fitted)]
    if not learns:
        return chain, []
    most = max(1, min(FITTED, _VALUES_FITTED // max(1, int(np.prod(sample.shape[1:])))))
    inputs, _ = training.raw(_spread(spec, len(training), most))
    chain, _ = fit_chain(steps, inputs)
    if len(inputs) == len(training):
        return chain, []
    note = (
        f"preprocessing: {', '.join(learns)} was fitted to {len(inputs):,} of {len(training):,} training samples, "
        "since they are read when they are due; with cache: memory it is fitted to all."
    )
    return chain, [note]


def _spread(spec: RunSpec, count: int, most: int) -> npt.NDArray[np.int64]:
    """Draw rows, the same for a seed."""
    if count <= most:
        return np.arange(count, dtype=np.int64)
    generator = np.random.Generator(np.random.Philox(derive(spec.seed, "looking")))
    return np.sort(generator.choice(count, most, replace=False)).astype(np.int64)


def streamed(dataset: Dataset, spec: RunSpec) -> Dataset:
    """Give a data set whose parts a source of somebody's own gave as ``Lazy`` samples in the form of streams."""
    return replace(
        dataset,
        train=_stream(dataset.train, spec, shuffled=True),
        validation=_stream(dataset.validation, spec, shuffled=False),
    )


def _stream(part: Any, spec: RunSpec, *, shuffled: bool) -> Any:
    is_lazy = callable(getattr(part, "read", None)) and not callable(getattr(part, "epoch", None))
    return LazyStream(part, spec, shuffled=shuffled) if is_lazy and hasattr(part, "__len__") else part
