"""Losses by name, on JAX. Importing this module does not import jax; building does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from dltrainer_jupyter.adapters.shared import losses
from dltrainer_jupyter.adapters.shared import value_losses as values

if TYPE_CHECKING:
    import jax

    Loss = Callable[[jax.Array, jax.Array], jax.Array]


class CrossEntropy(losses.CrossEntropy):
    """Softmax cross-entropy, as ``optax.softmax_cross_entropy_with_integer_labels`` computes it."""

    def build(self, class_weights: Sequence[float] | None = None) -> Loss:
        """Make the loss: a function of outputs and targets, averaged over the batch, or over the weights in it.

        Classes lie along the second axis of outputs; targets are their indices, or the share of each.
        """
        import jax.numpy as jnp
        import optax

        smoothing: float = self.config.label_smoothing

        def loss(outputs: jax.Array, targets: jax.Array) -> jax.Array:
            logits = jnp.moveaxis(outputs, 1, -1)
            classes = logits.shape[-1]
            if jnp.issubdtype(targets.dtype, jnp.floating):
                shares = jnp.moveaxis(targets, 1, -1)
            elif smoothing or class_weights is not None:
                shares = jnp.eye(classes, dtype=logits.dtype)[targets]
            else:
                return jnp.mean(optax.softmax_cross_entropy_with_integer_labels(logits, targets))
            smooth = (1 - smoothing) * shares + smoothing / classes
            if class_weights is None:
                return jnp.mean(optax.softmax_cross_entropy(logits, smooth))
            weights = jnp.asarray(class_weights, logits.dtype)
            each = optax.softmax_cross_entropy(logits, smooth * weights)
            # As on PyTorch: over the weights of classes that are sure, over samples where they are shares.
            if jnp.issubdtype(targets.dtype, jnp.floating):
                return jnp.mean(each)
            return jnp.sum(each) / jnp.sum(weights[targets])

        return loss


class NLL(losses.NLL):
    """Negative log-likelihood of log-probabilities."""

    def build(self, class_weights: Sequence[float] | None = None) -> Loss:
        """Make the loss: a function of outputs and targets, averaged over the batch, or over the weights in it."""
        import jax.numpy as jnp

        def loss(outputs: jax.Array, targets: jax.Array) -> jax.Array:
            each = -jnp.take_along_axis(outputs, targets[:, None], axis=1)[:, 0]
            return _averaged(each, None if class_weights is None else jnp.asarray(class_weights)[targets])

        return loss


class BCE(losses.BCE):
    """Binary cross-entropy, as ``optax.sigmoid_binary_cross_entropy`` computes it."""

    def build(self, class_weights: Sequence[float] | None = None) -> Loss:
        """Make the loss: a function of outputs and targets, averaged over all values, or over the weights of them."""
        import jax.numpy as jnp
        import optax

        weights = None if class_weights is None else losses.of_two(class_weights)
        factor: float = self.config.pos_weight

        def loss(outputs: jax.Array, targets: jax.Array) -> jax.Array:
            targets = targets.astype(outputs.dtype)
            if weights is None and factor == 1:
                return jnp.mean(optax.sigmoid_binary_cross_entropy(outputs, targets))
            each = optax.sigmoid_binary_cross_entropy(outputs, targets) * (1 + (factor - 1) * targets)
            return _averaged(each, None if weights is None else weights[0] + (weights[1] - weights[0]) * targets)

        return loss


class Hinge(losses.Hinge):
    """By how much the right class misses its lead."""

    def build(self) -> Loss:
        """Make the loss: a function of outputs and targets, averaged over the batch."""
        import jax.numpy as jnp

        margin: float = self.config.margin

        def loss(outputs: jax.Array, targets: jax.Array) -> jax.Array:
            if jnp.issubdtype(targets.dtype, jnp.floating):
                return jnp.mean(jnp.maximum(margin - (2 * targets - 1) * outputs, 0))
            classes = outputs.shape[1]
            right = jnp.take_along_axis(outputs, targets[:, None], axis=1)
            missed = jnp.maximum(margin - right + outputs, 0) * (1 - jnp.eye(classes, dtype=outputs.dtype)[targets])
            return jnp.mean(jnp.sum(missed, axis=1) / classes)

        return loss


class Focal(losses.Focal):
    """Cross-entropy that counts easy samples little."""

    def build(self, class_weights: Sequence[float] | None = None) -> Loss:
        """Make the loss: a function of outputs and targets, averaged over the batch, or over the weights in it."""
        import jax
        import jax.numpy as jnp
        import optax

        gamma, alpha = self.config.gamma, self.config.alpha

        def doubt(missed: jax.Array) -> jax.Array:
            return jnp.maximum(missed, losses.LEAST_DOUBT) ** gamma

        def binary(outputs: jax.Array, targets: jax.Array) -> jax.Array:
            targets = targets.astype(outputs.dtype)
            likely = jax.nn.sigmoid(outputs)
            each = optax.sigmoid_binary_cross_entropy(outputs, targets)
            each = each * doubt(likely + targets - 2 * likely * targets)
            if alpha is not None:
                each = each * (1 - alpha + (2 * alpha - 1) * targets)
            two = None if class_weights is None else losses.of_two(class_weights)
            return _averaged(each, None if two is None else two[0] + (two[1] - two[0]) * targets)

        def loss(outputs: jax.Array, targets: jax.Array) -> jax.Array:
            if outputs.shape[1] == 1:
                return binary(outputs, targets)
            logs = jax.nn.log_softmax(outputs, axis=1)
            weights = None if class_weights is None else jnp.asarray(class_weights, logs.dtype)
            if jnp.issubdtype(targets.dtype, jnp.floating):
                each = -jnp.moveaxis(targets * doubt(1 - jnp.exp(logs)) * logs, 1, -1)
                return jnp.mean(jnp.sum(each if weights is None else each * weights, axis=-1))
            found = jnp.take_along_axis(logs, targets[:, None], axis=1)[:, 0]
            return _averaged(-doubt(1 - jnp.exp(found)) * found, None if weights is None else weights[targets])

        return loss


class MSE(losses.MSE):
    """Mean squared error."""

    def build(self) -> Loss:
        """Make the loss: a function of outputs and targets, averaged over the batch."""
        import jax.numpy as jnp

        def loss(outputs: jax.Array, targets: jax.Array) -> jax.Array:
            return jnp.mean(jnp.square(outputs - targets))

        return loss


class Huber(losses.Huber):
    """Huber's loss, as ``optax.huber_loss`` computes it."""

    def build(self) -> Loss:
        """Make the loss: a function of outputs and targets, averaged over the batch."""
        import jax.numpy as jnp
        import optax

        delta: float = self.config.delta

        def loss(outputs: jax.Array, targets: jax.Array) -> jax.Array:
            return jnp.mean(optax.huber_loss(outputs, targets, delta=delta))

        return loss


