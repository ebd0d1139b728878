"""Whether what is measured and what becomes of predictions suits what the data asks for."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Sequence

from dltrainer_jupyter.core import registry
from dltrainer_jupyter.core.choosing import refuse_several, target_of
from dltrainer_jupyter.core.errors import ConfigurationError, MissingPackageError
from dltrainer_jupyter.core.protocols import Signature
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.core.terms import carries, without_term
from dltrainer_jupyter.data.targets import OF_NUMBERS
from dltrainer_jupyter.postprocessing import chain


def possible_tasks(spec: RunSpec) -> tuple[str, ...]:
    """Name the tasks that data by name may ask for, as far as it and the loss say so; none where nobody knows.

    Parameters
    ----------
    spec : RunSpec
        Names data and loss.

    Examples
    --------
    >>> possible_tasks(RunSpec(model="cnn", data="digits"))
    ('classification',)
    """
    if spec.data.is_user_object:
        return ()
    tasks = _told("data", spec.data.type)
    if tasks and not registry.is_ours("data", spec.data.type):
        return ()  # somebody else's may have several targets
    if not spec.recipe.is_user_object and (learnt := _told("recipes", spec.recipe.type)):
        tasks = tuple(task for task in tasks if task in learnt)
    loss = spec.first_loss
    if not tasks or loss is None or loss.is_user_object:
        return tasks
    by_loss = "regression" if loss.type in OF_NUMBERS else "classification"
    return tuple(dict.fromkeys((*tasks, by_loss)))


def refuse_other_metrics(spec: RunSpec, tasks: Collection[str]) -> None:
    """Raise if a metric by name measures none of the tasks that are possible.

    Parameters
    ----------
    spec : RunSpec
        Its metrics; those of one of several outputs or targets aren't looked at.
    tasks : collection of str
        What the data may ask for; empty if nobody knows.

    Raises
    ------
    ConfigurationError
        Names those that fit.
    """
    for part in spec.metrics if tasks else ():
        if not part.is_user_object and not carries(part, "metrics") and not _fits(part.type, tasks):
            fitting = ", ".join(_metrics_for(tasks))
            asked_for = " or ".join(tasks)
            msg = f"metrics: '{part.type}' doesn't measure {asked_for}, which this data asks for; use {fitting}."
            raise ConfigurationError(msg)


def refuse_metrics_of_no_target(spec: RunSpec, signature: Signature) -> None:
    """Raise if there are several targets and a metric doesn't say which it measures, or says one that isn't there.

    Raises
    ------
    ConfigurationError
        Names the targets.
    """
    targets = dict.fromkeys(signature.target_names)
    for given in spec.metrics if targets else ():
        part, place = without_term(given, "metrics")
        if place.on is not None:
            continue  # of a layer's result, which the built model knows
        if place.output is None and place.target is None:
            refuse_several(targets, "metrics")
        target_of(targets, place.output, place.target, f"metrics '{part}'")


def refuse_other_steps(spec: RunSpec, tasks: Sequence[str]) -> None:
    """Raise if a step of the postprocessing by name can't be applied to what is predicted of any possible task.

    Raises
    ------
    ConfigurationError
        Says what the step takes and what there is.
    """
    if not tasks or not spec.postprocessing or any(part.is_user_object for part in spec.postprocessing):
        return  # what a step of the user's own gives, nobody knows
    try:
        steps = chain.chain_of(spec.postprocessing, lambda _: None)
    except (ConfigurationError, MissingPackageError):
        return  # said already
    refused: list[ConfigurationError] = []
    for task in tasks:
        try:
            chain.check_forms(spec.postprocessing, steps, task)
        except ConfigurationError as error:
            refused.append(error)
    if len(refused) == len(tasks):
        raise refused[0]


def _fits(metric: str, tasks: Collection[str]) -> bool:
    """Tell whether a registered metric measures one of some tasks; one that doesn't say may."""
    return not set(_told("metrics", metric) or tasks).isdisjoint(tasks)


def _told(kind: registry.Kind, name: str) -> tuple[str, ...]:
    """Give the tasks that a part says it is for; none of one that isn't there, which is said elsewhere."""
    try:
        return tuple(getattr(registry.find(kind, name), "task", ()))
    except (ConfigurationError, MissingPackageError):
        return ()


def _metrics_for(tasks: Collection[str]) -> list[str]:
    found = []
    for name in registry.names("metrics"):
        # Somebody else's that can't be imported is none to recommend.
        with contextlib.suppress(ConfigurationError, MissingPackageError):
            registry.find("metrics", name)
            found += [name] if _fits(name, tasks) else []
    return found
