"""From the names in a specification to the parts the loop works with."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from dltrainer_jupyter.core import registry
from dltrainer_jupyter.core.errors import ConfigurationError, MissingPackageError, Problem
from dltrainer_jupyter.core.protocols import (
    Adapter,
    Dataset,
    DataSource,
    Examiner,
    Follower,
    Metric,
    Recipe,
    Samples,
    Schedule,
    Signature,
    Task,
)
from dltrainer_jupyter.core.schema import part_settings
from dltrainer_jupyter.core.spec import Part, RunSpec
from dltrainer_jupyter.core.terms import TERMS, carries, metric_name, shown_names, without_term
from dltrainer_jupyter.core.terms import Place as Placement
from dltrainer_jupyter.data.foreign.recognition import is_foreign, is_hugging_face
from dltrainer_jupyter.data.foreign.source import Foreign
from dltrainer_jupyter.data.lazy.assembly import streamed
from dltrainer_jupyter.loop.judge import choose_monitor
from dltrainer_jupyter.metrics.confusion import ConfusionMatrix
from dltrainer_jupyter.metrics.custom import adapt
from dltrainer_jupyter.metrics.examining import examiner_for
from dltrainer_jupyter.metrics.examining.kept import Kept
from dltrainer_jupyter.metrics.placed import Place, PlacedMetric

_KINDS: dict[str, registry.Kind] = {
    "recipe": "recipes",
    "model": "models",
    "data": "data",
    "scheduler": "schedules",
    "optimizer": "optimizers",
    "loss": "losses",
    "regularization": "regularizations",
    "augmentation": "augmentations",
    "preprocessing": "preprocessing",
    "metrics": "metrics",
    "track": "trackers",
}
_OF_A_FRAMEWORK = registry.OF_A_FRAMEWORK


def named_parts(settings: Mapping[str, Any]) -> Iterator[tuple[str, registry.Kind, Any, str | None]]:
    """Give what settings name parts by: key, kind, name or mapping, and the framework if only that one's will do.

    Parameters
    ----------
    settings : mapping
        Checked or not.
    """
    framework = settings.get("framework", RunSpec.model_fields["framework"].default)
    for key, kind in _KINDS.items():
        if kind == "optimizers" and not registry.names(kind, str(framework)):
            continue  # a framework without optimizers, such as that of plug-ins which own their loop
        value = settings.get(key)
        for part in value if isinstance(value, list | tuple) else () if value is None else (value,):
            yield key, kind, part, str(framework) if kind in _OF_A_FRAMEWORK else None


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
    yield "framework", partial(registry.check, "adapters", spec.framework)
    yield "executor", partial(registry.check, "executors", spec.executor)
    for key, kind, part, framework in named_parts(dict(spec)):
        if key not in spec.user_objects or not part.is_user_object:
            yield key, partial(_check, kind, part, key, framework)
    if not spec.data.is_user_object:
        yield "data", partial(_look, spec)
    yield "regularization", partial(_refuse_unused, spec)
    yield "class_weights", partial(_refuse_unweighed, spec)
    yield "metrics", partial(_check_names, spec)


def _check_monitor(spec: RunSpec) -> None:
    """See that what is monitored will be measured."""
    if any(part.is_user_object for part in spec.metrics):
        return  # what the user's own metrics are called is known when they are made; the trainer checks that
    named = [_Named(metric_name(part, part.type)) for part in spec.metrics]
    try:
        choose_monitor(spec, named, validates=spec.validation is not False, measures_itself=_measures_itself(spec))
    except ConfigurationError as error:
        error.problems = (Problem(("monitor",), str(error)),)
        raise


def _check_names(spec: RunSpec) -> None:
    """Raise if two series of the history would have one name."""
    own = [metric_name(part, part.type) for part in spec.metrics if not part.is_user_object]
    _refuse_namesakes([*own, *shown_names(spec)])


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


def make_adapter(spec: RunSpec, *, owns_process: bool) -> Adapter:
    """Make the adapter for the framework."""
    adapter: Adapter = registry.find("adapters", spec.framework)(spec, owns_process=owns_process)
    return adapter


def make_recipe(spec: RunSpec, objects: Mapping[str, Any]) -> Recipe:
    """Make the recipe, or take the user's own."""
    recipe: Recipe = objects["recipe"] if spec.recipe.is_user_object else _make("recipes", spec.recipe, "recipe")
    return recipe


def load_data(spec: RunSpec, objects: Mapping[str, Any], *, owns_process: bool = False) -> Dataset:
    """Load the data set, split and preprocessed.

    Raises
    ------
    ConfigurationError
        If the specification asks for preprocessing that the source, a loader for one, doesn't do.
    """
    own = objects.get("data")
    source: DataSource
    if is_foreign(own):
        # First, as a tf.data.Dataset has a "load" that means something else.
        source = Foreign(owns_process=owns_process)
    elif own is not None and callable(getattr(own, "load", None)):
        source = own
    else:
        kind = Part(type="huggingface" if is_hugging_face(own) else "arrays")
        source = _make("data", kind if spec.data.is_user_object else spec.data, "data")
    dataset = streamed(source.load(spec, objects), spec)
    done = [step["type"] for step in dataset.signature.preprocessing]
    if left := [part.type for part in spec.preprocessing if part.type not in done]:
        close_data(dataset)
        msg = f"preprocessing: '{left[0]}' can't be applied to data that a loader gives; do it in the loader."
        raise ConfigurationError(msg)
    _refuse_unheeded(spec, dataset)
    return dataset


