"""A chain of postprocessing: made of a specification, checked against what the model gives, and applied."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from dltrainer_jupyter.core import registry
from dltrainer_jupyter.core.choosing import is_several
from dltrainer_jupyter.core.errors import ConfigurationError, DLTrainerError, first_line
from dltrainer_jupyter.core.schema import part_settings
from dltrainer_jupyter.core.spec import Part
from dltrainer_jupyter.postprocessing.own import OwnStep
from dltrainer_jupyter.postprocessing.predicted import Form, Predicted, Step

if TYPE_CHECKING:
    from dltrainer_jupyter.core.protocols import Signature

_BEGINS: dict[str, Form] = {
    "classification": "probabilities",
    "segmentation": "probabilities",
    "regression": "values",
    "detection": "boxes",
}
"""What predictions are before the first step, by task."""


def chain_of(parts: Sequence[Part], own: Callable[[int], Any]) -> tuple[Step, ...]:
    """Make the steps that a specification asks for.

    Parameters
    ----------
    parts : sequence of Part
        ``RunSpec.postprocessing``.
    own : callable
        Gives the user's own objects among them by their number.

    Raises
    ------
    ConfigurationError
        If a name isn't known, settings are wrong, or an object of the user's can't be a step.
    """
    made: list[Step] = []
    for part in parts:
        if part.is_user_object:
            settings = {key: value for key, value in part.config.items() if key != "is"}
            made.append(OwnStep(own(sum(isinstance(step, OwnStep) for step in made)), str(part), settings))
            continue
        found = registry.find("postprocessing", part.type)
        made.append(found(part_settings(found.Config, part.config, "postprocessing")))
    return tuple(made)


def check(parts: Sequence[Part], chain: Sequence[Step], signature: Signature) -> None:
    """See that each step can be called with what the one before it gives.

    Parameters
    ----------
    parts : sequence of Part
        What the steps are called.
    chain : sequence of Step
        Made of them.
    signature : Signature
        Of the model.

    Raises
    ------
    ConfigurationError
        If one can't; says what it takes and what there is.
    """
    check_forms(parts, chain, None if signature.targets else signature.task)
    for step in chain if not signature.targets else ():
        if callable(looks := getattr(step, "check", None)):
            looks(signature)


def check_forms(parts: Sequence[Part], chain: Sequence[Step], task: str | None) -> None:
    """See that each step takes the form of what the one before it gives.

    Parameters
    ----------
    parts : sequence of Part
        What the steps are called.
    chain : sequence of Step
        Made of them.
    task : str or None
        Of the model; None where there are several targets, so that predictions may be anything.

    Raises
    ------
    ConfigurationError
        If one doesn't; says what it takes and what there is.
    """
    form: Form = "anything" if task is None else _BEGINS[task]
    before = f"the model, which does {task},"
    for part, step in zip(parts, chain, strict=True):
        _refuse_other(step, part, form, before)
        form, before = step.gives or form, f"'{part}'"


def _refuse_other(step: Step, part: Part, form: Form, before: str) -> None:
    if step.takes and form != "anything" and form not in step.takes:
        msg = (
            f"postprocessing: '{part}' takes {' or '.join(step.takes)}, but {before} gives {form}; put it elsewhere, "
            "or leave it out."
        )
        raise ConfigurationError(msg)


def apply(parts: Sequence[Part], chain: Sequence[Step], begun: Predicted, signature: Signature) -> Predicted:
    """Apply steps one after another.

    Parameters
    ----------
    parts : sequence of Part
        What the steps are called.
    chain : sequence of Step
        Made of them.
    begun : Predicted
        What the model predicts.
    signature : Signature
        Of the model.

    Raises
    ------
    ConfigurationError
        If a step can't be called with what there is, or gives another number of predictions.
    """
    now, before = begun, "the model"
    for part, step in zip(parts, chain, strict=True):
        if step.takes and now.form == "anything" and is_several(now.values) and not isinstance(now.values, list):
            msg = (
                f"postprocessing: '{part}' takes {' or '.join(step.takes)}, but {before} gives several outputs; write "
                "a function of your own for them."
            )
            raise ConfigurationError(msg)
        _refuse_other(step, part, now.form, before)
        values = _applied(step, part, now, before, signature)
        form = _form(step, now, values)
        _check_count(part, now.values, values)
        now = Predicted(values, form, values if form == "probabilities" else now.probabilities)
        before = f"'{part}'"
    return now


def _applied(step: Step, part: Part, now: Predicted, before: str, signature: Signature) -> Any:
    try:
        return step.apply(now.values, signature)
    except (TypeError, ValueError, IndexError, AttributeError) as error:
        if isinstance(error, DLTrainerError):
            raise
        msg = f"postprocessing: '{part}' can't be applied to what {before} gives: {first_line(error)}."
        raise ConfigurationError(msg) from error


def _form(step: Step, before: Predicted, values: Any) -> Form:
    """Say what came out; what has the shape and type of probabilities, or of values, still is that."""
    if step.gives != "anything" or before.form not in ("probabilities", "values"):
        return step.gives or before.form
    shape = getattr(values, "shape", None)
    is_number = getattr(getattr(values, "dtype", None), "kind", "") == "f"
    return before.form if is_number and shape == np.shape(before.values) else "anything"


def _check_count(part: Part, before: Any, after: Any) -> None:
    if is_several(before) and not isinstance(before, list):
        return
    try:
        count = len(after)
    except TypeError:
        count = -1
    if count != len(before):
        got = f"{count:,}" if count >= 0 else type(after).__name__
        msg = (
            f"postprocessing: '{part}' is called with all predictions and gives as many: expected {len(before):,}, got "
            f"{got}."
        )
        raise ConfigurationError(msg)
