"""From raw arrays to a data set: check, encode, split, preprocess. Every source ends here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.protocols import Dataset, Partition, Samples, Signature
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.data.boxes import encode_boxes, of_pixels
from dltrainer_jupyter.data.class_weights import class_weights
from dltrainer_jupyter.data.host import refuse_non_finite
from dltrainer_jupyter.data.measured import measured
from dltrainer_jupyter.data.preprocessing import apply_steps, fit_steps, named_steps, refuse_pieces
from dltrainer_jupyter.data.raw import describe_raw
from dltrainer_jupyter.data.splits import as_given, divide
from dltrainer_jupyter.data.steps import Step
from dltrainer_jupyter.data.targets import Targets, encode

if TYPE_CHECKING:
    from dltrainer_jupyter.core.protocols import Array


_MOST_READABLE = 2**24
"""Values of held-back rows that are kept as they came: 64 MiB."""


@dataclass(frozen=True)
class Raw:
    """Inputs and targets as they came, sample by sample along the first axis."""

    inputs: Array
    targets: Array


@dataclass(frozen=True)
class Known:
    """What a source knows of its samples beyond inputs and targets."""

    columns: Mapping[str, Array] = field(default_factory=dict)
    """Columns by name, shape (n,), of the samples that are divided: ``validation.groups`` and others name them."""
    groups: Array | None = None
    """Group of each sample, where they were handed over."""
    has_holes: bool = False
    """Whether inputs may lack values (NaN), since the source's first step fills them in."""
    notices: tuple[str, ...] = ()
    """What people should know, in sentences."""
    partition: Partition | None = None
    """How the source has divided its samples by itself, which gives a part to train on and one to validate on."""


def assemble(
    spec: RunSpec,
    train: Raw,
    steps: Sequence[Step],
    *,
    validation: Raw | None = None,
    class_names: Sequence[str] = (),
    features: Sequence[str] = (),
    encoded: Targets | None = None,
    known: Known | None = None,
) -> Dataset:
    """Make a data set that is ready to train on, of arrays nobody else holds.

    Parameters
    ----------
    spec : RunSpec
        Its seed, its loss, its preprocessing and its validation decide about split and task.
    train : Raw
        Samples to train on, or to divide.
    steps : sequence of Step
        The source's own preprocessing, not yet fitted; the specification's comes after it. Both are fitted to the
        training part only.
    validation : Raw, optional
        Samples to validate on; nothing is then held back from ``train``.
    class_names : sequence of str, optional
        Names for classes whose targets are numbers.
    features : sequence of str, optional
        Names of the columns, where inputs are a table.
    encoded : Targets, optional
        The targets of ``train`` and ``validation`` together, from a source that knows what they mean; else they are
        looked at.
    known : Known, optional
        What else the source knows of its samples.

    Returns
    -------
    Dataset

    Raises
    ------
    ConfigurationError
        If samples are empty, differ in number or shape, can't be encoded, or leave a part without samples.
    """
    known = known or Known()
    _check_both(train, validation, has_holes=known.has_holes)
    if (trained := measured()) is not None:
        everything = train if validation is None else _joined(train, validation)
        return trained.dataset(everything.inputs, everything.targets if encoded is None else encoded.values)
    targets = encoded_as_asked(spec, train, validation) if encoded is None else encoded
    partition = partition_of(spec, train, validation, targets, known)
    training, held_back = _divided(train, validation, targets, partition)

    chain, prepared = fit_steps([*steps, *named_steps(spec.preprocessing)], training.inputs)
    refuse_moved(train, prepared.inputs, targets)
    if targets.task in ("segmentation", "detection"):
        refuse_pieces(chain, f"targets of {targets.task} say where things are in the whole, so it can't be done here")
    # What is in pieces counts as many times, with the target of the whole.
    training = Raw(prepared.inputs, prepared.repeated(training.targets))
    partition = replace(partition, train=prepared.repeated(partition.train))
    readable = None
    if held_back is not None:
        shown = apply_steps(chain, held_back.inputs)
        readable = _readable(shown.repeated(held_back.inputs), shown.inputs)
        held_back = Raw(shown.inputs, shown.repeated(held_back.targets))
        partition = replace(partition, validation=shown.repeated(partition.validation))
    names = tuple(class_names) if targets.task == "classification" and class_names else targets.labels
    signature = Signature(
        task=targets.task,
        input_shape=training.inputs.shape[1:],
        outputs=targets.outputs,
        labels=names,
        encoded=targets.encoded,
        preprocessing=tuple(step.to_dict() for step in chain),
        class_weights=class_weights(spec.class_weights, training.targets, targets.task, targets.outputs, names),
        raw=describe_raw(train.inputs, features),
    )
    return Dataset(
        train=_own(training, train),
        validation=None if held_back is None else replace(_own(held_back, validation or train), raw=readable),
        signature=signature,
        notices=told_once(known.notices) if known.notices else None,
        partition=partition,
    )


