"""Regularizations by name. Importing this module does not import TensorFlow; building and computing do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from dltrainer_jupyter.adapters.shared import regularizations as shared

if TYPE_CHECKING:
    import tensorflow as tf

    OfParameters = Callable[[Mapping[str, tf.Tensor]], Any]
    OfValue = Callable[[tf.Tensor], tf.Tensor]


class L1(shared.L1):
    """Absolute values of parameters."""

    def build(self) -> OfParameters:
        """Make a function of parameters by name."""
        import tensorflow as tf

        return lambda named: sum(tf.reduce_sum(tf.abs(parameter)) for parameter in named.values())


class L2(shared.L2):
    """Squares of parameters."""

    def build(self) -> OfParameters:
        """Make a function of parameters by name."""
        import tensorflow as tf

        return lambda named: sum(tf.reduce_sum(tf.square(parameter)) for parameter in named.values())


class Orthogonal(shared.Orthogonal):
    """Distance from orthonormal matrices."""

    def build(self) -> OfParameters:
        """Make a function of parameters by name; those that are no matrices are passed over."""
        import tensorflow as tf

        def distance(weight: tf.Tensor) -> tf.Tensor:
            columns = tf.reshape(weight, (-1, weight.shape[-1]))
            wide = columns.shape[0] <= columns.shape[1]
            gram = tf.matmul(columns, columns, transpose_a=not wide, transpose_b=wide)
            return tf.reduce_sum(tf.square(gram - tf.eye(gram.shape[0], dtype=gram.dtype)))

        return lambda named: sum(distance(parameter) for parameter in named.values() if parameter.shape.rank > 1)


class ActivityL1(shared.ActivityL1):
    """Absolute values of what a layer gives."""

    def build(self) -> OfValue:
        """Make a function of what it gives."""
        import tensorflow as tf

        return lambda value: tf.reduce_sum(tf.abs(tf.cast(value, tf.float32))) / _count(value)


class ActivityL2(shared.ActivityL2):
    """Squares of what a layer gives."""

    def build(self) -> OfValue:
        """Make a function of what it gives."""
        import tensorflow as tf

        return lambda value: tf.reduce_sum(tf.square(tf.cast(value, tf.float32))) / _count(value)


class ConfidencePenalty(shared.ConfidencePenalty):
    """Negative entropy of outputs."""

    def build(self) -> OfValue:
        """Make a function of logits (n,), (n, 1) or (n, ..., classes)."""
        import tensorflow as tf

        def compute(logits: tf.Tensor) -> tf.Tensor:
            logits = tf.cast(logits, tf.float32)
            if logits.shape.rank == 1:
                logits = logits[:, None]
            if logits.shape[-1] == 1:
                # Of two classes, the other of which has logit 0.
                logits = tf.concat([tf.zeros_like(logits), logits], axis=-1)
            logarithms = tf.nn.log_softmax(logits)
            return tf.reduce_mean(tf.reduce_sum(tf.exp(logarithms) * logarithms, axis=-1))

        return compute


def _count(value: tf.Tensor) -> tf.Tensor:
    """Count samples."""
    import tensorflow as tf

    return tf.cast(tf.maximum(tf.shape(value)[0], 1), tf.float32)
