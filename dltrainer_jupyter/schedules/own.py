"""A person's own schedule of the learning rate: a function, an object, or a factory that receives the optimizer."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from dltrainer_jupyter.core.errors import ConfigurationError, brief, did_you_mean
from dltrainer_jupyter.core.parameters import MODEL, call_by_name, parameters_of
from dltrainer_jupyter.core.protocols import Interval, Schedule, ScheduleRates

_COUNTS = ("step", "epoch")
_LENGTHS = ("epochs", "steps_per_epoch", "total_steps")
_OF_A_FUNCTION = (*_COUNTS, "learning_rate", *_LENGTHS)
_OF_A_FACTORY = ("optimizer", "model", "learning_rate", *_LENGTHS)


@dataclass(frozen=True)
class Around:
    """What a schedule is made for.

    Attributes
    ----------
    base : float
        The learning rate that factors are of.
    steps_per_epoch : int or None
        None where nobody knows.
    epochs : int
        That the run is planned for.
    interval : {"step", "epoch"} or None
        What a schedule of a framework counts, if somebody said.
    parts : callable
        Gives what a factory may ask for: the ``model``, and a stand-in for the ``optimizer``.
    rates : callable
        Gives the rates of a framework's own schedule; None for what is none.
    """

    base: float
    steps_per_epoch: int | None
    epochs: int
    interval: Interval | None
    parts: Callable[[], Mapping[str, Any]]
    rates: Callable[[Any, Interval | None], ScheduleRates | None]

    @property
    def lengths(self) -> dict[str, Any]:
        """What functions and factories may ask for besides."""
        known: dict[str, Any] = {"epochs": self.epochs, "learning_rate": self.base}
        if self.steps_per_epoch is not None:
            known |= {"steps_per_epoch": self.steps_per_epoch, "total_steps": self.steps_per_epoch * self.epochs}
        return known


def check(given: Any, carried: Mapping[str, Any], *, has_rate: bool) -> None:
    """Refuse what can be seen to be no schedule, before anything starts.

    Parameters
    ----------
    given : object
        As it was handed over.
    carried : mapping
        What stands beside it: ``interval``.
    has_rate : bool
        Whether a learning rate is asked for.

    Raises
    ------
    ConfigurationError
        Says what it may be.
    """
    for key, value in carried.items():
        if key == "interval" and value not in _COUNTS:
            msg = f"scheduler.interval: expected step or epoch, got {brief(value)}."
            raise ConfigurationError(msg)
        if key not in {"is", "interval"}:
            msg = f"scheduler.{key}: a scheduler of your own has one setting, interval (step or epoch); leave it out."
            raise ConfigurationError(msg)
    if inspect.isclass(given) and not _is_function(given):
        msg = f"scheduler: expected an object, got the class {given.__name__}; pass what it makes: {given.__name__}(…)."
        raise ConfigurationError(msg)
    is_optaxs = str(getattr(given, "__module__", "")).startswith("optax")
    if _is_schedule(given) or not _is_function(given) or is_optaxs:
        return
    names = _names(given)
    if not names & {*_COUNTS}:
        _refuse_unknown(given, _OF_A_FACTORY, "a factory takes")
        return
    _refuse_unknown(given, _OF_A_FUNCTION, "a function of step or epoch takes")
    if has_rate and "learning_rate" not in names:
        msg = (
            "learning_rate: the function given as scheduler returns the rate itself; leave learning_rate out, or let "
            "the function take it: def rate(step, learning_rate)."
        )
        raise ConfigurationError(msg)


def own_schedule(given: Any, around: Around) -> Schedule:
    """Make a schedule of what somebody handed over.

    Parameters
    ----------
    given : object
        One of: an object with ``factor(step)``, as our own schedules have it; a function of ``step`` or ``epoch``, both
        counted from 0, that returns the learning rate, and may ask for ``learning_rate`` (the base rate), ``epochs``,
        ``steps_per_epoch`` and ``total_steps``; a schedule of the framework; a factory of ``optimizer`` or ``model``
        that makes one of these.
    around : Around
        What it is made for.

    Raises
    ------
    ConfigurationError
        If it is none of these.

    Examples
    --------
    >>> around = Around(0.1, 10, 2, None, dict, lambda given, interval: None)
    >>> schedule = own_schedule(lambda epoch, learning_rate: learning_rate * 0.5**epoch, around)
    >>> [schedule.factor(step) for step in (0, 9, 10)]
    [1.0, 1.0, 0.5]
    """
    found = _found(given, around)
    if found is None and _is_function(given) and not _names(given) & {*_COUNTS}:
        _refuse_unknown(given, _OF_A_FACTORY, "a factory takes")
        values = dict(around.parts()) | around.lengths
        values |= {name: values["model"] for name in MODEL if "model" in values}
        _refuse_missing(given, values)
        found = _found(call_by_name(given, values), around)
    if found is None:
        msg = (
            f"scheduler: expected a name, a function of step or epoch, a schedule of the framework's, or a function of "
            f"the optimizer that makes one, got {brief(given)}."
        )
        raise ConfigurationError(msg)
    return found


def _found(given: Any, around: Around) -> Schedule | None:
    if not inspect.isclass(given) and _is_schedule(given):
        return _OfObject(given)
    if (rates := around.rates(given, around.interval)) is not None:
        return _OfRates(rates, around)
    if not _is_function(given) or not _names(given) & {*_COUNTS}:
        return None
    if around.interval is not None:
        msg = "scheduler.interval: a function of step or epoch tells by itself what it counts; leave interval out."
        raise ConfigurationError(msg)
    return _OfFunction(given, around)


class _OfObject:
    """An object of the user's own with ``factor``, and whatever else of a schedule it has."""

    def __init__(self, given: Any) -> None:
        self._given = given
        self.needs_metric = bool(getattr(given, "needs_metric", False))

    def factor(self, step: int) -> float:
        return _checked(self._given.factor(step), "factor(step)")

    def observe(self, value: float) -> None:
        if callable(observe := getattr(self._given, "observe", None)):
            observe(value)

    def state(self) -> dict[str, Any]:
        return dict(self._given.state()) if callable(getattr(self._given, "state", None)) else {}

    def load_state(self, state: Mapping[str, Any]) -> None:
        if callable(load := getattr(self._given, "load_state", None)):
            load(state)


