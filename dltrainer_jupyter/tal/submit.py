"""From what a person hands over to a run that trains."""

from __future__ import annotations

import secrets
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dltrainer_jupyter.core import registry
from dltrainer_jupyter.core.errors import ConfigurationError, StoreError, brief
from dltrainer_jupyter.core.protocols import Executor, Recipe
from dltrainer_jupyter.core.spec import USER_OBJECT, Part, RunSpec
from dltrainer_jupyter.core.validation import validate
from dltrainer_jupyter.data.foreign.recognition import can_be_divided, is_foreign, kind_of
from dltrainer_jupyter.executors import held, objects
from dltrainer_jupyter.loop.assembly import START
from dltrainer_jupyter.loop.parts import check_parts
from dltrainer_jupyter.recipes.choice import native_recipe_for
from dltrainer_jupyter.tal.configuration import merged, read_file
from dltrainer_jupyter.tal.environment import environment
from dltrainer_jupyter.tal.inference import objects_of
from dltrainer_jupyter.tal.run import Run
from dltrainer_jupyter.tal.session import open_store, remember
from dltrainer_jupyter.tal.settings import settings

_PARTS = ("recipe", "model", "data", "optimizer", "loss")
"""Settings whose place an object of the user's own can take."""
_FEW = 4
"""Arrays that are described one by one: inputs and targets, of training and validation."""
_ROOT_OF_FRAMEWORK = {"torch": "pytorch", "keras": "tensorflow", "tensorflow": "tensorflow", "flax": "jax"}


def train(
    model: Any = None,
    data: Any = None,
    *,
    framework: str | None = None,
    loss: Any = None,
    optimizer: Any = None,
    metrics: Any = None,
    batch_size: int | None = None,
    learning_rate: float | None = None,
    epochs: int | None = None,
    validation: Any = None,
    seed: int | None = None,
    monitor: str | None = None,
    name: str | None = None,
    executor: str | None = None,
    config: Mapping[str, Any] | str | Path | None = None,
    track: Any = None,
    verbose: bool | None = None,
    in_place: bool = False,
    **more: Any,
) -> Run:
    """Start training and return at once.

    Parameters
    ----------
    model : str, mapping, torch.nn.Module or callable
        A registered name, a mapping of settings (``{"type": "mlp", "hidden": [64]}``), your own model, or a function
        that makes one. The run trains its own copy.
    data : str, mapping or tuple
        A registered name, a mapping of settings, ``(x, y)``, or ``(x, y, x_val, y_val)``: arrays, tensors, tables.
    framework : str, optional
        By default that of the model.
    loss : str, mapping or callable, optional
        A name, or a function of outputs and targets; by default chosen by the task.
    optimizer : str, mapping, torch.optim.Optimizer or callable, default "adam"
        A name, your own made from the model's parameters, or a function of the model.
    metrics : str, or sequence of str, mapping or object, optional
        Names, objects with ``update`` and ``compute``, or functions ``f(y_true, y_pred)``.
    batch_size : int, default 32
    learning_rate : float, default 1e-3
    epochs : int, default 10
    validation : float, mapping, tuple or False, default 0.2
        Share held back, its settings, your own ``(x_val, y_val)``, or False.
    seed : int, default 0
        Everything random in the run derives from it.
    monitor : str, optional
        Metric that decides which checkpoint is best; by default the first metric, or the loss.
    name : str, optional
        Name of the run.
    executor : {"thread", "process", "inline"}, default "thread"
        Where it trains.
    config : mapping or path, optional
        Settings, or a YAML file of them; arguments go before it.
    track : sequence, optional
        Trackers.
    verbose : bool, default True
        Say what happens.
    in_place : bool, default False
        Train the model object itself instead of a copy.
    **more
        Any other setting of the configuration: ``scheduler``, ``early_stopping``, ``checkpoint``, ``on_nan`` …

    Returns
    -------
    Run
        The handle; ``run.wait()`` waits for the end.

    Raises
    ------
    ConfigurationError
        If a name is unknown or a value can't be used; nothing has been started then.

    Examples
    --------
    >>> run = tal.train(model="cnn", data="digits", epochs=20, metrics=["accuracy"])  # doctest: +SKIP
    """
    arguments = {
        "model": model,
        "data": data,
        "framework": framework,
        "loss": loss,
        "optimizer": optimizer,
        "metrics": metrics,
        "batch_size": batch_size,
        "learning_rate": learning_rate,
        "epochs": epochs,
        "validation": validation,
        "seed": seed,
        "monitor": monitor,
        "name": name,
        "executor": executor,
        "track": track,
        "verbose": verbose,
        **more,
    }
    base = read_file(config) if isinstance(config, str | Path) else dict(config or {})
    given = merged(base, {key: value for key, value in arguments.items() if value is not None})
    spec, own = describe(given)
    return submit(spec, own, in_place=in_place)