def outline(spec: RunSpec, train: Raw, validation: Raw | None = None) -> Signature:
    """Say what a data set of these arrays will be, and refuse what can't be one; nothing is divided or preprocessed.

    Parameters
    ----------
    spec : RunSpec
        Its loss and its recipe decide about the task.
    train : Raw
        Samples to train on, or to divide.
    validation : Raw, optional
        Samples to validate on.

    Returns
    -------
    Signature
        ``input_shape`` is that of samples as they came.

    Raises
    ------
    ConfigurationError
        If samples are empty, differ in number or shape, or can't be encoded.
    """
    _check_both(train, validation, has_holes=False)
    found = encoded_as_asked(spec, train, validation)
    return Signature(found.task, train.inputs.shape[1:], found.outputs, labels=found.labels, encoded=found.encoded)


def encoded_as_asked(spec: RunSpec, train: Raw, validation: Raw | None) -> Targets:
    """Find out what targets mean."""
    loss = None if spec.first_loss is None or spec.first_loss.is_user_object else spec.first_loss.type
    raw = train.targets if validation is None else np.concatenate([train.targets, validation.targets])
    return encode_boxes(raw) if spec.recipe.type == "detection" else of_pixels(encode(raw, loss), train.inputs)


def told_once(sentences: Sequence[str]) -> Callable[[], Sequence[str]]:
    """Give what a data set tells people: each sentence once."""
    left = list(sentences)

    def tell() -> Sequence[str]:
        told = left.copy()
        left.clear()
        return told

    return tell


def _readable(came: Array, prepared: Array) -> Array | None:
    """Give rows as they came, if preprocessing made others of them and they are few enough to be kept."""
    is_table = came.ndim == prepared.ndim == 2  # noqa: PLR2004 - samples and features; no flat pictures
    if not is_table or came.size > _MOST_READABLE or came.dtype.kind not in "biuf":
        return None
    rows = np.array(came, np.float32)
    return None if np.array_equal(rows, prepared) else rows


def refuse_moved(train: Raw, inputs: Array, targets: Targets) -> None:
    """Raise if images were made another size, and what says where things are in them wasn't."""
    if targets.task in ("segmentation", "detection") and inputs.shape[-2:] != train.inputs.shape[-2:]:
        before, after = (f"{height}x{width}" for height, width in (train.inputs.shape[-2:], inputs.shape[-2:]))
        msg = (
            f"preprocessing: images of {before} pixels are made {after}, but the targets of {targets.task} count in "
            "pixels and stay as they are; give images and targets in the size that is trained on."
        )
        raise ConfigurationError(msg)


def _joined(one: Raw, other: Raw) -> Raw:
    return Raw(np.concatenate([one.inputs, other.inputs]), np.concatenate([one.targets, other.targets]))


