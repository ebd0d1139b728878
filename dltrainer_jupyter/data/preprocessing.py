"""Chains of steps between what a person has and what a model takes: fitted in training, applied to every prediction.

A chain travels in ``Signature.preprocessing`` as plain dictionaries, one a step, with its ``type`` and its fitted
values; :func:`apply_chain` needs nothing else. The first step of every chain is
:class:`~dltrainer_jupyter.data.steps.RawInput` (``{"type": "input", "shapes": [[64], [8, 8]], "dtype": "float32"}``),
which knows the shape and kind of a raw sample, so that what doesn't fit is refused with both shapes. The user's own
steps are mentioned there; the run keeps them (:func:`~dltrainer_jupyter.data.steps.own.own_steps` says where).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from dltrainer_jupyter.core import registry
from dltrainer_jupyter.core.choosing import joined
from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.schema import part_settings
from dltrainer_jupyter.core.spec import Part
from dltrainer_jupyter.core.structures import samples_in
from dltrainer_jupyter.core.terms import without_input
from dltrainer_jupyter.data.host import to_host
from dltrainer_jupyter.data.steps import Columns, RawInput, Reshape, Step
from dltrainer_jupyter.data.steps.keeping import current
from dltrainer_jupyter.data.steps.own import OwnStep
from dltrainer_jupyter.data.steps.pieces import Pieces, Splitter, answers, merged, repeated
from dltrainer_jupyter.data.steps.tokens import Tokens

if TYPE_CHECKING:
    from dltrainer_jupyter.core.protocols import Array

NAMELESS: dict[str, type[Step]] = {step.type: step for step in (Columns, OwnStep, RawInput, Reshape, Tokens)}
"""Steps that sources put into chains, and nobody asks for by name."""


def named_steps(parts: Sequence[Part]) -> list[Step]:
    """Make the steps that a specification asks for, not yet fitted; the user's own of what :func:`own_steps` says.

    Raises
    ------
    ConfigurationError
        If a name isn't known, its settings are wrong, one of several inputs is chosen where there is one, or an object
        of the user's can't be a step.
    """
    made: list[Step] = []
    for part in parts:
        if (which := without_input(part)[1]) is not None:
            msg = f"preprocessing: there is one input, so none can be chosen by '{which}'; leave input out."
            raise ConfigurationError(msg)
        if part.is_user_object:
            made.append(_own_step(part))
            continue
        kind = registry.find("preprocessing", part.type)
        made.append(kind.from_config(part_settings(kind.Config, part.config, "preprocessing")))
    return made


def _own_step(part: Part) -> OwnStep:
    own = current()
    if own is None:
        msg = f"preprocessing: '{part}' is an object of the user's own, which has to be handed over from Python."
        raise ConfigurationError(msg)
    return OwnStep.of(part, own)


@dataclass(frozen=True)
class Prepared:
    """Inputs as the model takes them."""

    inputs: Any
    """Shape (n, ...), or several such; more than there were samples where a step made several of one."""
    pieces: tuple[Pieces, ...] = ()
    """How many there are of each, for every step that made several of one."""

    def __len__(self) -> int:
        """Count the samples that there were."""
        return len(self.pieces[0].counts) if self.pieces else samples_in(self.inputs)

    def repeated(self, values: Array) -> Array:
        """Give each piece the value of its sample, such as its target."""
        return repeated(values, self.pieces)

    def merged(self, outputs: Any) -> Any:
        """Put outputs for pieces together to those for samples, as their steps say."""
        return merged(outputs, self.pieces)

    @classmethod
    def joined(cls, parts: Sequence[Prepared]) -> Prepared:
        """Give the samples of several parts, of one chain, one after another."""
        if len(parts) == 1:
            return parts[0]
        pieces = (
            Pieces(np.concatenate([one.counts for one in same]), same[0].merge)
            for same in zip(*(part.pieces for part in parts), strict=True)
        )
        return cls(joined([part.inputs for part in parts], np.concatenate), tuple(pieces))

    def answers(self) -> list[int]:
        """Say how many predictions there are of each sample: one, but where pieces aren't put together."""
        return answers(len(self), self.pieces)

    def then(self, step: Step) -> Prepared:
        """Apply a fitted step."""
        if not isinstance(step, Splitter) or not step.yields:
            return replace(self, inputs=step.apply(self.inputs))
        inputs, counts = step.split(self.inputs)
        return Prepared(inputs, (*self.pieces, Pieces(counts, step.merge)))


