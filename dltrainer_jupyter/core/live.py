"""Settings that a live run can change: declared where a setting is described, and known everywhere by that.

A field of the specification is declared by :class:`Live` in its annotation. What people write, what they are told is
wrong with it, the help texts, the OpenAPI document and the form of the front end all come from :func:`declared`.
"""

from __future__ import annotations

import functools
import numbers
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, get_args

from pydantic import BaseModel

from dltrainer_jupyter.core.errors import ConfigurationError, IllegalControlError, brief, nearest
from dltrainer_jupyter.core.validation import meant, validate

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

Model = TypeVar("Model", bound=BaseModel)

_MISSPELT = 0.85
"""Likeness from which on a key is taken for a misspelt one; those of one group are somewhat alike."""


@dataclass(frozen=True)
class Live:
    """Declares, in a field's annotation, that a live run can change it."""

    to_none: bool = False
    """Whether it can be taken away as well, where the field may be left empty."""


@dataclass(frozen=True)
class Setting:
    """A setting that a live run can change."""

    key: str
    """With dots: ``checkpoint.keep``."""
    field: FieldInfo
    to_none: bool

    @property
    def whole(self) -> bool:
        """Whether it takes whole numbers only."""
        return int in {self.field.annotation, *get_args(self.field.annotation)}


class Change(NamedTuple):
    """Settings that were changed in the course of a run."""

    step: int
    """The step after which they take effect; where it ends an epoch, once that is closed."""
    values: Mapping[str, Any]
    """By key with dots."""


@functools.cache
def declared(schema: type[BaseModel]) -> Mapping[str, Setting]:
    """Give the settings that are declared live, by key.

    Examples
    --------
    >>> from dltrainer_jupyter.core.spec import RunSpec
    >>> ", ".join(declared(RunSpec))
    'epochs, learning_rate, validation.interval, early_stopping.patience, checkpoint.every_seconds, \
checkpoint.every_epochs, checkpoint.keep'
    """
    return {setting.key: setting for setting in _declared(schema, "")}


def _declared(schema: type[BaseModel], prefix: str) -> Iterator[Setting]:
    for name, field in schema.model_fields.items():
        for mark in field.metadata:
            if isinstance(mark, Live):
                yield Setting(prefix + name, field, mark.to_none)
        for group in (field.annotation, *get_args(field.annotation)):
            if isinstance(group, type) and issubclass(group, BaseModel):
                yield from _declared(group, f"{prefix}{name}.")


def present(spec: BaseModel) -> dict[str, Any]:
    """Give the values of the settings that a run with this specification can change.

    What belongs to a part that is switched off, such as the patience of early stopping, isn't among them.
    """
    return {key: _value(spec, key) for key in declared(type(spec)) if _owner(spec, key) is not None}


def changed(spec: Model, values: Mapping[str, Any]) -> Model:
    """Give a specification with other values, which have been checked.

    Parameters
    ----------
    spec : pydantic.BaseModel
        As it is.
    values : mapping
        By key with dots, as :func:`check` gives them.
    """
    for key, value in values.items():
        group, _, name = key.rpartition(".")
        update = {group: getattr(spec, group).model_copy(update={name: value})} if group else {name: value}
        spec = spec.model_copy(update=update)
    return spec


