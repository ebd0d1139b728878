"""Losses by name. Importing this module does not import TensorFlow; building and computing do."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from dltrainer_jupyter.adapters.shared import losses as shared
from dltrainer_jupyter.adapters.shared import value_losses as values

if TYPE_CHECKING:
    import tensorflow as tf

    Loss = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]


class CrossEntropy(shared.CrossEntropy):
    """Softmax cross-entropy."""

    def build(self, class_weights: Sequence[float] | None = None) -> Loss:
        """Make the loss: a function of outputs and targets, averaged over the batch, or over the weights in it.

        Targets may be class indices, or shares of the classes, as mixing samples makes them. The axis of the classes
        is the last one.
        """
        import tensorflow as tf

        smoothing = self.config.label_smoothing

        def compute(outputs: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
            logits = _at_least_single(outputs)
            if targets.dtype.is_integer and not smoothing and class_weights is None:
                return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(targets, logits))
            shares = tf.one_hot(targets, logits.shape[-1]) if targets.dtype.is_integer else targets
            shares = tf.cast(shares, logits.dtype)
            shares = shares * (1 - smoothing) + smoothing / logits.shape[-1]
            if class_weights is None:
                return tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(shares, logits))
            weights = tf.constant(class_weights, logits.dtype)
            # TensorFlow's own takes shares for ones that add up to 1.
            each = -tf.reduce_sum(shares * weights * tf.nn.log_softmax(logits), axis=-1)
            # As on PyTorch: over the weights of classes that are sure, over samples where they are shares.
            if not targets.dtype.is_integer:
                return tf.reduce_mean(each)
            return tf.reduce_sum(each) / tf.reduce_sum(tf.gather(weights, targets))

        return compute


class NLL(shared.NLL):
    """Negative log-likelihood of log-probabilities; the axis of the classes is the last one."""

    def build(self, class_weights: Sequence[float] | None = None) -> Loss:
        """Make the loss: a function of outputs and targets, averaged over the batch, or over the weights in it."""
        import tensorflow as tf

        def compute(outputs: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
            logs = _at_least_single(outputs)
            each = -tf.reduce_sum(tf.one_hot(targets, logs.shape[-1], dtype=logs.dtype) * logs, axis=-1)
            return _averaged(each, None if class_weights is None else tf.gather(tf.constant(class_weights), targets))

        return compute


class BCE(shared.BCE):
    """Binary cross-entropy of logits."""

    def build(self, class_weights: Sequence[float] | None = None) -> Loss:
        """Make the loss: a function of outputs and targets, averaged over all values, or over the weights of them."""
        import tensorflow as tf

        weights = None if class_weights is None else shared.of_two(class_weights)
        factor = self.config.pos_weight

        def compute(outputs: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
            logits = _at_least_single(outputs)
            targets = tf.cast(targets, logits.dtype)
            each = tf.nn.sigmoid_cross_entropy_with_logits(targets, logits)
            if factor != 1:
                each *= 1 + (factor - 1) * targets
            return _averaged(each, None if weights is None else weights[0] + (weights[1] - weights[0]) * targets)

        return compute


class Hinge(shared.Hinge):
    """By how much the right class misses its lead; the axis of the classes is the last one."""

    def build(self) -> Loss:
        """Make the loss: a function of outputs and targets, averaged over the batch."""
        import tensorflow as tf

        margin = self.config.margin

        def compute(outputs: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
            outputs = _at_least_single(outputs)
            if not targets.dtype.is_integer:
                return tf.reduce_mean(tf.nn.relu(margin - (2 * tf.cast(targets, outputs.dtype) - 1) * outputs))
            classes = outputs.shape[-1]
            there = tf.one_hot(targets, classes, dtype=outputs.dtype)
            right = tf.reduce_sum(there * outputs, axis=-1, keepdims=True)
            missed = tf.nn.relu(margin - right + outputs) * (1 - there)
            return tf.reduce_mean(tf.reduce_sum(missed, axis=-1) / classes)

        return compute


class Focal(shared.Focal):
    """Cross-entropy that counts easy samples little; the axis of the classes is the last one."""

    def build(self, class_weights: Sequence[float] | None = None) -> Loss:
        """Make the loss: a function of outputs and targets, averaged over the batch, or over the weights in it."""
        import tensorflow as tf

        gamma, alpha = self.config.gamma, self.config.alpha

        def doubt(missed: tf.Tensor) -> tf.Tensor:
            return tf.maximum(missed, shared.LEAST_DOUBT) ** gamma

        def binary(outputs: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
            targets = tf.cast(targets, outputs.dtype)
            likely = tf.sigmoid(outputs)
            each = tf.nn.sigmoid_cross_entropy_with_logits(targets, outputs)
            each *= doubt(likely + targets - 2 * likely * targets)
            if alpha is not None:
                each *= 1 - alpha + (2 * alpha - 1) * targets
            two = None if class_weights is None else shared.of_two(class_weights)
            return _averaged(each, None if two is None else two[0] + (two[1] - two[0]) * targets)

        def compute(outputs: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
            outputs = _at_least_single(outputs)
            if outputs.shape[-1] == 1:
                return binary(outputs, targets)
            logs = tf.nn.log_softmax(outputs)
            weights = None if class_weights is None else tf.constant(class_weights, logs.dtype)
            if not targets.dtype.is_integer:
                each = -tf.cast(targets, logs.dtype) * doubt(1 - tf.exp(logs)) * logs
                return tf.reduce_mean(tf.reduce_sum(each if weights is None else each * weights, axis=-1))
            found = tf.reduce_sum(tf.one_hot(targets, logs.shape[-1], dtype=logs.dtype) * logs, axis=-1)
            each = -doubt(1 - tf.exp(found)) * found
            return _averaged(each, None if weights is None else tf.gather(weights, targets))

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


class MAE(values.MAE):
    """Mean absolute error."""

    def build(self) -> Loss:
        """Make the loss: a function of outputs and targets, averaged over all values."""
        return _of_errors(abs)


class SmoothL1(values.SmoothL1):
    """Squared near zero, absolute beyond."""

    def build(self) -> Loss:
        """Make the loss: a function of outputs and targets, averaged over all values."""
        import tensorflow as tf

        beta = self.config.beta

        def value(error: tf.Tensor) -> tf.Tensor:
            size = tf.abs(error)
            return tf.where(size <= beta, size**2 / (2 * beta), size - beta / 2)

        return _of_errors(value)


class LogCosh(values.LogCosh):
    """Logarithm of the error's hyperbolic cosine."""

    def build(self) -> Loss:
        """Make the loss: a function of outputs and targets, averaged over all values."""
        import tensorflow as tf

        return _of_errors(lambda error: tf.abs(error) + tf.nn.softplus(-2 * tf.abs(error)) - math.log(2))