class MAE(values.MAE):
    """Mean absolute error."""

    def build(self) -> Loss:
        """Make the loss: a function of outputs and targets, averaged over all values."""
        import jax.numpy as jnp

        from dltrainer_jupyter.adapters.jax.absolute import absolute

        return lambda outputs, targets: jnp.mean(absolute(outputs - targets))


class SmoothL1(values.SmoothL1):
    """Squared near zero, absolute beyond."""

    def build(self) -> Loss:
        """Make the loss: a function of outputs and targets, averaged over all values."""
        import jax.numpy as jnp
        import optax

        beta: float = self.config.beta
        return lambda outputs, targets: jnp.mean(optax.huber_loss(outputs, targets, delta=beta)) / beta


class LogCosh(values.LogCosh):
    """Logarithm of the error's hyperbolic cosine, as ``optax.log_cosh`` computes it."""

    def build(self) -> Loss:
        """Make the loss: a function of outputs and targets, averaged over all values."""
        import jax.numpy as jnp
        import optax

        return lambda outputs, targets: jnp.mean(optax.log_cosh(outputs, targets))


class Poisson(values.Poisson):
    """Negative log-likelihood of counts."""

    def build(self) -> Loss:
        """Make the loss: a function of outputs and targets, averaged over all values."""
        import jax.numpy as jnp

        eps: float = self.config.eps
        if self.config.log_input:
            return lambda outputs, targets: jnp.mean(jnp.exp(outputs) - targets * outputs)
        return lambda outputs, targets: jnp.mean(outputs - targets * jnp.log(outputs + eps))


class KLDiv(values.KLDiv):
    """Divergence of the softmax from given shares."""

    def build(self) -> Loss:
        """Make the loss: a function of outputs and targets, summed over classes and averaged over the batch."""
        import jax
        import jax.numpy as jnp
        from jax.scipy.special import xlogy

        def loss(outputs: jax.Array, targets: jax.Array) -> jax.Array:
            each = xlogy(targets, targets) - targets * jax.nn.log_softmax(outputs, axis=1)
            return jnp.sum(each) / len(outputs)

        return loss


def _averaged(each: jax.Array, weights: jax.Array | None) -> jax.Array:
    import jax.numpy as jnp

    return jnp.mean(each) if weights is None else jnp.sum(weights * each) / jnp.sum(weights)