def check(spec: BaseModel, values: Mapping[str, Any]) -> dict[str, Any]:
    """Check what somebody wants to change.

    Parameters
    ----------
    spec : pydantic.BaseModel
        The specification in force.
    values : mapping
        Settings by key, with dots or nested.

    Returns
    -------
    dict
        By key with dots, in JSON types.

    Raises
    ------
    ConfigurationError
        If a setting isn't known, can't be changed, or not to this value.
    IllegalControlError
        If it belongs to a part that this run has switched off.
    """
    known = declared(type(spec))
    wanted = dict(_flat(values, "", known))
    if not wanted:
        msg = f"Expected settings to change, such as learning_rate=1e-4; got nothing. {_can_be_changed(known)}"
        raise ConfigurationError(msg)
    for key in wanted:
        if key not in known:
            raise ConfigurationError(_not_live(type(spec), key, known))
        group, _, _ = key.rpartition(".")
        if _owner(spec, key) is None:
            what = group.replace("_", " ")
            msg = f"Can't set {key}: this run has no {what}. Clone it with {group} to switch that on."
            raise IllegalControlError(msg)
    checked = validate(type(spec), _nested(spec.model_dump(mode="json"), wanted))
    given = {key: _value(checked, key) for key in wanted}
    for key, value in given.items():
        if value is None and not known[key].to_none:
            msg = f"{key}: expected a number, got nothing."
            raise ConfigurationError(msg)
    return given


def check_epochs(epochs: int, present: int) -> None:
    """Raise if a run shall end before the epoch it is in.

    Raises
    ------
    IllegalControlError
        Says in which it is.
    """
    if epochs < present:
        msg = f"Can't set epochs to {epochs}: the run is in epoch {present} already. Give it at least as many."
        raise IllegalControlError(msg)


def timeline(changes: Iterable[Change]) -> list[Change]:
    """Put changes into the order in which they take effect.

    Parameters
    ----------
    changes : iterable of Change
        In the order in which they were asked for. A run that went on from an older checkpoint may have been asked for
        something at an earlier step than before; that stands, and takes the place of what was asked for then.

    Examples
    --------
    >>> timeline([Change(5, {"epochs": 3}), Change(9, {"epochs": 4}), Change(7, {"epochs": 5})])
    [Change(step=5, values={'epochs': 3}), Change(step=7, values={'epochs': 5})]
    """
    ordered: list[Change] = []
    for change in changes:
        kept = [it if it.step < change.step else _without(it, change.values) for it in ordered]
        ordered = [it for it in kept if it.values] + [change]
    return sorted(ordered, key=lambda change: change.step)


def _without(change: Change, keys: Iterable[str]) -> Change:
    return Change(change.step, {key: value for key, value in change.values.items() if key not in keys})


def _flat(values: Mapping[str, Any], prefix: str, known: Mapping[str, Setting]) -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        key = f"{prefix}{name}"
        if isinstance(value, Mapping) and key not in known:
            yield from _flat(value, f"{key}.", known)
        else:
            yield key, _plain(value)


def _plain(value: Any) -> Any:
    """Give a number of whatever type as one of Python's own."""
    if isinstance(value, numbers.Integral) and not isinstance(value, bool):
        return int(value)
    if isinstance(value, numbers.Real) and not isinstance(value, bool):
        return float(value)
    return value


def _nested(settings: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    result = dict(settings)
    for key, value in values.items():
        group, _, name = key.rpartition(".")
        if group:
            result[group] = {**result[group], name: value}
        else:
            result[name] = value
    return result


def _owner(spec: BaseModel, key: str) -> BaseModel | None:
    """Give what holds a setting; None where it is switched off."""
    group = key.rpartition(".")[0]
    owner = getattr(spec, group) if group else spec
    return owner if isinstance(owner, BaseModel) else None


def _value(spec: BaseModel, key: str) -> Any:
    return getattr(_owner(spec, key), key.rpartition(".")[2])


def _not_live(schema: type[BaseModel], key: str, known: Mapping[str, Setting]) -> str:
    near = nearest(key, known, _MISSPELT)
    if near is None and key.partition(".")[0] in schema.model_fields:
        return f"{key} can't be changed in a live run; clone the run to train with another. {_can_be_changed(known)}"
    near = near or next((it for it in known if it.endswith(f".{key}")), None) or meant(schema, key)
    hint = f" Did you mean '{near}'?" if near in known else ""
    return f"Unknown setting {brief(key)}.{hint} {_can_be_changed(known)}"


def _can_be_changed(known: Mapping[str, Setting]) -> str:
    return f"A live run can change: {', '.join(known)}."