class Poisson(values.Poisson):
    """Negative log-likelihood of counts."""

    def build(self) -> Loss:
        """Make the loss: a function of outputs and targets, averaged over all values."""
        import tensorflow as tf

        logarithmic, eps = self.config.log_input, self.config.eps

        def compute(outputs: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
            outputs = _at_least_single(outputs)
            targets = tf.cast(targets, outputs.dtype)
            mean, log = (tf.exp(outputs), outputs) if logarithmic else (outputs, tf.math.log(outputs + eps))
            return tf.reduce_mean(mean - targets * log)

        return compute


class KLDiv(values.KLDiv):
    """Divergence of the softmax from given shares; the axis of the classes is the last one."""

    def build(self) -> Loss:
        """Make the loss: a function of outputs and targets, summed over classes and averaged over the batch."""
        import tensorflow as tf

        def compute(outputs: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
            outputs = _at_least_single(outputs)
            targets = tf.cast(targets, outputs.dtype)
            each = tf.math.xlogy(targets, targets) - targets * tf.nn.log_softmax(outputs)
            return tf.reduce_sum(each) / tf.cast(tf.shape(outputs)[0], each.dtype)

        return compute


def _of_errors(value: Callable[[Any], Any]) -> Loss:
    """Average a function of outputs' errors."""
    import tensorflow as tf

    def compute(outputs: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
        outputs = _at_least_single(outputs)
        return tf.reduce_mean(value(outputs - tf.cast(targets, outputs.dtype)))

    return compute


def _averaged(each: Any, weights: Any) -> Any:
    import tensorflow as tf

    return tf.reduce_mean(each) if weights is None else tf.reduce_sum(weights * each) / tf.reduce_sum(weights)


def _at_least_single(outputs: Any) -> Any:
    """Bring outputs of 16 bits to 32: sums over a batch need them."""
    import tensorflow as tf

    return tf.cast(outputs, tf.float32) if outputs.dtype in (tf.float16, tf.bfloat16) else outputs
