"""Whether the parts that a specification names are there, their settings right, and whether they go together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from dltrainer_jupyter.adapters.own_loop import refusals as own_loop
from dltrainer_jupyter.core import registry
from dltrainer_jupyter.core.errors import ConfigurationError, MissingPackageError, Problem
from dltrainer_jupyter.core.protocols import Follower
from dltrainer_jupyter.core.schema import part_settings
from dltrainer_jupyter.core.spec import Part, RunSpec
from dltrainer_jupyter.core.terms import TERMS, metric_name, shown_names, without_input, without_term
from dltrainer_jupyter.loop.judge import choose_monitor
from dltrainer_jupyter.loop.stacks import layer_checks
from dltrainer_jupyter.loop.suiting import refuse_missing_framework, refuse_other_frameworks
from dltrainer_jupyter.loop.tasks import possible_tasks, refuse_other_metrics, refuse_other_steps
from dltrainer_jupyter.weights import reading as weight_files

_LOSSES = ("train_loss", "val_loss")
"""What is minimised, as it is monitored."""


def named_parts(settings: Mapping[str, Any]) -> Iterator[tuple[str, registry.Kind, Any, str | None]]:
    """Give what settings name parts by: key, kind, name or mapping, and the framework if only that one's will do.

    Parameters
    ----------
    settings : mapping
        Checked or not.
    """
    framework = settings.get("framework", RunSpec.model_fields["framework"].default)
    kinds = {key: kind for kind, key in registry.KEYS.items()}
    for key in filter(kinds.__contains__, RunSpec.model_fields):
        kind = kinds[key]
        if kind == "optimizers" and not registry.names(kind, str(framework)):
            continue  # a framework without optimizers, such as that of plug-ins which own their loop
        value = settings.get(key)
        for part in value if isinstance(value, list | tuple) else () if value is None else (value,):
            yield key, kind, part, str(framework) if kind in registry.OF_A_FRAMEWORK else None


def check_parts(spec: RunSpec) -> None:
    """Look up every name and check its settings; builds nothing and imports no framework.

    Raises
    ------
    ConfigurationError
        Names the first key that is wrong; its ``problems`` are all of them.
    """
    refusals: list[ConfigurationError | MissingPackageError] = []
    for key, check in _checks(spec):
        try:
            check()
        except (ConfigurationError, MissingPackageError) as error:
            error.problems = error.problems or (Problem((key,), str(error)),)
            refusals.append(error)
            if key == "framework":
                break  # without it nobody knows which optimizers and losses there are
    if refusals:
        refusals[0].problems = tuple(problem for refusal in refusals for problem in refusal.problems)
        raise refusals[0]
    _check_monitor(spec)


def _checks(spec: RunSpec) -> Iterator[tuple[str, Callable[[], None]]]:
    """Give what has to hold for each key."""
    yield "framework", partial(refuse_missing_framework, spec)
    yield "executor", partial(registry.check, "executors", spec.executor)
    refused = own_loop.refusals(spec) if spec.framework == own_loop.FRAMEWORK else {}
    for key, msg in refused.items():
        yield key, partial(_refuse, msg)
    # Of what can't be had at all, nobody needs to hear whether its settings are right.
    yield from ((key, check) for key, check in _part_checks(spec) if key not in refused)


def _refuse(msg: str) -> None:
    raise ConfigurationError(msg)


def _part_checks(spec: RunSpec) -> Iterator[tuple[str, Callable[[], None]]]:
    for key, kind, part, framework in named_parts(dict(spec)):
        if key not in spec.user_objects or not part.is_user_object:
            yield key, partial(_check, kind, part, key, framework)
    for check in layer_checks(dict(spec)):
        yield "model", check
    yield "model", partial(refuse_other_frameworks, spec)
    if not spec.data.is_user_object:
        yield "data", partial(_look, spec)
    if spec.weights is not None and spec.weights.of_run is None:
        yield "weights", partial(weight_files.look, spec.weights.path, spec.framework)
    yield "regularization", partial(_refuse_unused, spec)
    yield "class_weights", partial(_refuse_unweighed, spec)
    yield "metrics", partial(_check_names, spec)
    yield "metrics", partial(refuse_other_metrics, spec, possible_tasks(spec))
    yield "postprocessing", partial(refuse_other_steps, spec, possible_tasks(spec))


def _check_monitor(spec: RunSpec) -> None:
    """See that what is monitored will be measured."""
    if any(part.is_user_object for part in spec.metrics):
        return  # what the user's own metrics are called is known when they are made; the trainer checks that
    if spec.loss is None and spec.monitor not in _LOSSES and str(spec.monitor).endswith("_loss"):
        return  # several targets have a loss each, and only the data tells their names
    named = [_Named(metric_name(part, part.type)) for part in spec.metrics]
    try:
        choose_monitor(spec, named, validates=spec.validation is not False, measures_itself=_measures_itself(spec))
    except ConfigurationError as error:
        error.problems = (Problem(("monitor",), str(error)),)
        raise


def _check_names(spec: RunSpec) -> None:
    """Raise if two series of the history would have one name."""
    own = [metric_name(part, part.type) for part in spec.metrics if not part.is_user_object]
    refuse_namesakes([*own, *shown_names(spec)])


def _refuse_unused(spec: RunSpec) -> None:
    """Raise if a recipe has a loss of its own, so that nobody would ask for what is to be added to one.

    Raises
    ------
    ConfigurationError
        Names the key.
    """
    on_layers = [part for part in spec.metrics if "on" in part.config]
    if spec.recipe.is_user_object or not (spec.regularization or on_layers):
        return
    if not getattr(registry.find("recipes", spec.recipe.type), "composes", False):
        key, what = ("regularization", "regularization") if spec.regularization else ("metrics", "metrics on layers")
        msg = f"{key}: the recipe '{spec.recipe}' computes its loss by itself and takes no {what}; leave it out."
        raise ConfigurationError(msg)


def _refuse_unweighed(spec: RunSpec) -> None:
    """Raise if nobody would take the weights of classes.

    Raises
    ------
    ConfigurationError
        Says who computes the loss.
    """
    if spec.class_weights is None:
        return
    whose = None
    if any(part.is_user_object for part in spec.parts("loss")):
        whose = "your own loss"
    elif spec.recipe.is_user_object or not getattr(registry.find("recipes", spec.recipe.type), "composes", False):
        whose = f"the recipe '{spec.recipe}', which computes its loss by itself,"
    if whose is not None:
        msg = f"class_weights: {whose} doesn't take them; weigh classes there, or take a loss by name."
        raise ConfigurationError(msg)


def _measures_itself(spec: RunSpec) -> bool:
    return not spec.recipe.is_user_object and issubclass(registry.find("recipes", spec.recipe.type), Follower)


@dataclass
class _Named:
    name: str
    higher_is_better: bool = True


def _check(kind: registry.Kind, part: Part, key: str, framework: str | None) -> None:
    registry.check(kind, part.type, framework)
    found = registry.find(kind, part.type, framework)
    if key in TERMS:
        part, _ = without_term(part, key)
    elif key == "preprocessing":
        part, _ = without_input(part)
    part_settings(found.Config, part.config, key, outer=RunSpec)


def _look(spec: RunSpec) -> None:
    """Let a data source look at the beginning of its files, before anything starts."""
    try:
        found = registry.find("data", spec.data.type)
        settings = part_settings(found.Config, spec.data.config, "data")
    except (ConfigurationError, MissingPackageError):
        return  # said already
    if callable(getattr(found, "look", None)):
        found(settings).look(spec)


def refuse_namesakes(names: list[str]) -> None:
    """Raise if two metrics, or terms of the loss, share a name: the history has one column a name."""
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        msg = f"metrics: two of them are called '{twice[0]}'; give one another name, or leave it out."
        raise ConfigurationError(msg)
