"""What several inputs and targets are, and which of them a setting means, before anything is divided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from dltrainer_jupyter.core.choosing import chosen
from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.core.terms import without_input, without_term
from dltrainer_jupyter.data.boxes import of_pixels
from dltrainer_jupyter.data.steps import Step
from dltrainer_jupyter.data.structured import Name, Named, packed, shown
from dltrainer_jupyter.data.targets import Targets, encode

if TYPE_CHECKING:
    from dltrainer_jupyter.core.protocols import Array


@dataclass(frozen=True)
class Several:
    """What there is to train on, and to validate on where that is given."""

    inputs: Named
    targets: Named
    val_inputs: Named = field(default_factory=dict)
    """Empty where samples are to be held back."""
    val_targets: Named = field(default_factory=dict)
    steps: Mapping[Name, Sequence[Step]] = field(default_factory=dict)
    """The source's own preprocessing of each input, not yet fitted."""
    columns: Mapping[str, Array] = field(default_factory=dict)
    """Columns of tables by name, shape (n,)."""
    groups: Array | None = None
    """Group of each sample, where they were handed over."""


def check_together(spec: RunSpec, given: Several) -> tuple[int, int]:
    """See that arrays go together, and count the samples to train on and those to validate on.

    Raises
    ------
    ConfigurationError
        If samples are empty, or differ in number or shape.
    """
    _refuse_detection(spec)
    count = _counted(given.inputs, given.targets, "")
    held_count = _counted(given.val_inputs, given.val_targets, "validation ") if given.val_inputs else 0
    _check_alike(given)
    return count, held_count


def encoded_each(spec: RunSpec, given: Several) -> dict[Name, Targets]:
    """Find out what each target means.

    Raises
    ------
    ConfigurationError
        If one can't be encoded, or a loss by name doesn't say for which of them it is.
    """
    losses = _losses(spec, list(given.targets))
    return {name: _encoded(name, given, losses) for name in given.targets}


def asked_of_each(spec: RunSpec, names: Sequence[Name]) -> dict[Name, list[Any]]:
    """Give the steps that are asked for, for each input.

    Raises
    ------
    ConfigurationError
        If one doesn't say for which of several inputs it is, or names one that isn't there.
    """
    found: dict[Name, list[Any]] = {name: [] for name in names}
    for given in spec.preprocessing:
        part, which = without_input(given)
        if None in found:
            found[None].append(given)
            continue
        if which is None:
            msg = (
                f"preprocessing: there are several inputs ({shown(names)}); say for which '{part}' is, as in "
                f"{{type: {'…' if part.is_user_object else part.type}, input: {names[0]}}}."
            )
            raise ConfigurationError(msg)
        found[_meant(which, names, "preprocessing", "input")].append(part)
    return found


def _refuse_detection(spec: RunSpec) -> None:
    if spec.recipe.type == "detection":
        msg = "data: the recipe 'detection' takes one input, images, and one target, their boxes; got several."
        raise ConfigurationError(msg)


def _called(name: Name, what: str) -> str:
    return f"{what}s" if name is None else f"{what} {name!r}"


def _counted(inputs: Named, targets: Named, which: str) -> int:
    """Give the number of samples, of which there have to be some, as many in each array."""
    everything = [(_called(name, f"{which}input"), array) for name, array in inputs.items()]
    everything += [(_called(name, f"{which}target"), array) for name, array in targets.items()]
    said, first = everything[0]
    for name, array in everything:
        if len(array) != len(first):
            msg = f"data: expected as many samples in each, got {len(first):,} in {said} and {len(array):,} in {name}."
            raise ConfigurationError(msg)
        if array.size == 0:
            msg = f"data: expected samples, but {name} holds no values: its shape is {array.shape}."
            raise ConfigurationError(msg)
    if None in inputs and inputs[None].ndim == 1:
        msg = f"data: inputs need an axis for samples and at least one more, got shape {inputs[None].shape}."
        raise ConfigurationError(msg)
    return len(first)


def _check_alike(given: Several) -> None:
    for what, one, other in (("input", given.inputs, given.val_inputs), ("target", given.targets, given.val_targets)):
        for name, array in other.items():
            first, second = one[name], array
            if first.shape[1:] != second.shape[1:] or (first.dtype.kind == "U") != (second.dtype.kind == "U"):
                msg = (
                    f"data: training and validation {_called(name, what)} must be alike, got {first.dtype} of shape "
                    f"{first.shape} and {second.dtype} of shape {second.shape}."
                )
                raise ConfigurationError(msg)


def joined(one: Named, other: Named) -> Named:
    """Put samples to train on and those to validate on, if there are any, one after the other."""
    return {name: np.concatenate([array, other[name]]) if other else array for name, array in one.items()}


def _losses(spec: RunSpec, names: Sequence[Name]) -> dict[Name, str | None]:
    """Find the loss by name that each target is compared by, as far as the specification says so.

    Raises
    ------
    ConfigurationError
        If a loss by name doesn't say for which of several targets it is.
    """
    found: dict[Name, str | None] = dict.fromkeys(names)
    for given in spec.parts("loss"):
        part, term = without_term(given, "loss")
        if part.is_user_object or (term.on is not None and term.target is None):
            continue
        which = term.output if term.target is None else term.target
        if None in found:
            found[None] = found[None] or part.type
            continue
        if which is None:
            msg = (
                f"loss: there are several targets ({shown(names)}); say which '{part.type}' compares, as in "
                f"[{{type: {part.type}, output: {names[0]}}}], or leave loss out for one of each."
            )
            raise ConfigurationError(msg)
        name = _meant(which, names, "loss", "target")
        found[name] = found[name] or part.type
    return found


def _meant(which: str | int, names: Sequence[Name], where: str, what: str) -> Name:
    """Find the one of several that is chosen by its name or position.

    Raises
    ------
    ConfigurationError
        Names those there are.
    """
    return chosen(packed({name: name for name in names}), which, where, what)  # type: ignore[no-any-return]


def _encoded(name: Name, given: Several, losses: Mapping[Name, str | None]) -> Targets:
    """Encode a target; its errors name it."""
    values = joined({name: given.targets[name]}, {name: given.val_targets[name]} if given.val_targets else {})[name]
    try:
        found = encode(values, losses[name])
    except ConfigurationError as error:
        if name is None:
            raise
        msg = f"target {name!r}: {error}"
        raise ConfigurationError(msg) from None
    for array in given.inputs.values():
        if (of_image := of_pixels(found, array)) is not found:
            return of_image
    return found
