"""What the terms of an objective, and metrics, carry beside their own settings, and what they are called.

A loss, a regularization or a metric may say what it is computed on: one of several outputs, a layer's result, one of
several targets. A loss or a regularization may carry a weight as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import Field

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.frozen import Frozen
from dltrainer_jupyter.core.part import Part
from dltrainer_jupyter.core.validation import validate

if TYPE_CHECKING:
    from dltrainer_jupyter.core.spec import RunSpec


class Place(Frozen):
    """What a metric is computed on."""

    name: str | None = Field(default=None, min_length=1, max_length=60, description="Name of its series.")
    output: str | int | None = Field(default=None, description="Which of several outputs, by name or position.")
    target: str | int | None = Field(default=None, description="Which of several targets; that of the output's name.")
    on: str | None = Field(
        default=None, min_length=1, description="Layer whose result takes the outputs' place; a pattern such as conv*."
    )


class LossTerm(Place):
    """What a loss is computed on, and how much it counts."""

    weight: float | None = Field(default=None, ge=0, description="What its value is multiplied by.")


class RegularizationTerm(LossTerm):
    """What a regularization is computed on, how much it counts, and when it doesn't."""

    off_below: float | None = Field(default=None, description="Leave it out of steps whose loss is below this.")


class ForInput(Frozen):
    """What a preprocessing step is for."""

    input: str | int | None = Field(default=None, description="Which of several inputs, by name or position.")


def without_input(part: Part) -> tuple[Part, str | int | None]:
    """Take apart a preprocessing step's own settings and the one of several inputs that it is for, if it says so."""
    if "input" not in part.config:
        return part, None
    own = {name: value for name, value in part.config.items() if name != "input"}
    which = part.config["input"]
    if not isinstance(which, str | int) or isinstance(which, bool):
        msg = f"preprocessing.input: expected the name or position of an input, got {which!r}."
        raise ConfigurationError(msg)
    return part.model_copy(update={"config": own}), which


TERMS: dict[str, type[Place]] = {"loss": LossTerm, "regularization": RegularizationTerm, "metrics": Place}
"""What a part carries besides, by the key it stands under."""


def carries(part: Any, key: str = "loss") -> bool:
    """Say whether a part, as it was given, has settings of a term."""
    config = part.config if isinstance(part, Part) else part if isinstance(part, Mapping) else {}
    return not TERMS[key].model_fields.keys().isdisjoint(config)


def one_or_several(given: Any) -> Any:
    """Give a loss as one part, or a list as a tuple; a list of one that carries nothing is that one."""
    if isinstance(given, list | tuple):
        return given[0] if len(given) == 1 and not carries(given[0]) else tuple(given)
    return (given,) if carries(given) else given


def without_term(part: Part, key: str) -> tuple[Part, Any]:
    """Take apart a part's own settings and those of its term.

    Parameters
    ----------
    part : Part
        Of a loss, a regularization or a metric.
    key : {"loss", "regularization", "metrics"}
        Where it stands.

    Returns
    -------
    part : Part
        With its own settings.
    term : Place
        What it carries besides.

    Raises
    ------
    ConfigurationError
        If one of these is wrong.
    """
    schema = TERMS[key]
    carried = {name: value for name, value in part.config.items() if name in schema.model_fields}
    if not carried:
        return part, schema()
    own = {name: value for name, value in part.config.items() if name not in carried}
    return part.model_copy(update={"config": own}), validate(schema, carried, key)


@dataclass(frozen=True)
class NamedTerm:
    """A loss or a regularization among others."""

    key: str
    """``loss`` or ``regularization``."""
    part: Part | None
    """Without what it carries; None for the loss that the task chooses."""
    settings: LossTerm
    name: str
    """What its series is called, without ``train_`` or ``val_``."""

    @property
    def where(self) -> str:
        """Say where it stands, for messages."""
        return f"{self.key} '{self.name}'"

    @property
    def target(self) -> str | int | None:
        """Which of several targets it is computed on."""
        return self.settings.output if self.settings.target is None else self.settings.target

    @property
    def off_below(self) -> float | None:
        """The loss below which it doesn't count."""
        return self.settings.off_below if isinstance(self.settings, RegularizationTerm) else None


