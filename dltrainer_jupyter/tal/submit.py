"""From what a person hands over to a run that trains."""

from __future__ import annotations

import secrets
import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from dltrainer_jupyter.core import private, registry
from dltrainer_jupyter.core.errors import ConfigurationError, StoreError
from dltrainer_jupyter.core.protocols import Executor
from dltrainer_jupyter.core.schema import PRESET
from dltrainer_jupyter.core.secrets import secrets_of, unmasked
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.core.terms import with_objects
from dltrainer_jupyter.data.foreign.recognition import is_foreign
from dltrainer_jupyter.executors import held, objects, plug_ins, secret_file
from dltrainer_jupyter.loop.assembly import START
from dltrainer_jupyter.tal.configuration import merged, read_file
from dltrainer_jupyter.tal.description import describe
from dltrainer_jupyter.tal.environment import environment
from dltrainer_jupyter.tal.inference import objects_of
from dltrainer_jupyter.tal.naming import default_name
from dltrainer_jupyter.tal.places import checkpoint_folder, with_mirror
from dltrainer_jupyter.tal.run import Run
from dltrainer_jupyter.tal.sealing import checked
from dltrainer_jupyter.tal.session import open_store, remember
from dltrainer_jupyter.tal.settings import settings


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
        Name of the run; by default that of its model and data.
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
    spec = with_mirror(spec)
    packed, problem = _packed(own)
    brought = plug_ins.brought(spec)
    parts, unpacked = _packed_parts(brought)
    problem = problem or unpacked
    if problem is not None and executor.needs_pickling:
        msg = f"executor: '{spec.executor}' needs objects that can be pickled, but {problem}. Use executor='thread'."
        raise ConfigurationError(msg)
    handover, notices = _handover(own, packed, problem, in_place=in_place)
    store = open_store()
    run_id = secrets.token_hex(6)
    folder = settings.artifacts / run_id
    # Files before the row: a crash or a full disk in between leaves rubbish, never a run that can't begin.
    _lay_out(folder, start, packed if executor.needs_pickling else None, parts, secrets_of(spec))
    seen = environment() | ({"plugins": brought.document()} if brought else {})
    store.create_run(run_id, spec, folder=str(folder), environment=seen, resume="exact", rebuildable=problem is None)
    if unpacked is not None:
        plug_ins.hold(run_id, brought)
    for notice in notices:
        store.add_event(run_id, "kernel_bound", notice)
        if spec.verbose:
            print(notice, file=sys.stderr)  # noqa: T201 - said at once, where the run was started
    if (limits := _limits(spec)) is not None:
        store.add_event(run_id, "notice", limits)
    if own and not executor.needs_pickling:
        held.hand_over(run_id, handover)
    run = Run(run_id, store)
    remember(run)
    run.start(executor)
    return run


def _limits(spec: RunSpec) -> str | None:
    """Say what can't be had of a recipe, if it says so."""
    recipe = spec.recipe
    if recipe.is_user_object or not registry.is_ours("recipes", recipe.type):
        return None
    limits: str | None = getattr(registry.find("recipes", recipe.type), "limits", None)
    return limits


def _lay_out(
    folder: Path, start: Path | None, packed: bytes | None, parts: bytes | None, secret: Mapping[str, str]
) -> None:
    """Write what a trainer finds in the run's folder, all of it or nothing.

    Raises
    ------
    StoreError
        If it can't be written, or the checkpoint to begin with is gone.
    """
    try:
        private.make_folder(folder)
        if secret:
            secret_file.save(folder, secret)
        if start is not None:
            shutil.copytree(start, folder / START)
        if packed is not None:
            objects.save(folder, packed)
        if parts is not None:
            plug_ins.save(folder, parts)
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        msg = f"The run's folder {folder} can't be written: {error.strerror or error}."
        raise StoreError(msg) from error


def clone(run: Run, step: int | None, changes: Mapping[str, Any], check: Callable[[RunSpec], RunSpec] = checked) -> Run:
    """Start a new run from another's settings; see :meth:`Run.clone`."""
    record, spec = run.record, run.spec
    kept = objects_of(run)
    # A change may mean a part that is there by default.
    complete = unmasked(spec.model_dump(mode="json"), secret_file.load(Path(record.folder)))
    values = {key: complete[key] for key in complete.keys() & (spec.model_fields_set | changes.keys())}
    values |= {key: kept[key] for key in spec.user_objects if not isinstance(getattr(spec, key), tuple)}
    if spec.name == default_name(spec, kept):
        # Nobody chose it, and the clone may have another model.
        values.pop("name", None)
    for key in ("loss", "regularization", "metrics"):
        if isinstance(getattr(spec, key), tuple) and (key in values or key in spec.user_objects or key == "metrics"):
            values[key] = list(with_objects(spec.parts(key), kept.get(key, ())))
    if "groups" in kept and isinstance(values.get("validation"), dict):
        values["validation"]["groups"] = kept["groups"]
    values |= {key: _bare(values[key]) for key in values.keys() & changes.keys() if _names_preset(changes[key])}
    changed, own = describe(merged(values, changes), inherited=values.keys() - changes.keys(), check=check)
    start = None if step is None else checkpoint_folder(record, run.at(step).record)
    made = submit(changed, own, start=start)
    where = "" if step is None else f", with the weights of its step {step:,}"
    made.store.add_event(made.id, "cloned", f"Cloned from run '{record.name}' ({run.id}){where}.")
    return made


def _names_preset(change: Any) -> bool:
    return isinstance(change, Mapping) and PRESET in change


def _bare(part: Any) -> Any:
    """Give a part's type alone: the settings of the run that is cloned would go before those of a preset."""
    return {"type": part["type"]} if isinstance(part, Mapping) and "type" in part else part


def _packed(own: Mapping[str, Any]) -> tuple[bytes | None, str | None]:
    """Pickle the user's objects, or say why they can't be."""
    if not own:
        return None, None
    try:
        return objects.pack(own), None
    except objects.NotRebuildableError as error:
        return None, str(error)


def _packed_parts(brought: plug_ins.Brought) -> tuple[bytes | None, str | None]:
    """Put together the run's own copy of parts that no package brings, or say why it can't be."""
    if not brought:
        return None, None
    try:
        return plug_ins.packed(brought), None
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
