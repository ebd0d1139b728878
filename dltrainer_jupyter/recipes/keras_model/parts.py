"""What a Keras model of a person's own consists of and is given, as far as Keras doesn't say it in one place."""

from __future__ import annotations

from typing import Any

from dltrainer_jupyter.core.protocols import Batch
from dltrainer_jupyter.recipes.choice import brings_own


def optimizers_of(model: Any) -> dict[str, Any]:
    """Give the optimizer a model was compiled with, and those among its attributes, by name."""
    import keras

    found = {} if model.optimizer is None else {"optimizer": model.optimizer}
    known = {id(optimizer) for optimizer in found.values()}
    for name, value in vars(model).items():
        if isinstance(value, keras.Optimizer) and id(value) not in known:
            known.add(id(value))
            found[name.lstrip("_")] = value
    return found


def build_optimizer(model: Any) -> None:
    """Make what the model's optimizer keeps for each weight, as its first update would, once the weights are known.

    Where no graph tells of it beforehand, what a checkpoint holds must have its place before the first step.
    """
    if model.optimizer is not None and not model.optimizer.built and model.built and model.trainable_variables:
        model.optimizer.build(model.trainable_variables)


def lacks_call(model: Any) -> bool:
    """Tell whether a model can't be called, and only its own steps know how its parts go together."""
    import keras

    return type(model).call is keras.Model.call


def can_be_measured(model: Any) -> bool:
    """Tell whether ``test_step`` can do something: with a model that can't be called only one of its own can."""
    return not lacks_call(model) or brings_own(model, "test_step")


def variables_of(model: Any) -> list[Any]:
    """Give metrics, and variables that layers hold as attributes: what Keras doesn't list among a model's weights."""
    import tensorflow as tf

    layers = model._flatten_layers()  # noqa: SLF001 - `layers` leaves out those inside layers
    raw = [value for layer in layers for value in vars(layer).values() if isinstance(value, tf.Variable)]
    return [*model.metrics_variables, *raw]


def as_keras_wants(batch: Batch) -> Any:
    """Give a batch as ``fit`` hands it to a step: a pair, or whatever the loader made."""
    if batch.targets is not None:
        return batch.inputs, batch.targets
    return batch.inputs if batch.whole is None else batch.whole
