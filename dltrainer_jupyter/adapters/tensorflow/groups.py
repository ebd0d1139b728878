"""Parameter groups: what is frozen, which layers stay still, and which weights have settings of their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dltrainer_jupyter.adapters.shared.groups import Groups, refuse_own_optimizer
from dltrainer_jupyter.adapters.tensorflow.decaying import Decaying, Own
from dltrainer_jupyter.adapters.tensorflow.naming import named_layers, named_weights
from dltrainer_jupyter.core.errors import ConfigurationError


def freeze(net: Any, groups: Groups) -> Callable[[], None]:
    """Let a net's weights stay as they are where their group says so.

    Layers that are frozen whole aren't trainable, which keeps the statistics of batches as they are, too. Dropout goes
    on.

    Parameters
    ----------
    net : keras.Model
        Built; changed in place.
    groups : Groups
        Takes in the names of its weights.

    Returns
    -------
    callable
        Undoes it, for a net that goes back to its owner.

    Raises
    ------
    ConfigurationError
        If nothing is left to train.
    """
    weights = named_weights(net)
    groups.look_at(weights)
    names = {id(weight): name for name, weight in weights.items()}
    frozen = [weight for name, weight in weights.items() if groups.freezes(name) and weight.trainable]
    whole = [
        layer
        for layer in named_layers(net).values()
        if layer.trainable
        and layer.weights
        and all(groups.freezes(names[id(weight)]) for weight in layer.weights if id(weight) in names)
    ]
    for layer in whole:
        layer.trainable = False
    for weight in frozen:
        weight.trainable = False

    def undo() -> None:
        for layer in whole:
            layer._trainable = True  # noqa: SLF001 - alone, without the weights and layers in it
        for weight in frozen:
            weight.trainable = True

    if frozen and not net.trainable_variables:
        undo()
        msg = "model: nothing to train: parameter_groups freeze all of it."
        raise ConfigurationError(msg)
    return undo


def set_apart(optimizer: Any, net: Any, groups: Groups) -> None:
    """Give weights the settings of their group.

    Parameters
    ----------
    optimizer : keras.optimizers.Optimizer
        Built for the net's trainable weights.
    net : keras.Model
        Frozen already where it should be.
    groups : Groups
        Have looked at it.

    Raises
    ------
    ConfigurationError
        If it is the user's own, or another package's.
    """
    if groups.only_freezes:
        return
    if not isinstance(optimizer, Decaying):
        refuse_own_optimizer(groups, "an optimizer of Keras' has one rate for all weights")
        return
    names = {id(weight): name for name, weight in named_weights(net).items()}
    found = {place: groups.of(names[id(weight)]) for place, weight in enumerate(net.trainable_variables)}
    optimizer.set_apart(
        {
            place: Own(group.lr_multiplier, optimizer.decay if group.weight_decay is None else group.weight_decay)
            for place, group in found.items()
            if group is not None
        }
    )
