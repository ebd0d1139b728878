"""An optimizer of Keras' that steps by a rule of ours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from dltrainer_jupyter.adapters.shared.updates import Now, Rule
from dltrainer_jupyter.adapters.tensorflow.decaying import Decaying


class Ruled(Decaying, keras.optimizers.Optimizer):  # type: ignore[misc] # Keras has no types
    """Steps as a rule says.

    Parameters
    ----------
    rule : Rule
        How it steps.
    **settings
        Those of ``keras.optimizers.Optimizer``, and ``decay`` and ``decoupled``.
    """

    def __init__(self, rule: Rule, **settings: Any) -> None:
        super().__init__(**settings)
        self._rule = rule
        self._slots: dict[str, list[Any]] = {}

    @property
    def penalizes(self) -> bool:
        """Whether what isn't decoupled joins the gradient."""
        return self._rule.decay == "penalty"

    def build(self, variables: Sequence[Any]) -> None:
        """Make what is kept for each weight."""
        if self.built:
            return
        super().build(variables)
        for slot, begin in self._rule.begin.items():
            start = keras.initializers.Constant(begin)
            self._slots[slot] = [self._made(slot, variable, start) for variable in variables]

    def _made(self, slot: str, variable: Any, start: Any) -> Any:
        if slot not in self._rule.numbers:
            return self.add_variable_from_reference(variable, name=slot, initializer=start)
        name = f"{variable.path.replace('/', '_')}_{slot}"
        return self.add_variable((), initializer=start, dtype=variable.dtype, name=name)

    def step(self, gradient: Any, variable: Any, rate: Any) -> None:
        """Update one weight, by its own gradient and rate."""
        place = self._get_variable_index(variable)
        kept = {slot: tf.convert_to_tensor(variables[place]) for slot, variables in self._slots.items()}
        count = tf.cast(self.iterations.value, tf.float32) + 1
        weight = tf.convert_to_tensor(variable)
        now = Now(keras.ops, count, tf.convert_to_tensor(gradient), weight, self.own(variable).decay)
        change, kept = self._rule.step(now, kept)
        for slot, value in kept.items():
            self.assign(self._slots[slot][place], value)
        self.assign_sub(variable, rate * change)