def describe(given: Mapping[str, Any]) -> tuple[RunSpec, dict[str, Any]]:
    """Check settings without starting anything.

    Parameters
    ----------
    given : mapping
        Settings; parts may be the user's own objects.

    Returns
    -------
    spec : RunSpec
        The description, in which the user's own objects are mentioned.
    own : dict
        Those objects, by key.

    Raises
    ------
    ConfigurationError
        Names the first key that is wrong.
    """
    values, own = dict(given), dict[str, Any]()
    _take_validation(values)
    for key in _PARTS:
        if key in values and not isinstance(values[key], str | Mapping | Part | None):
            own[key] = values[key]
            values[key] = Part.user_object(_one_line(values[key]))
    if "metrics" in values:
        values["metrics"], own_metrics = _metrics(values["metrics"])
        own |= {"metrics": own_metrics} if own_metrics else {}
    if "model" in own:
        values = _chosen_by(own["model"]) | values
    if "recipe" in own and (isinstance(own["recipe"], type) or not isinstance(own["recipe"], Recipe)):
        msg = f"recipe: expected an object with build, train_step and eval_step, got {brief(own['recipe'])}."
        raise ConfigurationError(msg)
    spec = validate(RunSpec, values)
    for key in sorted(spec.user_objects - own.keys()):
        msg = f"{key}: '{USER_OBJECT}' stands for an object of your own, which has to be handed over from Python."
        raise ConfigurationError(msg)
    check_parts(spec)
    _check_model(spec, own)
    if spec.track:
        msg = "track: no tracker is installed; leave it out."
        raise ConfigurationError(msg)
    return spec, own


def submit(
    spec: RunSpec,
    own: Mapping[str, Any],
    *,
    in_place: bool = False,
    place: Executor | None = None,
    start: Path | None = None,
) -> Run:
    """Record a run and start its trainer.

    Parameters
    ----------
    spec : RunSpec
        What to train.
    own : mapping
        The user's own objects, by key.
    in_place : bool, default False
        Train the objects themselves.
    place : Executor, optional
        Where to train, for a caller that brings it along; by default the specification's executor.
    start : pathlib.Path, optional
        Checkpoint whose weights to begin with; it is copied.
    """
    executor: Any = registry.find("executors", spec.executor)() if place is None else place
    if in_place and executor.needs_pickling:
        msg = f"in_place: the executor '{spec.executor}' trains in another process, so it can't train your object."
        raise ConfigurationError(msg)
    packed, problem = _packed(own)
    if problem is not None and executor.needs_pickling:
        msg = f"executor: '{spec.executor}' needs objects that can be pickled, but {problem}. Use executor='thread'."
        raise ConfigurationError(msg)
    handover, notices = _handover(own, packed, problem, in_place=in_place)
    store = open_store()
    run_id = secrets.token_hex(6)
    folder = settings.artifacts / run_id
    # Files before the row: a crash or a full disk in between leaves rubbish, never a run that can't begin.
    _lay_out(folder, start, packed if executor.needs_pickling else None)
    store.create_run(
        run_id, spec, folder=str(folder), environment=environment(), resume="exact", rebuildable=problem is None
    )
    for notice in notices:
        store.add_event(run_id, "kernel_bound", notice)
        if spec.verbose:
            print(notice, file=sys.stderr)  # noqa: T201 - said at once, where the run was started
    if own and not executor.needs_pickling:
        held.hand_over(run_id, handover)
    run = Run(run_id, store)
    remember(run)
    run.start(executor)
    return run


def _lay_out(folder: Path, start: Path | None, packed: bytes | None) -> None:
    """Write what a trainer finds in the run's folder, all of it or nothing.

    Raises
    ------
    StoreError
        If it can't be written, or the checkpoint to begin with is gone.
    """
    try:
        if start is not None:
            shutil.copytree(start, folder / START)
        if packed is not None:
            objects.save(folder, packed)
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        msg = f"The run's folder {folder} can't be written: {error.strerror or error}."
        raise StoreError(msg) from error


def clone(run: Run, step: int | None, changes: Mapping[str, Any]) -> Run:
    """Start a new run from another's settings; see :meth:`Run.clone`."""
    record = run.record
    kept = objects_of(run)
    # Complete, so that a change may mean a part that is there by default.
    values = record.spec.model_dump(mode="json")
    values |= {key: kept[key] for key in record.spec.user_objects - {"metrics"}}
    own_metrics = iter(kept.get("metrics", ()))
    values["metrics"] = [next(own_metrics) if part.is_user_object else part for part in record.spec.metrics]
    spec, own = describe(merged(values, changes))
    start = None if step is None else Path(run.at(step).record.path)
    made = submit(spec, own, start=start)
    where = "" if step is None else f", with the weights of its step {step:,}"
    made.store.add_event(made.id, "cloned", f"Cloned from run '{record.name}' ({run.id}){where}.")
    return made


def _packed(own: Mapping[str, Any]) -> tuple[bytes | None, str | None]:
    """Pickle the user's objects, or say why they can't be."""
    if not own:
        return None, None
    try:
        return objects.pack(own), None
    except objects.NotRebuildableError as error:
        return None, str(error)


