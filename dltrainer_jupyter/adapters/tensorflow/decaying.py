"""What Keras' optimizers lack: weight decay that joins the gradient, and weights with settings of their own.

What Keras calls ``weight_decay`` is decoupled from the gradient on each of its own, and one for all weights.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import tensorflow as tf


class Own(NamedTuple):
    """Settings of one weight."""

    factor: float
    """What its learning rate is of the optimizer's."""
    decay: float


class Decaying:
    """Put in front of an optimizer of Keras', whose step then gets each weight's own gradient and rate.

    A subclass that has steps of its own overrides ``step``.

    Parameters
    ----------
    decay : float, default 0.0
        Times a weight, it is added to the weight's gradient.
    decoupled : bool, default False
        Times a weight and the learning rate, it is taken off the weight instead.
    **settings
        Those of the optimizer.
    """

    def __init__(self, *, decay: float = 0.0, decoupled: bool = False, **settings: Any) -> None:
        super().__init__(**settings)
        self.decay = decay
        self.decoupled = decoupled
        # As a function: Keras would take a mapping apart, to see whether there are variables in it.
        self._look_up: Callable[[int], Own | None] = lambda _: None

    def set_apart(self, own: Mapping[int, Own]) -> None:
        """Give some weights settings of their own, by their place among those it was built with."""
        self._look_up = dict(own).get

    def own(self, variable: Any) -> Own:
        """Give the settings of a weight."""
        place = self._get_variable_index(variable)  # type: ignore[attr-defined] # Keras'
        return self._look_up(place) or Own(1.0, self.decay)

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """Update one weight."""
        factor, decay = self.own(variable)
        rate = tf.cast(learning_rate, variable.dtype)
        if factor != 1:
            rate = rate * tf.cast(factor, rate.dtype)
        if decay and self.decoupled:
            self.assign_sub(variable, variable * decay * rate)  # type: ignore[attr-defined] # Keras'
        elif decay and self.penalizes:
            # The gradient of an embedding names a few rows; the penalty has them all.
            gradient = tf.convert_to_tensor(gradient) + decay * tf.convert_to_tensor(variable)
        self.step(gradient, variable, rate)

    def step(self, gradient: Any, variable: Any, rate: Any) -> None:
        """Update one weight, by its own gradient and rate."""
        super().update_step(gradient, variable, rate)  # type: ignore[misc] # Keras'

    @property
    def penalizes(self) -> bool:
        """Whether what isn't decoupled joins the gradient."""
        return True

    def get_config(self) -> dict[str, Any]:
        """Give the settings."""
        return {**super().get_config(), "decay": self.decay, "decoupled": self.decoupled}  # type: ignore[misc] # Keras'
