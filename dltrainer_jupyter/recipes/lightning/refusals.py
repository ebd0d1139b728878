"""What a module asks for and can't have here: said by name, before a run is recorded."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Iterator
from typing import Any

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.recipes.lightning.library import Library, library_of

_REFUSED_METHODS = {
    "configure_callbacks": "callbacks are Lightning's Trainer's; use early_stopping and checkpoint instead",
    "configure_sharded_model": "a run has one device; use configure_model",
    "train_dataloader": "pass the loader as data=",
    "val_dataloader": "pass the validation data along with data=",
    "training_epoch_end": "Lightning removed it in 2.0; use on_train_epoch_end",
    "validation_epoch_end": "Lightning removed it in 2.0; use on_validation_epoch_end",
}
"""Methods that would be left out, and what to do instead."""
_STEPS = ("training_step", "validation_step")


def check_model(model: Any, spec: RunSpec) -> None:
    """Refuse what can't be done for a module.

    Parameters
    ----------
    model : LightningModule
        As a person hands it over; not changed. A function that makes one is looked at when it is built.
    spec : RunSpec
        What else is asked for.

    Raises
    ------
    ConfigurationError
        Names the first thing, and what to do instead.
    """
    for key, why in _settings(spec):
        msg = f"{key}: {why}."
        raise ConfigurationError(msg)
    if inspect.isroutine(model) or inspect.isclass(model):
        return
    check_module(model, spec)
    try:
        # A copy of its own for what it sets; the weights stay the same and nothing is done to them.
        configured = copy.copy(model).configure_optimizers()
    except Exception:  # noqa: BLE001 - it may need its trainer, or what setup makes; the trainer tells then
        return
    check_optimizers(model, _listed(configured))


def check_module(module: Any, spec: RunSpec | None) -> None:
    """Refuse what a module's methods ask for, alone or together with the specification where it is known.

    Raises
    ------
    ConfigurationError
        Names the first thing, and what to do instead.
    """
    for refusal in _of_methods(module, library_of(module)):
        raise ConfigurationError(refusal)
    if spec is not None and not module.automatic_optimization:
        for key, why in _manual(spec):
            msg = f"{key}: {why}."
            raise ConfigurationError(msg)


def check_optimizers(model: Any, optimizers: list[Any]) -> None:
    """Refuse optimizers that can't be followed.

    Raises
    ------
    ConfigurationError
        If there are several in automatic optimization, or one evaluates the loss several times.
    """
    if model.automatic_optimization and len(optimizers) > 1:
        msg = (
            f"configure_optimizers: {len(optimizers)} optimizers need manual optimization; set "
            "self.automatic_optimization = False and step them in training_step."
        )
        raise ConfigurationError(msg)
    for optimizer in optimizers:
        closure = inspect.signature(type(optimizer).step).parameters.get("closure")
        if closure is not None and closure.default is inspect.Parameter.empty:
            msg = (
                f"configure_optimizers: {type(optimizer).__name__} evaluates the loss several times in a step, which "
                "can't be done here; take one that steps once, such as torch.optim.Adam."
            )
            raise ConfigurationError(msg)


def _listed(configured: Any) -> list[Any]:
    """Find the optimizers in what ``configure_optimizers`` gives back."""
    if isinstance(configured, dict):
        return _listed(configured.get("optimizer"))
    if isinstance(configured, list | tuple):
        return [optimizer for item in configured for optimizer in _listed(item)]
    return [configured] if hasattr(configured, "param_groups") else []


def _settings(spec: RunSpec) -> Iterator[tuple[str, str]]:
    if spec.metrics:
        yield "metrics", "a LightningModule measures by itself; log it in the module with self.log"
    if spec.loss is not None:
        yield "loss", "a LightningModule brings its own; compute it in training_step"
    if "optimizer" in spec.model_fields_set:
        yield "optimizer", "a LightningModule brings its own; return it from configure_optimizers"


def _manual(spec: RunSpec) -> Iterator[tuple[str, str]]:
    by_hand = "can't be done for manual optimization, in which the module makes its updates itself"
    if spec.gradient_accumulation > 1:
        yield "gradient_accumulation", f"{by_hand}; step the optimizer on every n-th batch"
    if spec.gradient_clipping is not None:
        yield "gradient_clipping", f"{by_hand}; call self.clip_gradients"
    if spec.on_nan == "skip":
        yield "on_nan", f"skip {by_hand}"
    if spec.precision == "16-mixed":
        yield "precision", f"16-mixed {by_hand}; bf16-mixed can"


def _of_methods(model: Any, library: Library) -> Iterator[str]:
    name = type(model).__name__
    for required in ("training_step", "configure_optimizers"):
        if not library.is_overridden(required, model):
            yield f"model: {name} has no {required}, which tells how it learns."
    for method, instead in _REFUSED_METHODS.items():
        if callable(getattr(library.module, method, None)):
            asked = library.is_overridden(method, model)
        else:
            asked = callable(getattr(model, method, None))
        if asked:
            yield f"model: {name}.{method} can't be used here: {instead}."
    for step in _STEPS:
        parameters = inspect.signature(getattr(model, step)).parameters
        if "dataloader_iter" in parameters:
            yield f"model: {name}.{step} takes dataloader_iter, and batches are given one by one; take batch."
        if "optimizer_idx" in parameters:
            yield f"model: {name}.{step} takes optimizer_idx, which Lightning removed in 2.0; optimize manually."
        if "dataloader_idx" in parameters and parameters["dataloader_idx"].default is inspect.Parameter.empty:
            yield f"model: {name}.{step} needs dataloader_idx, and there is a single loader; give it a default of 0."
