"""From the names in a specification, which were checked, to the parts the loop works with."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from dltrainer_jupyter.core import registry
from dltrainer_jupyter.core.choosing import is_several, position_of
from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.protocols import (
    Adapter,
    Dataset,
    DataSource,
    Examiner,
    Metric,
    Recipe,
    Samples,
    Schedule,
    Signature,
)
from dltrainer_jupyter.core.schema import part_settings
from dltrainer_jupyter.core.spec import Part, RunSpec
from dltrainer_jupyter.core.terms import Place as Placement
from dltrainer_jupyter.core.terms import metric_name, shown_names, without_term
from dltrainer_jupyter.data.foreign.recognition import is_foreign, is_hugging_face
from dltrainer_jupyter.data.foreign.source import Foreign
from dltrainer_jupyter.data.lazy.assembly import streamed
from dltrainer_jupyter.data.steps.keeping import Forgotten, Own, current, own_steps
from dltrainer_jupyter.data.steps.own import numbered
from dltrainer_jupyter.loop.checking import refuse_namesakes
from dltrainer_jupyter.loop.tasks import refuse_other_metrics
from dltrainer_jupyter.metrics.confusion import ConfusionMatrix
from dltrainer_jupyter.metrics.custom import adapt, made_of
from dltrainer_jupyter.metrics.examining import examiner_for
from dltrainer_jupyter.metrics.examining.kept import Kept
from dltrainer_jupyter.metrics.placed import Place, PlacedMetric


def make_adapter(spec: RunSpec, *, owns_process: bool) -> Adapter:
    """Make the adapter for the framework."""
    adapter: Adapter = registry.find("adapters", spec.framework)(spec, owns_process=owns_process)
    return adapter


def make_recipe(spec: RunSpec, objects: Mapping[str, Any]) -> Recipe:
    """Make the recipe, or take the user's own."""
    recipe: Recipe = objects["recipe"] if spec.recipe.is_user_object else _make("recipes", spec.recipe, "recipe")
    return recipe


def load_data(
    spec: RunSpec,
    objects: Mapping[str, Any],
    *,
    owns_process: bool = False,
    trained: Sequence[Mapping[str, Any]] = (),
) -> Dataset:
    """Load the data set, split and preprocessed.

    Parameters
    ----------
    spec : RunSpec
        What is trained.
    objects : mapping
        The user's own objects by key.
    owns_process : bool, default False
        Whether nothing else draws random numbers in this process.
    trained : sequence of mapping, optional
        The chain that a training goes on with, as ``Signature.preprocessing`` holds it: nothing is fitted anew then.

    Raises
    ------
    ConfigurationError
        If the specification asks for preprocessing that the source, a loader for one, doesn't do.
    """
    source = _source(spec, objects.get("data"), owns_process=owns_process)
    with _own_steps(objects, trained):
        asked = spec.model_copy(update={"preprocessing": numbered(spec.preprocessing)})
        dataset = streamed(source.load(asked, objects), spec)
    done = [step["type"] for step in dataset.signature.preprocessing]
    if left := [str(part) for part in spec.preprocessing if part.type not in done]:
        close_data(dataset)
        msg = f"preprocessing: '{left[0]}' can't be applied to data that a loader gives; do it in the loader."
        raise ConfigurationError(msg)
    _refuse_unheeded(spec, dataset)
    return dataset


def outline(spec: RunSpec, objects: Mapping[str, Any]) -> Signature | None:
    """Say what is learnt from data that was handed over, before anything starts; None where only loading tells.

    Parameters
    ----------
    spec : RunSpec
        What is to be trained.
    objects : mapping
        The user's own objects by key.

    Raises
    ------
    ConfigurationError
        If the data can't be trained on.
    """
    if "data" not in objects:
        return None
    tell = getattr(_source(spec, objects["data"], owns_process=False), "outline", None)
    found: Signature | None = tell(spec, objects) if callable(tell) else None
    return found


def _source(spec: RunSpec, own: Any, *, owns_process: bool) -> DataSource:
    """Make the source of the data, or take the user's own."""
    if is_foreign(own):
        # First, as a tf.data.Dataset has a "load" that means something else.
        return Foreign(owns_process=owns_process)
    if own is not None and callable(getattr(own, "load", None)):
        source: DataSource = own
        return source
    kind = Part(type="huggingface" if is_hugging_face(own) else "arrays")
    made: DataSource = _make("data", kind if spec.data.is_user_object else spec.data, "data")
    return made


def _own_steps(
    objects: Mapping[str, Any], trained: Sequence[Mapping[str, Any]]
) -> contextlib.AbstractContextManager[None]:
    """Let sources find the user's own steps, and those that were fitted before, where somebody keeps them."""
    around = current() or Own(Forgotten())
    return own_steps(replace(around, things=objects.get("preprocessing", ()), trained=trained))


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
    spec: RunSpec,
    objects: Mapping[str, Any],
    signature: Signature,
    to_tensor: Callable[[Any], Any],
    widths: Any = None,
    *,
    model: Callable[[], Any] | None = None,
) -> list[Metric]:
    """Make a fresh set of metrics.

    Parameters
    ----------
    spec : RunSpec
        Names them.
    objects : mapping
        The user's own, by key.
    signature : Signature
        Of the data: metrics are told how many classes or values their target has.
    to_tensor : callable
        Makes an array the framework's own, for metric objects that expect it.
    widths : int, structure of int, or None
        How many classes or values each output of the model has, for targets of which the data doesn't tell.
    model : callable, optional
        Gives the model as it is built, for factories.

    Raises
    ------
    ConfigurationError
        If one measures another kind of task; the message names those that fit.
    """
    refuse_other_metrics(spec, [signature.task])
    own = iter(objects.get("metrics", ()))
    made: list[Metric] = []
    for given in spec.metrics:
        part, place = without_term(given, "metrics")
        of = _measured_by(place, signature, widths)
        metric = (
            adapt(made_of(next(own), model), of.task, to_tensor)
            if part.is_user_object
            else _make("metrics", part, "metrics", outputs=of.outputs)
        )
        made.append(metric if place == Placement() else _placed(metric, given, place))
    refuse_namesakes([*(metric.name for metric in made), *shown_names(spec, signature.target_names)])
    return made


def _measured_by(place: Placement, signature: Signature, widths: Any) -> Signature:
    """Give what holds for the output and target that a metric looks at."""
    if signature.targets:
        return signature.of_target(place.output if place.target is None else place.target)
    at = position_of(widths, place.output) if place.output is not None and is_several(widths) else None
    width = None if at is None or place.on is not None else widths[at]
    return replace(signature, outputs=width) if isinstance(width, int) else signature


def _placed(metric: Metric, part: Part, place: Placement) -> Metric:
    looks_at = Place(place.output, place.target, place.on, f"metrics '{part}'")
    return PlacedMetric(metric, metric_name(part, metric.name), looks_at)


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
