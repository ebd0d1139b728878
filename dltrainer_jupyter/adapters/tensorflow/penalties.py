"""Optimizers that Keras has, with what they lack of PyTorch's of the same name."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from dltrainer_jupyter.adapters.tensorflow.decaying import Decaying


class DecayingAdam(Decaying, keras.optimizers.Adam):  # type: ignore[misc] # Keras has no types
    """Adam with an L2 penalty in the gradient, or with decoupled weight decay.

    Parameters
    ----------
    **settings
        Those of ``keras.optimizers.Adam``, and ``decay`` and ``decoupled``.
    """


class DampedSGD(Decaying, keras.optimizers.SGD):  # type: ignore[misc] # as above
    """Gradient descent whose momentum doesn't hold the learning rate, with dampening and an L2 penalty.

    Keras' own keeps ``momentum * velocity - rate * gradient``, in which a new rate takes effect bit by bit; here, as in
    Sutskever et al. (2013) and on PyTorch, it takes effect at once.

    Parameters
    ----------
    dampening : float, default 0.0
        Share of the gradient left out of the momentum, from the second step on.
    **settings
        Those of ``keras.optimizers.SGD``, and ``decay``.
    """

    def __init__(self, *, dampening: float = 0.0, **settings: Any) -> None:
        super().__init__(**settings)
        self.dampening = dampening

    def step(self, gradient: Any, variable: Any, rate: Any) -> None:
        """Update one variable, by its own gradient and rate."""
        if self.momentum:
            gradient = tf.convert_to_tensor(gradient)
            velocity = self.momentums[self._get_variable_index(variable)]
            share = tf.where(tf.equal(self.iterations.value, 0), 1.0, 1.0 - self.dampening)
            kept = self.momentum * velocity + tf.cast(share, gradient.dtype) * gradient
            self.assign(velocity, kept)
            gradient = gradient + self.momentum * kept if self.nesterov else kept
        self.assign_sub(variable, gradient * rate)

    def get_config(self) -> dict[str, Any]:
        """Give the settings."""
        return {**super().get_config(), "dampening": self.dampening}