class _OfFunction:
    """A function of step or epoch, which gives the learning rate."""

    needs_metric = False

    def __init__(self, function: Callable[..., Any], around: Around) -> None:
        _refuse_unknown(function, _OF_A_FUNCTION, "a function of step or epoch takes")
        names = _names(function)
        _refuse_missing(function, around.lengths | dict.fromkeys(_COUNTS, 0))
        self._function = function
        self._around = around
        self._takes_step = "step" in names
        self._lengths = around.lengths
        if "epoch" in names:
            _length_of_epoch(around)
        self._last: tuple[Any, float] = None, 0.0

    def factor(self, step: int) -> float:
        epoch = step // (self._around.steps_per_epoch or 1)
        count = step if self._takes_step else epoch
        if self._last[0] != count:
            rate = call_by_name(self._function, {**self._lengths, "step": step, "epoch": epoch})
            self._last = count, _checked(rate, "it") / self._around.base
        return self._last[1]

    def observe(self, value: float) -> None:
        """Take nothing in."""

    def state(self) -> dict[str, Any]:
        return {}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Need nothing."""


class _OfRates:
    """A schedule of the framework's own; what it observed is kept, and told it again where a run goes on."""

    def __init__(self, rates: ScheduleRates, around: Around) -> None:
        self._rates = rates
        self._base = around.base if rates.absolute else 1.0
        self._per = _length_of_epoch(around) if rates.interval == "epoch" else 1
        self.needs_metric = rates.needs_metric
        self._observed: list[float] = []

    def factor(self, step: int) -> float:
        return _checked(self._rates.rate(step // self._per), "it") / self._base

    def observe(self, value: float) -> None:
        self._observed.append(value)
        self._rates.observe(value)

    def state(self) -> dict[str, Any]:
        return {"observed": list(self._observed)} if self.needs_metric else {}

    def load_state(self, state: Mapping[str, Any]) -> None:
        for value in state.get("observed", ()):
            self.observe(value)


def _is_schedule(given: Any) -> bool:
    return callable(getattr(given, "factor", None))


def _is_function(given: Any) -> bool:
    return callable(given) and bool(parameters_of(given))


def _names(given: Any) -> set[str]:
    return {it.name for it in parameters_of(given) or ()}


def _refuse_unknown(given: Any, known: tuple[str, ...], who: str) -> None:
    """Raise if a function needs what nobody can give it."""
    for it in parameters_of(given) or ():
        named = it.name in known or ("model" in known and it.name in MODEL)
        if not named and it.default is it.empty and inspect.isclass(given):
            made = f"lambda optimizer: {given.__name__}(optimizer, …)"
            msg = f"scheduler: expected one, or a function that makes one, got the class {given.__name__}; give {made}."
            raise ConfigurationError(msg)
        if not named and it.default is it.empty:
            hint = did_you_mean(it.name, known)
            msg = f"scheduler: there is nothing called '{it.name}'; {who} {', '.join(known)}.{hint}"
            raise ConfigurationError(msg)


def _refuse_missing(given: Any, known: Mapping[str, Any]) -> None:
    """Raise if a function needs what isn't known here."""
    missing = [it.name for it in parameters_of(given) or () if it.default is it.empty and it.name not in known]
    if any(name in _LENGTHS for name in missing):
        _refuse_length()
    if missing:
        msg = f"scheduler: there is no {missing[0]} to give to a factory on this framework; take learning_rate."
        raise ConfigurationError(msg)


def _length_of_epoch(around: Around) -> int:
    if around.steps_per_epoch is None:
        _refuse_length()
    return around.steps_per_epoch


def _refuse_length() -> NoReturn:
    msg = (
        "scheduler: it has to know how many batches an epoch has, and this data doesn't tell; set steps_per_epoch, or "
        "count steps."
    )
    raise ConfigurationError(msg)


def _checked(given: Any, what: str) -> float:
    try:
        rate = float(given)
    except (TypeError, ValueError):
        rate = math.nan
    if not (math.isfinite(rate) and rate >= 0):
        msg = f"scheduler: expected {what} to give a finite number that isn't negative, got {brief(given)}."
        raise ConfigurationError(msg)
    return rate
