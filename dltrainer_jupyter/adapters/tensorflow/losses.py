"""Losses by name. Importing this module does not import TensorFlow; building and computing do."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from dltrainer_jupyter.adapters.shared import losses as shared

if TYPE_CHECKING:
    import tensorflow as tf

    Loss = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]


class CrossEntropy(shared.CrossEntropy):
    """Softmax cross-entropy."""

    def build(self) -> Loss:
        """Make the loss: a function of outputs and targets, averaged over the batch.

        Targets may be class indices, or shares of the classes, as mixing samples makes them. The axis of the classes
        is the last one.
        """
        import tensorflow as tf

        smoothing = self.config.label_smoothing

        def compute(outputs: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
            logits = _at_least_single(outputs)
            if targets.dtype.is_integer and not smoothing:
                return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(targets, logits))
            shares = tf.one_hot(targets, logits.shape[-1]) if targets.dtype.is_integer else targets
            shares = tf.cast(shares, logits.dtype)
            shares = shares * (1 - smoothing) + smoothing / logits.shape[-1]
            return tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(shares, logits))

        return compute


class BCE(shared.BCE):
    """Binary cross-entropy of logits."""

    def build(self) -> Loss:
        """Make the loss: a function of outputs and targets, averaged over all values."""
        import tensorflow as tf

        def compute(outputs: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
            logits = _at_least_single(outputs)
            return tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(tf.cast(targets, logits.dtype), logits))

        return compute


class MSE(shared.MSE):
    """Mean squared error."""

    def build(self) -> Loss:
        """Make the loss: a function of outputs and targets, averaged over all values."""
        import tensorflow as tf

        def compute(outputs: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
            outputs = _at_least_single(outputs)
            return tf.reduce_mean(tf.math.squared_difference(outputs, tf.cast(targets, outputs.dtype)))

        return compute


class Huber(shared.Huber):
    """Huber's loss."""

    def build(self) -> Loss:
        """Make the loss: a function of outputs and targets, averaged over all values."""
        import tensorflow as tf

        delta = self.config.delta

        def compute(outputs: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
            outputs = _at_least_single(outputs)
            error = tf.abs(outputs - tf.cast(targets, outputs.dtype))
            return tf.reduce_mean(tf.where(error <= delta, error**2 / 2, delta * (error - delta / 2)))

        return compute


def _at_least_single(outputs: Any) -> Any:
    """Bring outputs of 16 bits to 32: sums over a batch need them."""
    import tensorflow as tf

    return tf.cast(outputs, tf.float32) if outputs.dtype in (tf.float16, tf.bfloat16) else outputs