def partition_of(spec: RunSpec, train: Raw, validation: Raw | None, targets: Targets, known: Known) -> Partition:
    """Decide which samples are held back; those of a validation part of its own are counted on after the others."""
    count = len(train.inputs)
    if known.partition is not None:
        return known.partition
    if spec.validation is not False and validation is not None:
        return as_given(spec, count, len(validation.inputs))
    classes = None
    if targets.task == "classification" and validation is None and targets.values.size == count:
        classes = targets.values.reshape(count).astype(np.int64)
    return divide(spec, count, classes, columns=known.columns, groups=known.groups)


def _divided(train: Raw, validation: Raw | None, targets: Targets, partition: Partition) -> tuple[Raw, Raw | None]:
    """Give the training part and what is held back from it, with encoded targets."""
    count = len(train.inputs)
    first, second = partition.train, partition.validation
    if validation is not None and len(second):
        return Raw(train.inputs, targets.values[:count]), Raw(validation.inputs, targets.values[count:])
    held_back = Raw(train.inputs[second], targets.values[second]) if len(second) else None
    if len(first) == count:
        return Raw(train.inputs, targets.values[:count]), None
    return Raw(train.inputs[first], targets.values[first]), held_back


def _check_both(train: Raw, validation: Raw | None, *, has_holes: bool) -> None:
    check(train, "", has_holes=has_holes)
    if validation is not None:
        check(validation, "validation ", has_holes=has_holes)
        check_alike(train, validation)


def check(raw: Raw, which: str, *, has_holes: bool) -> None:
    """Raise if samples are none, or inputs and targets no match.

    Parameters
    ----------
    raw : Raw
        Inputs that stay on the disk are known by their shape alone, so they are taken to have holes.
    which : str
        ``""`` or ``"validation "``, for messages.
    has_holes : bool
        Whether inputs may lack values.

    Raises
    ------
    ConfigurationError
        Says what is wrong.
    """
    inputs, targets = len(raw.inputs), len(raw.targets)
    if inputs != targets:
        msg = f"data: every sample needs a target, but there are {inputs:,} {which}inputs and {targets:,} targets."
        raise ConfigurationError(msg)
    if inputs == 0:
        msg = f"data: expected {which}samples, but the data set is empty."
        raise ConfigurationError(msg)
    if raw.inputs.ndim == 1:
        msg = (
            f"data: {which}inputs need an axis for samples and at least one more, got shape {raw.inputs.shape}; "
            "for a single feature pass x.reshape(-1, 1)."
        )
        raise ConfigurationError(msg)
    for name, array in (("inputs", raw.inputs), ("targets", raw.targets)):
        if array.size == 0:
            msg = f"data: {which}{name} hold no values: their shape is {array.shape}."
            raise ConfigurationError(msg)
        # Here, before anything is split, the number of a sample is the one its owner knows.
        if name == "targets" or not has_holes:
            refuse_non_finite(array, f"{which}{name}")


def check_alike(train: Raw, validation: Raw) -> None:
    """Raise if samples to train on and to validate on differ in shape, or text stands beside numbers."""
    for name, first, second in (
        ("inputs", train.inputs, validation.inputs),
        ("targets", train.targets, validation.targets),
    ):
        if first.shape[1:] != second.shape[1:]:
            msg = (
                f"data: training and validation {name} must have samples of one shape; "
                f"got {first.shape[1:]} and {second.shape[1:]}."
            )
            raise ConfigurationError(msg)
    if (train.targets.dtype.kind == "U") != (validation.targets.dtype.kind == "U"):
        msg = (
            f"data: training targets are {train.targets.dtype} and validation targets {validation.targets.dtype}; "
            "give both as text or both as numbers."
        )
        raise ConfigurationError(msg)


def _own(part: Raw, given: Raw) -> Samples:
    """Give samples in memory of their own, so that another cell can't change them while a run trains on them."""
    return Samples(apart(part.inputs, given.inputs), apart(part.targets, given.targets))


def apart(array: Array, given: Array) -> Array:
    """Give an array in memory of its own, apart from what it was made of."""
    return array.copy() if np.may_share_memory(array, given) else np.ascontiguousarray(array)
