"""Optimizers that Keras lacks: what Keras calls ``weight_decay`` is decoupled from the gradient, on each of its own."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf


class PenalizedAdam(keras.optimizers.Adam):  # type: ignore[misc] # Keras has no types
    """Adam with an L2 penalty in the gradient.

    Parameters
    ----------
    penalty : float, default 0.0
        Times a weight, it is added to the weight's gradient.
    **settings
        Those of ``keras.optimizers.Adam``.
    """

    def __init__(self, *, penalty: float = 0.0, **settings: Any) -> None:
        super().__init__(**settings)
        self.penalty = penalty

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """Update one variable."""
        super().update_step(_penalized(gradient, variable, self.penalty), variable, learning_rate)

    def get_config(self) -> dict[str, Any]:
        """Give the settings."""
        return {**super().get_config(), "penalty": self.penalty}


class DampedSGD(keras.optimizers.SGD):  # type: ignore[misc] # as above
    """Gradient descent whose momentum doesn't hold the learning rate, with dampening and an L2 penalty.

    Keras' own keeps ``momentum * velocity - rate * gradient``, in which a new rate takes effect bit by bit; here, as in
    Sutskever et al. (2013) and on PyTorch, it takes effect at once.

    Parameters
    ----------
    dampening : float, default 0.0
        Share of the gradient left out of the momentum, from the second step on.
    penalty : float, default 0.0
        Times a weight, it is added to the weight's gradient.
    **settings
        Those of ``keras.optimizers.SGD``.
    """

    def __init__(self, *, dampening: float = 0.0, penalty: float = 0.0, **settings: Any) -> None:
        super().__init__(**settings)
        self.dampening = dampening
        self.penalty = penalty

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """Update one variable."""
        gradient = _penalized(gradient, variable, self.penalty)
        rate = tf.cast(learning_rate, variable.dtype)
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
        return {**super().get_config(), "dampening": self.dampening, "penalty": self.penalty}


def _penalized(gradient: Any, variable: Any, penalty: float) -> Any:
    if not penalty:
        return gradient
    # The gradient of an embedding names a few rows; the penalty has them all.
    return tf.convert_to_tensor(gradient) + penalty * tf.convert_to_tensor(variable)