def fit_chain(steps: Sequence[Step], inputs: Array) -> tuple[tuple[Step, ...], Array]:
    """Fit steps to the training inputs as :func:`fit_steps`, where each sample has to stay one.

    Parameters
    ----------
    steps : sequence of Step
        In order; each sees what the ones before it gave.
    inputs : numpy.ndarray, shape (n, ...)
        Raw training inputs.

    Raises
    ------
    ConfigurationError
        If a step makes several samples of one.
    """
    refuse_pieces(steps, "one of several inputs, or samples that are read one by one, stay as many as they are")
    fitted, prepared = fit_steps(steps, inputs)
    return fitted, prepared.inputs


def called(step: Step) -> str:
    """Name a step in a message."""
    return step.name if isinstance(step, OwnStep) else step.type


def refuse_pieces(steps: Sequence[Step], why: str) -> None:
    """Raise if a step makes several samples of one.

    Parameters
    ----------
    steps : sequence of Step
        Fitted or not.
    why : str
        Why it can't be done, and what mends it, in half a sentence.
    """
    for step in steps:
        if isinstance(step, Splitter) and step.yields:
            msg = f"preprocessing: '{called(step)}' makes several samples of one; {why}."
            raise ConfigurationError(msg)


def fit_steps(steps: Sequence[Step], inputs: Array) -> tuple[tuple[Step, ...], Prepared]:
    """Fit steps one after another to the training inputs, or take those that a resumed training was fitted with.

    Parameters
    ----------
    steps : sequence of Step
        In order; each sees what the ones before it gave.
    inputs : numpy.ndarray, shape (n, ...)
        Raw training inputs.

    Returns
    -------
    (tuple of Step, Prepared)
        The fitted steps, and the training inputs after all of them.
    """
    trained = trained_steps(steps)
    fitted: list[Step] = []
    prepared = Prepared(inputs)
    for at, step in enumerate(steps):
        ready = trained[at] if trained else step.fit(prepared.inputs)
        prepared = prepared.then(ready)
        fitted.append(ready.noted(prepared.inputs) if isinstance(ready, OwnStep) else ready)
    return tuple(fitted), prepared


def trained_steps(steps: Sequence[Step]) -> tuple[Step, ...]:
    """Give the steps as they were fitted before, if a training goes on; sources may have noted others before them."""
    own = current()
    trained = () if own is None else own.trained
    chain = load_chain(trained[len(trained) - len(steps) :])
    return chain if [step.type for step in chain] == [step.type for step in steps] else ()


def apply_steps(chain: Sequence[Step], inputs: Array) -> Prepared:
    """Apply fitted steps one after another."""
    prepared = Prepared(inputs)
    for step in chain:
        prepared = prepared.then(step)
    return prepared


def load_chain(preprocessing: Sequence[Mapping[str, Any]]) -> tuple[Step, ...]:
    """Make the steps of ``Signature.preprocessing`` again.

    Raises
    ------
    UnknownNameError
        If a step's type isn't known to this version.
    """
    return tuple(_kind(values["type"]).from_dict(values) for values in preprocessing)


def _kind(name: str) -> type[Step]:
    found: type[Step] = NAMELESS.get(name) or registry.find("preprocessing", name)
    return found


def prepare(chain: Sequence[Step], raw: Any) -> Prepared:
    """Turn raw inputs into what the model takes, and keep how many pieces each was made into.

    Parameters
    ----------
    chain : sequence of Step
        As :func:`load_chain` gives it.
    raw : array-like, shape (n, *sample) or (*sample,)
        NumPy array, tensor, data frame or lists; a single sample gets a leading axis.

    Returns
    -------
    Prepared

    Raises
    ------
    ConfigurationError
        If the shape doesn't fit (the message holds both), or values are no finite numbers.
    """
    first = chain[0] if chain else None
    # Rows that hold text are taken as they come.
    return apply_steps(chain, first.take(raw) if isinstance(first, Columns) else to_host(raw, "inputs"))


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
        float32, or int64 for inputs of whole numbers; more than n where a step makes several of one.

    Raises
    ------
    ConfigurationError
        If the shape doesn't fit (the message holds both), values are no finite numbers, or a step is the user's own
        and nobody said whose run's.

    Examples
    --------
    >>> chain = [RawInput(((2,),), "float32").to_dict(), {"type": "scale", "divisor": 2.0}]
    >>> apply_chain(chain, [[2, 4]])
    array([[1., 2.]], dtype=float32)
    """
    inputs: Array = prepare(load_chain(preprocessing), raw).inputs
    return inputs


def describe_chain(preprocessing: Sequence[Mapping[str, Any]]) -> list[str]:
    """Describe each step of ``Signature.preprocessing`` in one line."""
    return [step.describe() for step in load_chain(preprocessing)]


def learnt(step: Step, fitted: Step) -> bool:
    """Say whether a step learns something of the inputs that it is fitted to."""
    return fitted.learns if isinstance(fitted, OwnStep) else step.to_dict() != fitted.to_dict()
