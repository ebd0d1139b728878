"""Chains of steps between what a person has and what a model takes: fitted in training, applied to every prediction.

A chain travels in ``Signature.preprocessing`` as plain dictionaries, one a step, with its ``type`` and its fitted
values; :func:`apply_chain` needs nothing else. The first step of every chain is
:class:`~dltrainer_jupyter.data.steps.RawInput` (``{"type": "input", "shapes": [[64], [8, 8]], "dtype": "float32"}``),
which knows the shape and kind of a raw sample, so that what doesn't fit is refused with both shapes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dltrainer_jupyter.core import registry
from dltrainer_jupyter.core.schema import part_settings
from dltrainer_jupyter.core.spec import Part
from dltrainer_jupyter.data.host import to_host
from dltrainer_jupyter.data.steps import Columns, RawInput, Reshape, Step
from dltrainer_jupyter.data.steps.tokens import Tokens

if TYPE_CHECKING:
    from dltrainer_jupyter.core.protocols import Array

_NAMELESS: dict[str, type[Step]] = {step.type: step for step in (Columns, RawInput, Reshape, Tokens)}
"""Steps that sources put into chains, and nobody asks for by name."""


def named_steps(parts: Sequence[Part]) -> list[Step]:
    """Make the steps that a specification asks for, not yet fitted.

    Raises
    ------
    ConfigurationError
        If a name isn't known, or its settings are wrong.
    """
    found = [(registry.find("preprocessing", part.type), part) for part in parts]
    return [step.from_config(part_settings(step.Config, part.config, "preprocessing")) for step, part in found]


def fit_chain(steps: Sequence[Step], inputs: Array) -> tuple[tuple[Step, ...], Array]:
    """Fit steps one after another to the training inputs.

    Parameters
    ----------
    steps : sequence of Step
        In order; each sees what the ones before it gave.
    inputs : numpy.ndarray, shape (n, ...)
        Raw training inputs.

    Returns
    -------
    (tuple of Step, numpy.ndarray)
        The fitted steps, and the training inputs after all of them.
    """
    fitted: list[Step] = []
    for step in steps:
        fitted.append(step.fit(inputs))
        inputs = fitted[-1].apply(inputs)
    return tuple(fitted), inputs


def load_chain(preprocessing: Sequence[Mapping[str, Any]]) -> tuple[Step, ...]:
    """Make the steps of ``Signature.preprocessing`` again.

    Raises
    ------
    UnknownNameError
        If a step's type isn't known to this version.
    """
    return tuple(_kind(values["type"]).from_dict(values) for values in preprocessing)


def _kind(name: str) -> type[Step]:
    found: type[Step] = _NAMELESS.get(name) or registry.find("preprocessing", name)
    return found


def apply_chain(preprocessing: Sequence[Mapping[str, Any]], raw: Any) -> Array:
    """Turn raw inputs into what the model takes, exactly as in training.

    Parameters
    ----------
    preprocessing : sequence of mapping
        ``Signature.preprocessing``.
    raw : array-like, shape (n, *sample) or (*sample,)
        NumPy array, tensor, data frame or lists; a single sample gets a leading axis.

    Returns
    -------
    numpy.ndarray, shape (n, *Signature.input_shape)
        float32, or int64 for inputs of whole numbers.

    Raises
    ------
    ConfigurationError
        If the shape doesn't fit (the message holds both), or values are no finite numbers.

    Examples
    --------
    >>> chain = [RawInput(((2,),), "float32").to_dict(), {"type": "scale", "divisor": 2.0}]
    >>> apply_chain(chain, [[2, 4]])
    array([[1., 2.]], dtype=float32)
    """
    chain = load_chain(preprocessing)
    first = chain[0] if chain else None
    # Rows that hold text are taken as they come.
    inputs = first.take(raw) if isinstance(first, Columns) else to_host(raw, "inputs")
    for step in chain:
        inputs = step.apply(inputs)
    return inputs


def describe_chain(preprocessing: Sequence[Mapping[str, Any]]) -> list[str]:
    """Describe each step of ``Signature.preprocessing`` in one line."""
    return [step.describe() for step in load_chain(preprocessing)]