def is_composed(spec: RunSpec, targets: Sequence[str | int] = ()) -> bool:
    """Say whether there is more than one loss of outputs and targets, and metrics of these.

    Without a loss there is one for each of several targets.
    """
    if targets and spec.loss is None:
        return True
    layers = (part.config.get("on") for part in spec.metrics)
    return isinstance(spec.loss, tuple) or bool(spec.regularization) or any(isinstance(on, str) for on in layers)


def layers_asked_for(spec: RunSpec) -> list[str]:
    """Name the layers whose results terms and metrics are computed on, as they are asked for."""
    parts = (part for key in TERMS for part in spec.parts(key))
    return [on for part in parts if isinstance(on := part.config.get("on"), str)]


def terms_of(spec: RunSpec, targets: Sequence[str | int] = ()) -> list[NamedTerm]:
    """List the terms of what is minimised, losses first; of a plain loss that one.

    Parameters
    ----------
    spec : RunSpec
        Its ``loss`` and ``regularization``.
    targets : sequence of str or int, optional
        Names of several targets: without a loss each is compared with the output of its name.

    Raises
    ------
    ConfigurationError
        If two of them have one name, none weighs anything, or a setting is wrong.
    """
    listed: list[tuple[str, Part | None]] = [("loss", part) for part in spec.parts("loss") or (None,)]
    listed += [("regularization", part) for part in spec.regularization]
    found: list[NamedTerm] = []
    if targets and spec.loss is None:
        del listed[0]
        found = [NamedTerm("loss", None, LossTerm(output=it, target=it), _of_target(it)) for it in targets]
    for key, given in listed:
        if given is None:
            found.append(NamedTerm(key, None, LossTerm(), "task_loss"))
            continue
        part, settings = without_term(given, key)
        taken = {term.name for term in found}
        name = settings.name or _default_name(key, part, settings, taken)
        if name in taken or name == "loss":
            other = "the loss as a whole is" if name == "loss" else "another term is"
            msg = f"{key}: {other} called '{name}' already; give this one another name."
            raise ConfigurationError(msg)
        found.append(NamedTerm(key, part, settings, name))
    if all(term.settings.weight == 0 for term in found):
        msg = "loss: every term has weight 0, so nothing would be learnt; give one a weight above 0."
        raise ConfigurationError(msg)
    return found


def _of_target(name: str | int) -> str:
    """Name the loss of a target: after it, or its position."""
    return f"{_joined(name, Place())}_loss" if isinstance(name, str) else f"output_{name}_loss"


def shown_names(spec: RunSpec, targets: Sequence[str | int] = ()) -> list[str]:
    """Name the terms that have a series of their own: all, where there are several."""
    terms = terms_of(spec, targets)
    return [term.name for term in terms] if len(terms) > 1 else []


def metric_name(part: Part, own: str) -> str:
    """Name a metric that says what it is computed on: as it wants to be called, or after that."""
    _, place = without_term(part, "metrics")
    return place.name or _joined(own, place)


def _default_name(key: str, part: Part, settings: Place, taken: set[str]) -> str:
    name = _joined(str(part), settings)
    if key == "loss" and not name.lower().endswith("loss"):
        name += "_loss"
    if name == "loss":
        # What people call their own function, and what the sum of all is called.
        name = "own_loss"
    numbered, count = name, 1
    while numbered in taken:
        count += 1
        numbered = f"{name}_{count}"
    return numbered


def _joined(name: str, place: Place) -> str:
    words = [name, *(str(word) for word in (place.output, place.on) if word is not None)]
    plain = (re.sub(r"[^\w.-]+", "", word).strip("._") for word in words)
    return "_".join(word for word in plain if word) or "own"


def with_objects(parts: Sequence[Part], own: Sequence[Any]) -> Iterator[Any]:
    """Put the user's own objects, in their order, into the places where they are mentioned."""
    waiting = iter(own)
    for part in parts:
        if not part.is_user_object:
            yield part
            continue
        carried = {key: value for key, value in part.config.items() if key != "is"}
        thing = next(waiting)
        yield {"type": thing, **carried} if carried else thing