def _handover(
    own: Mapping[str, Any], packed: bytes | None, problem: str | None, *, in_place: bool
) -> tuple[held.Handover, list[str]]:
    """Prepare what a trainer of this process gets, and what the person has to know about it."""
    notices = [] if problem is None else [f"This run can't outlive this process: {problem}."]
    if in_place:
        return held.Handover(packed=packed, objects=own), notices
    if packed is not None:
        return held.Handover(packed=packed, objects=None), notices
    try:
        return held.Handover(packed=None, objects=_copied(own)), notices
    except objects.NotRebuildableError as error:
        # Better to train the object itself, and say so, than not at all.
        notices.append(f"The run trains your own objects, not a copy: the model {error}.")
        return held.Handover(packed=None, objects=own), notices


def _copied(own: Mapping[str, Any]) -> dict[str, Any]:
    """Copy the user's objects, all but a loader that can't be: it is only read."""
    try:
        return dict(objects.copied(dict(own)))
    except objects.NotRebuildableError:
        if not is_foreign(own.get("data")):
            raise
    return dict(objects.copied({key: own[key] for key in own if key != "data"}), data=own["data"])


def _take_validation(values: dict[str, Any]) -> None:
    """Let ``validation`` be a share, or arrays or a loader that join the training data.

    Raises
    ------
    ConfigurationError
        If it is something that doesn't go with the data.
    """
    validation, data = values.get("validation"), values.get("data")
    if isinstance(validation, float):
        if is_foreign(data) and not can_be_divided(data):
            msg = (
                f"validation: no share of a loader's batches can be held back, got {validation}; divide what it reads "
                "between two loaders, or give arrays (x_val, y_val) or False."
            )
            raise ConfigurationError(msg)
        values["validation"] = {"split": validation}
    elif kind_of(validation) is not None:
        if kind_of(data) is None:
            msg = f"validation: a {type(validation).__name__} goes with a loader as data, got {_one_line(data)}."
            raise ConfigurationError(msg)
        values["data"] = (data, validation)
        del values["validation"]
    elif isinstance(validation, tuple | list) and is_foreign(data):
        if kind_of(data) is None:
            msg = f"validation: the data {_one_line(data)} brings its own; leave one of them out."
            raise ConfigurationError(msg)
        values["data"] = (data, tuple(validation))
        del values["validation"]
    elif isinstance(validation, tuple | list):
        if not (isinstance(data, tuple | list) and len(data) == 2 and len(validation) == 2):  # noqa: PLR2004
            msg = "validation: arrays (x_val, y_val) go with data=(x, y); for other data give a share such as 0.2."
            raise ConfigurationError(msg)
        values["data"] = (*data, *validation)
        del values["validation"]


def _metrics(given: Any) -> tuple[list[Any], list[Any]]:
    """Tell names from the user's own metrics."""
    listed = [] if given is None else list(given) if isinstance(given, list | tuple) else [given]
    own = [item for item in listed if not isinstance(item, str | Mapping | Part)]
    mentioned = [
        item if isinstance(item, str | Mapping | Part) else Part.user_object(_one_line(item)) for item in listed
    ]
    return mentioned, own


def _chosen_by(model: Any) -> dict[str, Any]:
    """Give the settings that a model of the user's own decides where they are left out."""
    chosen = {"framework": _framework_of(model), "recipe": native_recipe_for(model)}
    return {key: value for key, value in chosen.items() if value is not None}


def _check_model(spec: RunSpec, own: Mapping[str, Any]) -> None:
    """Refuse a model of another framework; let a native recipe say what can't be done for a model.

    Raises
    ------
    ConfigurationError
        Names the framework of the model, or what contradicts it.
    """
    framework = _framework_of(own.get("model"))
    if framework not in (None, spec.framework):
        msg = (
            f"framework: '{spec.framework}' can't train a model of {framework}'s ({_one_line(own['model'])}); "
            f"leave framework out, or say {framework}."
        )
        raise ConfigurationError(msg)
    if "model" in own and not spec.recipe.is_user_object:
        recipe = registry.find("recipes", spec.recipe.type)
        if callable(check := getattr(recipe, "check_model", None)):
            check(own["model"], spec)


def _framework_of(model: Any) -> str | None:
    """Tell the framework of a model by where its class comes from, if it is one's; nothing is imported."""
    kind = model if isinstance(model, type) else type(model)
    for base in kind.__mro__:
        root = base.__module__.partition(".")[0]
        if root in _ROOT_OF_FRAMEWORK:
            return _ROOT_OF_FRAMEWORK[root]
    return None


def _one_line(value: Any) -> str:
    """Describe an object in a few words."""
    if isinstance(value, tuple) and len(value) <= _FEW:
        return f"({', '.join(_one_line(item) for item in value)})"
    if isinstance(value, tuple | list):
        return f"{type(value).__name__} of {len(value):,}"
    shape = getattr(value, "shape", None)
    if isinstance(shape, tuple):
        return f"{type(value).__name__}{tuple(shape)}"
    named = getattr(value, "__qualname__", None)
    return named if isinstance(named, str) else type(value).__name__
