"""From inputs on the disk and targets in memory to a data set whose batches are read when they are due."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dltrainer_jupyter.core.protocols import Dataset, Signature
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.data.assembly import (
    Known,
    Raw,
    check,
    check_alike,
    encoded_as_asked,
    partition_of,
    refuse_moved,
    told_once,
)
from dltrainer_jupyter.data.class_weights import class_weights
from dltrainer_jupyter.data.files.bounds import refuse_too_large
from dltrainer_jupyter.data.lazy.samples import MeasuredSamples
from dltrainer_jupyter.data.lazy.stream import LazyStream
from dltrainer_jupyter.data.measured import AsTrained, measured
from dltrainer_jupyter.data.preprocessing import named_steps, refuse_pieces
from dltrainer_jupyter.data.raw import described
from dltrainer_jupyter.data.steps import Step
from dltrainer_jupyter.data.stored.fitting import fit_stored
from dltrainer_jupyter.data.stored.rows import Stored
from dltrainer_jupyter.data.stored.samples import StoredSamples
from dltrainer_jupyter.data.stored.survey import Survey
from dltrainer_jupyter.data.targets import Targets

if TYPE_CHECKING:
    import numpy.typing as npt

    from dltrainer_jupyter.core.protocols import Array

_DESCRIBED = 1000


@dataclass(frozen=True)
class StoredRaw:
    """Inputs on the disk and targets in memory, as they came."""

    inputs: Stored
    targets: Any
    """Shape (n, ...): an array, or whatever gives that of row numbers."""
    survey: Survey
    """Of the inputs."""

    def __len__(self) -> int:
        """Count the samples."""
        return len(self.inputs)

    def raw(self, indices: npt.NDArray[np.int64]) -> tuple[Array, Array]:
        """Read some."""
        return self.inputs.take(indices), self.targets[indices]


def assemble_stored(
    spec: RunSpec,
    train: StoredRaw,
    steps: Sequence[Step],
    *,
    validation: StoredRaw | None = None,
    features: Sequence[str] = (),
    encoded: Targets | None = None,
    known: Known | None = None,
) -> Dataset:
    """Make a data set that is ready to train on, as :func:`~dltrainer_jupyter.data.assembly.assemble` does in memory.

    Samples, their order and what is held back are the same. What preprocessing learns piece by piece is the same but
    for rounding.

    Parameters
    ----------
    spec : RunSpec
        Its seed, its loss, its preprocessing and its validation decide about split and task.
    train : StoredRaw
        Samples to train on, or to divide.
    steps : sequence of Step
        The source's own preprocessing, not yet fitted; the specification's comes after it.
    validation : StoredRaw, optional
        Samples to validate on; nothing is then held back from ``train``.
    features : sequence of str, optional
        Names of the columns, where inputs are a table.
    encoded : Targets, optional
        The targets of ``train`` and ``validation`` together, where they are known; else they are looked at.
    known : Known, optional
        What else the source knows of its samples.

    Returns
    -------
    Dataset
        Of streams.

    Raises
    ------
    ConfigurationError
        If samples are empty, differ in number or shape, can't be encoded, or leave a part without samples.
    """
    known = known or Known()
    if (ready := measured()) is not None:
        return _to_measure(spec, [train] if validation is None else [train, validation], ready)
    first, second = _raw(train, ""), None if validation is None else _raw(validation, "validation ")
    if second is not None:
        check_alike(first, second)
    targets = encoded or encoded_as_asked(spec, first, second)
    partition = partition_of(spec, first, second, targets, known)
    count, brings_its_own = len(train.inputs), second is not None and len(partition.validation) > 0
    rows = np.arange(count, dtype=np.int64) if brings_its_own else partition.train

    asked = [*steps, *named_steps(spec.preprocessing)]
    refuse_pieces(asked, "these are read when they are due, each as one; say lazy: never")
    chain, sample, notices = fit_stored(asked, train.inputs, rows, spec.seed)
    refuse_moved(first, sample, targets)
    refuse_too_large(
        2 * spec.batch_size * sample[:1].nbytes, "data: a batch", "take a smaller batch_size, or leave columns out"
    )
    held_back: StoredSamples | None = None
    if validation is not None and brings_its_own:
        everything = np.arange(len(validation.inputs), dtype=np.int64)
        held_back = StoredSamples(validation.inputs, targets.values[count:], everything, chain)
    elif len(partition.validation):
        held_back = StoredSamples(train.inputs, targets.values, partition.validation, chain)
    signature = Signature(
        task=targets.task,
        input_shape=sample.shape[1:],
        outputs=targets.outputs,
        labels=targets.labels,
        encoded=targets.encoded,
        preprocessing=tuple(step.to_dict() for step in chain),
        class_weights=class_weights(
            spec.class_weights, targets.values[rows], targets.task, targets.outputs, targets.labels
        ),
        raw=_described(train, features),
    )
    said = (*known.notices, *notices)
    return Dataset(
        train=LazyStream(StoredSamples(train.inputs, targets.values, rows, chain), spec, shuffled=True),
        validation=None if held_back is None else LazyStream(held_back, spec, shuffled=False),
        signature=signature,
        notices=told_once(said) if said else None,
        partition=partition,
    )


def _raw(part: StoredRaw, which: str) -> Raw:
    raw = Raw(part.inputs, part.targets)  # type: ignore[arg-type]  # of which only the shape is asked
    check(raw, which, has_holes=True)
    part.survey.refuse_bad(f"{which}inputs")
    return raw


def _described(train: StoredRaw, features: Sequence[str]) -> dict[str, Any] | None:
    if train.inputs.dtype.kind not in "biuf":
        return None
    some: npt.NDArray[np.int64] = np.arange(min(_DESCRIBED, len(train.inputs)), dtype=np.int64)
    first: Array = train.inputs.take(some)
    return described(first, train.inputs.shape, train.survey.low, train.survey.high, features)


def _to_measure(spec: RunSpec, parts: Sequence[StoredRaw], ready: AsTrained) -> Dataset:
    for part in parts:
        _raw(part, "")
    return Dataset(LazyStream(MeasuredSamples(parts, ready, ()), spec, shuffled=False), None, ready.signature)
