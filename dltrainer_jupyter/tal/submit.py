"""From what a person hands over to a run that trains."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from dltrainer_jupyter.core import registry
from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.protocols import Executor
from dltrainer_jupyter.core.secrets import secrets_of
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.executors import held, plug_ins
from dltrainer_jupyter.tal.beginning import with_weights_of_run
from dltrainer_jupyter.tal.configuration import given
from dltrainer_jupyter.tal.description import describe
from dltrainer_jupyter.tal.environment import environment
from dltrainer_jupyter.tal.handing_over import handover, lay_out, packed, packed_parts
from dltrainer_jupyter.tal.places import with_mirror
from dltrainer_jupyter.tal.run import Run
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
        Any other setting of the configuration: ``scheduler``, ``early_stopping``, ``checkpoint``, ``on_nan`` …; and
        ``train_step`` and ``eval_step``, functions that :func:`recipe` makes a recipe of.

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
    spec, own = describe(given(config, arguments))
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
    if start is None:
        spec, start = with_weights_of_run(spec)
    pickled, problem = packed(own)
    brought = plug_ins.brought(spec)
    parts, unpacked = packed_parts(brought)
    problem = problem or unpacked
    if problem is not None and executor.needs_pickling:
        msg = f"executor: '{spec.executor}' needs objects that can be pickled, but {problem}. Use executor='thread'."
        raise ConfigurationError(msg)
    handed, notices = handover(own, pickled, problem, in_place=in_place)
    store = open_store()
    run_id = secrets.token_hex(6)
    folder = settings.artifacts / run_id
    # Files before the row: a crash or a full disk in between leaves rubbish, never a run that can't begin.
    lay_out(folder, start, pickled if executor.needs_pickling else None, parts, secrets_of(spec))
    seen = environment() | ({"plugins": brought.document()} if brought else {})
    store.create_run(run_id, spec, folder=str(folder), environment=seen, resume="exact", rebuildable=problem is None)
    if unpacked is not None:
        plug_ins.hold(run_id, brought)
    told = [("kernel_bound", notice) for notice in notices] + [("notice", note) for note in _notes(spec, own)]
    for kind, notice in told:
        store.add_event(run_id, kind, notice)
        if spec.verbose:
            print(notice, file=sys.stderr)  # noqa: T201 - said at once, where the run was started
    if (limits := _limits(spec)) is not None:
        store.add_event(run_id, "notice", limits)
    if own and not executor.needs_pickling:
        held.hand_over(run_id, handed)
    run = Run(run_id, store)
    remember(run)
    run.start(executor)
    return run


def _notes(spec: RunSpec, own: Mapping[str, Any]) -> list[str]:
    """Say what a recipe of the user's own makes different from what one might expect."""
    notes: Callable[[RunSpec], list[str]] | None = getattr(own.get("recipe"), "notes", None)
    return notes(spec) if callable(notes) else []


def _limits(spec: RunSpec) -> str | None:
    """Say what can't be had of a recipe, if it says so."""
    recipe = spec.recipe
    if recipe.is_user_object or not registry.is_ours("recipes", recipe.type):
        return None
    limits: str | None = getattr(registry.find("recipes", recipe.type), "limits", None)
    return limits
