"""The moving average of a net's weights, kept beside it and measured in its place."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from dltrainer_jupyter.adapters.shared.averages import averaged_name, decay_at
from dltrainer_jupyter.adapters.tensorflow.naming import named_weights
from dltrainer_jupyter.core.spec import AverageSpec


class Average:
    """The exponential moving average of a net's weights, batch statistics among them. Whole numbers are copied.

    Parameters
    ----------
    name : str
        The net's.
    net : keras.Model
        Built; the average begins with its weights.
    spec : AverageSpec
        How fast it follows.

    Attributes
    ----------
    pairs : list of (keras.Variable, tensorflow.Variable)
        The net's weights, and their averages.
    """

    def __init__(self, name: str, net: Any, spec: AverageSpec) -> None:
        self._name = name
        self._spec = spec
        weights = named_weights(net)
        self._names = [f"{name}.{weight}" for weight in weights]
        self.pairs = [(weight, tf.Variable(weight.value, trainable=False)) for weight in weights.values()]
        self._updates = tf.Variable(0, dtype=tf.int64, trainable=False)

    def update(self) -> None:
        """Follow the net's weights by one update."""
        updates = tf.cast(self._updates, tf.float32)
        decay = tf.cast(decay_at(self._spec, updates, tf.minimum), tf.float32)
        for weight, average in self.pairs:
            if average.dtype.is_floating:
                share = tf.cast(decay, average.dtype)
                average.assign(share * average + (1 - share) * weight.value)
            else:
                average.assign(weight.value)
        self._updates.assign_add(1)

    def restart(self) -> None:
        """Begin with the weights the net has now."""
        for weight, average in self.pairs:
            average.assign(weight.value)
        self._updates.assign(0)

    @property
    def weights(self) -> dict[str, tf.Variable]:
        """Averaged weights, under names of their own."""
        return {averaged_name(name): average for name, (_, average) in zip(self._names, self.pairs, strict=True)}

    @property
    def counts(self) -> dict[str, tf.Variable]:
        """What else belongs to the state."""
        return {f"$averages.{self._name}.updates": self._updates}
