"""What the steps of a Keras model report: its metrics, or what they gave back last."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np


class LastLogs:
    """What a step gave back last, kept in variables, where its names are not those of the model's metrics.

    Where they are, Keras reports the metrics at the end of an epoch; where they aren't, what the last step gave back.
    """

    def __init__(self) -> None:
        self.variables: dict[str, Any] | None = None
        """By name; None before the first step, empty where metrics are reported."""

    def take(self, model: Any, logs: Mapping[str, Any]) -> None:
        """Take what a step gave back, while it is compiled or while it runs."""
        import tensorflow as tf

        given = {name: tf.convert_to_tensor(value) for name, value in _leaves(logs)}
        if self.variables is None:
            # Outside of the graph, in which variables would be gone with it.
            with tf.init_scope():
                self.variables = {} if set(given) == _names_of_metrics(model) else _variables_like(given)
        for name, variable in self.variables.items():
            variable.assign(given[name])

    def read(self, model: Any) -> dict[str, float]:
        """Bring what Keras would report to the host; an array as several numbers, counted from 0."""
        reported = self.variables or model.get_metrics_result()
        return dict(_numbers(reported))

    def state(self) -> dict[str, Any]:
        """Give what is kept, by name."""
        return {name: variable.numpy() for name, variable in (self.variables or {}).items()}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Go on from a state."""
        import tensorflow as tf

        if self.variables is None and state:
            self.variables = _variables_like({name: tf.convert_to_tensor(value) for name, value in state.items()})
        for name, variable in (self.variables or {}).items():
            variable.assign(state[name])


def _leaves(logs: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Give logs without the mappings inside them, whose names Keras leaves out."""
    for name, value in logs.items():
        if isinstance(value, Mapping):
            yield from _leaves(value)
        else:
            yield name, value


def _numbers(logs: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    for name, value in _leaves(logs):
        array = np.asarray(value, np.float64)
        if array.ndim == 0:
            yield name, float(array)
        else:
            yield from ((f"{name}_{index}", float(item)) for index, item in enumerate(array.ravel()))


def _variables_like(tensors: Mapping[str, Any]) -> dict[str, Any]:
    import tensorflow as tf

    return {
        name: tf.Variable(tf.zeros(tensor.shape, tensor.dtype), trainable=False, name=f"last_{name}")
        for name, tensor in tensors.items()
        if tensor.shape.is_fully_defined()
    }


def _names_of_metrics(model: Any) -> set[str] | None:
    """Name what the model's metrics give; None where metrics given to ``compile`` were never updated."""
    try:
        return {name for name, _ in _leaves(model.get_metrics_result())}
    except ValueError:
        return None