def _refuse_unheeded(spec: RunSpec, dataset: Dataset) -> None:
    """Raise if it was asked for something that this data source doesn't do."""
    divides = () if spec.validation is False else spec.validation.divides
    key = "class_weights" if spec.class_weights is not None and not dataset.signature.class_weights else None
    key = f"validation.{divides[0]}" if divides and dataset.partition is None else key
    if key is not None:
        close_data(dataset)
        msg = f"{key}: this data source doesn't tell its samples beforehand, so it can't be done; leave it out."
        raise ConfigurationError(msg)


def close_data(dataset: Dataset) -> None:
    """End what the streams of a data set have started."""
    with contextlib.ExitStack() as stack:
        for source in (dataset.train, dataset.validation):
            if not isinstance(source, Samples | None):
                stack.callback(source.close)


def make_metrics(
    spec: RunSpec, objects: Mapping[str, Any], signature: Signature, to_tensor: Callable[[Any], Any]
) -> list[Metric]:
    """Make a fresh set of metrics.

    Raises
    ------
    ConfigurationError
        If one measures another kind of task; the message names those that fit.
    """
    for part in spec.metrics:
        if not part.is_user_object and not carries(part, "metrics") and not _fits(part.type, signature.task):
            fitting = ", ".join(_metrics_for(signature.task))
            msg = f"metrics: '{part.type}' doesn't measure {signature.task}, which this data asks for; use {fitting}."
            raise ConfigurationError(msg)
    own = iter(objects.get("metrics", ()))
    made: list[Metric] = []
    for given in spec.metrics:
        part, place = without_term(given, "metrics")
        metric = (
            adapt(next(own), signature.task, to_tensor)
            if part.is_user_object
            else _make("metrics", part, "metrics", outputs=signature.outputs)
        )
        made.append(metric if place == Placement() else _placed(metric, given, place))
    _refuse_namesakes([*(metric.name for metric in made), *shown_names(spec)])
    return made


def _placed(metric: Metric, part: Part, place: Placement) -> Metric:
    looks_at = Place(place.output, place.target, place.on, f"metrics '{part}'")
    return PlacedMetric(metric, metric_name(part, metric.name), looks_at)


def _fits(metric: str, task: Task) -> bool:
    """Tell whether a registered metric measures a task; one that doesn't say may."""
    tasks: tuple[Task, ...] = getattr(registry.find("metrics", metric), "task", (task,))
    return task in tasks


def _metrics_for(task: Task) -> list[str]:
    found = []
    for name in registry.names("metrics"):
        # Somebody else's that can't be imported is none to recommend.
        with contextlib.suppress(ConfigurationError, MissingPackageError):
            found += [name] if _fits(name, task) else []
    return found


def _refuse_namesakes(names: list[str]) -> None:
    """Raise if two metrics, or terms of the loss, share a name: the history has one column a name."""
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        msg = f"metrics: two of them are called '{twice[0]}'; give one another name, or leave it out."
        raise ConfigurationError(msg)


def make_confusion(signature: Signature) -> ConfusionMatrix | None:
    """Make a confusion matrix where there are classes, and few enough to be counted."""
    countable = signature.task == "classification" and ConfusionMatrix.fits(signature.outputs)
    return ConfusionMatrix(signature.outputs, signature.labels) if countable else None


def make_examiner(spec: RunSpec, signature: Signature, *, keep: int | None = None) -> Examiner | None:
    """Make who tells what the model has learnt, for tasks that have somebody.

    Parameters
    ----------
    spec : RunSpec
        Its seed decides which examples are kept, its validation how many.
    signature : Signature
        Its task decides who examines.
    keep : int, optional
        How many examples are kept at most, if not as many as of a validation.
    """
    of_validation = 0 if spec.validation is False else spec.validation.examples
    return examiner_for(signature, Kept(spec.seed, of_validation if keep is None else keep))


def make_schedule(spec: RunSpec, steps_per_epoch: int | None, epochs: int, mode: str) -> Schedule:
    """Make the learning-rate schedule; a constant rate where none is asked for.

    Raises
    ------
    ConfigurationError
        If one is asked for and nobody knows how long an epoch is.
    """
    if steps_per_epoch is None and spec.scheduler is not None:
        msg = (
            f"scheduler: '{spec.scheduler}' has to know how many batches an epoch has, and this data doesn't tell; "
            "set steps_per_epoch."
        )
        raise ConfigurationError(msg)
    part = spec.scheduler or Part(type="constant")
    schedule: Schedule = _make(
        "schedules", part, "scheduler", steps_per_epoch=steps_per_epoch or 0, epochs=epochs, mode=mode
    )
    return schedule


def _make(kind: registry.Kind, part: Part, key: str, **arguments: Any) -> Any:
    found = registry.find(kind, part.type)
    return found(part_settings(found.Config, part.config, key), **arguments)
