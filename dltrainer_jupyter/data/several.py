"""From several inputs or several targets to a data set: check, encode, split, preprocess each."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.protocols import Dataset, Partition, Samples, Signature
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.data.assembly import Raw, apart, refuse_moved
from dltrainer_jupyter.data.class_weights import class_weights
from dltrainer_jupyter.data.measured import measured
from dltrainer_jupyter.data.preprocessing import fit_chain, named_steps
from dltrainer_jupyter.data.several_meaning import Several, asked_of_each, check_together, encoded_each, joined
from dltrainer_jupyter.data.splits import as_given, divide
from dltrainer_jupyter.data.steps.keeping import current, own_steps
from dltrainer_jupyter.data.structured import Name, Named, each, packed, steps_of
from dltrainer_jupyter.data.targets import Targets

if TYPE_CHECKING:
    from dltrainer_jupyter.core.protocols import Array


def assemble_several(spec: RunSpec, given: Several) -> Dataset:
    """Make a data set that is ready to train on.

    Parameters
    ----------
    spec : RunSpec
        Its seed, its losses, its preprocessing and its validation decide about split and tasks.
    given : Several
        Arrays that nobody else holds.

    Returns
    -------
    Dataset
        Inputs and targets in the structure they came in.

    Raises
    ------
    ConfigurationError
        If samples are empty, differ in number or shape, can't be encoded, or nobody knows which of several is meant.
    """
    count, held_count = check_together(spec, given)
    if (trained := measured()) is not None:
        whole = [joined(*pair) for pair in ((given.inputs, given.val_inputs), (given.targets, given.val_targets))]
        return trained.dataset(packed(whole[0]), packed(whole[1]))
    encoded = encoded_each(spec, given)
    partition = _partition(spec, given, encoded, count, held_count)
    first, second = partition.train, partition.validation
    # Those given for validation are counted on after the others.
    held_apart = bool(held_count) and len(second) > 0

    asked = asked_of_each(spec, list(given.inputs))
    chains, train, validation = list[dict[str, Any]](), Named(), Named()
    for name, array in given.inputs.items():
        own = array if held_apart or len(first) == count else array[first]
        with _own_steps_of(name):
            chain, prepared = fit_chain([*given.steps.get(name, ()), *named_steps(asked[name])], own)
        chains += [step.to_dict() | ({} if name is None else {"input": name}) for step in chain]
        train[name] = apart(prepared, array)
        if len(second):
            held = given.val_inputs[name] if held_apart else array[second]
            for step in chain:
                held = step.apply(held)
            validation[name] = apart(held, given.val_inputs[name] if held_apart else array)
        for targets in encoded.values():
            if targets.task == "segmentation" and targets.values.shape[1:] in _sides(array):
                refuse_moved(Raw(array, targets.values), prepared, targets)
    values = {name: targets.values for name, targets in encoded.items()}
    signature = _signature(spec, encoded, first, tuple(chains))
    names = tuple(name for name in given.inputs if name is not None)
    shape = () if names else tuple(train[None].shape[1:])
    return Dataset(
        train=Samples(packed(train), packed(each(values, lambda array: array[first]))),
        validation=Samples(packed(validation), packed(each(values, lambda array: array[second])))
        if validation
        else None,
        signature=replace(signature, input_shape=shape, inputs=names),
        partition=partition,
    )


def outline_several(spec: RunSpec, given: Several) -> Signature:
    """Say what a data set of these arrays will be, and refuse what can't be one; nothing is divided or preprocessed.

    Parameters
    ----------
    spec : RunSpec
        Its losses and its preprocessing say which of several they are for.
    given : Several
        The arrays.

    Returns
    -------
    Signature
        Of one input ``input_shape`` is that of samples as they came.

    Raises
    ------
    ConfigurationError
        If samples are empty, differ in number or shape, can't be encoded, or nobody knows which of several is meant.
    """
    check_together(spec, given)
    asked_of_each(spec, list(given.inputs))
    found = _signature(spec, encoded_each(spec, given), slice(None), ())
    names = tuple(name for name in given.inputs if name is not None)
    return replace(found, input_shape=() if names else given.inputs[None].shape[1:], inputs=names)


def _own_steps_of(name: Name) -> AbstractContextManager[None]:
    """Let a chain find, of what a training goes on with, the steps of its own input."""
    own = current()
    return (
        nullcontext() if own is None or name is None else own_steps(replace(own, trained=steps_of(own.trained, name)))
    )


def _sides(array: Array) -> tuple[tuple[int, ...], ...]:
    """Give height and width of images, channels first or last."""
    return (array.shape[2:], array.shape[1:3]) if array.ndim == 4 else ()  # noqa: PLR2004 - images


def _partition(
    spec: RunSpec, given: Several, encoded: Mapping[Name, Targets], count: int, held_count: int
) -> Partition:
    """Decide which samples are held back; a target of classes, the first one, is divided alike."""
    if spec.validation is not False and held_count:
        return as_given(spec, count, held_count)
    classes = next(
        (
            targets.values[:count].reshape(count).astype(np.int64)
            for targets in encoded.values()
            if targets.task == "classification" and targets.values[:count].size == count
        ),
        None,
    )
    alike = {str(name): array for name, array in given.targets.items() if name is not None and array.ndim == 1}
    return divide(spec, count, classes, columns=alike | dict(given.columns), groups=given.groups)


def _signature(
    spec: RunSpec, encoded: Mapping[Name, Targets], train: Any, preprocessing: tuple[dict[str, Any], ...]
) -> Signature:
    """Describe targets and preprocessing."""
    if None not in encoded and isinstance(spec.class_weights, Mapping):
        msg = (
            "class_weights: there are several targets, so classes can't be weighed by name; 'balanced' weighs those of "
            "each, or give each loss a weight."
        )
        raise ConfigurationError(msg)
    described: list[dict[str, Any]] = []
    for name, targets in encoded.items():
        weighed = None in encoded or targets.task in ("classification", "segmentation")
        described.append(
            {
                "name": name,
                "task": targets.task,
                "outputs": targets.outputs,
                "labels": targets.labels,
                "encoded": targets.encoded,
                "class_weights": class_weights(
                    spec.class_weights if weighed else None,
                    targets.values[train],
                    targets.task,
                    targets.outputs,
                    targets.labels,
                ),
            }
        )
    first = {key: value for key, value in described[0].items() if key != "name"}
    several = () if None in encoded else tuple(described)
    return Signature(input_shape=(), preprocessing=preprocessing, targets=several, **first)
