"""What is asked for along with a Keras model and contradicts it: said by name, before a run is recorded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.recipes.choice import brings_own_step
from dltrainer_jupyter.recipes.keras_model.parts import optimizers_of


def check_model(model: Any, spec: RunSpec) -> None:
    """Refuse settings that contradict a model.

    Parameters
    ----------
    model : keras.Model
        Not changed. A function that makes one says nothing yet.
    spec : RunSpec
        What is asked for.

    Raises
    ------
    ConfigurationError
        Names the first setting, and what to do instead.
    """
    for key, why in (*_of_parts(spec), *_of_updates(model, spec)):
        msg = f"{key}: {why}."
        raise ConfigurationError(msg)


def check_built(model: Any) -> None:
    """Refuse a model that runs eagerly with optimizers that nobody knows the weights of.

    Raises
    ------
    ConfigurationError
        Names the first one that wasn't built, and how to build it.
    """
    for name, optimizer in optimizers_of(model).items():
        if name != "optimizer" and not optimizer.built:
            msg = (
                f"model: with run_eagerly=True nothing tells which weights {name} updates; call "
                f"model.{name}.build(weights) before you hand the model over."
            )
            raise ConfigurationError(msg)


def update_settings(spec: RunSpec) -> dict[str, tuple[str, ...]]:
    """Give the settings of a run that change updates, each with what it is called in Keras' optimizers."""
    asked = {
        "gradient_accumulation": (spec.gradient_accumulation > 1, ("gradient_accumulation_steps",)),
        "gradient_clipping": (spec.gradient_clipping is not None, ("clipnorm", "clipvalue", "global_clipnorm")),
        "on_nan": (spec.on_nan == "skip", ()),
    }
    return {key: theirs for key, (is_asked, theirs) in asked.items() if is_asked}


def _of_parts(spec: RunSpec) -> Iterator[tuple[str, str]]:
    brought = "the model brings its own; leave {} out, or pass recipe='supervised' to train it with yours"
    if spec.loss is not None:
        yield "loss", brought.format("loss")
    if "optimizer" in spec.model_fields_set:
        yield "optimizer", brought.format("optimizer")


def _of_updates(model: Any, spec: RunSpec) -> Iterator[tuple[str, str]]:
    if isinstance(model, type) or not hasattr(model, "train_step"):
        return
    optimizer = getattr(model, "optimizer", None)
    inside = getattr(optimizer, "inner_optimizer", optimizer)
    asked = update_settings(spec)
    # Averages follow updates, which an optimizer that accumulates makes less often than it counts.
    averaged = {} if spec.ema is None else {"ema": ("use_ema", "gradient_accumulation_steps")}
    for key, theirs in (asked | averaged).items():
        for setting in theirs:
            if value := getattr(inside, setting, None):
                yield key, f"the model was compiled with an optimizer that has {setting}={value}; leave one of them out"
    for key in asked:
        if brings_own_step(model):
            yield key, f"train_step of {type(model).__name__} makes its updates itself; do it there, or leave {key} out"
        if key == "gradient_accumulation" and model.run_eagerly:
            yield (
                key,
                "it needs compiled steps, and the model was compiled with run_eagerly=True; leave one out",
            )
        if inside is not optimizer:
            yield key, f"it doesn't go with a LossScaleOptimizer; set it on the optimizer inside, or leave {key} out"
