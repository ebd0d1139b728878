"""Losses by name, on JAX. Importing this module does not import jax; building does."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from dltrainer_jupyter.adapters.shared import losses

if TYPE_CHECKING:
    import jax

    Loss = Callable[[jax.Array, jax.Array], jax.Array]


class CrossEntropy(losses.CrossEntropy):
    """Softmax cross-entropy, as ``optax.softmax_cross_entropy_with_integer_labels`` computes it."""

    def build(self) -> Loss:
        """Make the loss: a function of outputs and targets, averaged over the batch.

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
            elif smoothing:
                shares = jnp.eye(classes, dtype=logits.dtype)[targets]
            else:
                return jnp.mean(optax.softmax_cross_entropy_with_integer_labels(logits, targets))
            return jnp.mean(optax.softmax_cross_entropy(logits, (1 - smoothing) * shares + smoothing / classes))

        return loss


class BCE(losses.BCE):
    """Binary cross-entropy, as ``optax.sigmoid_binary_cross_entropy`` computes it."""

    def build(self) -> Loss:
        """Make the loss: a function of outputs and targets, averaged over the batch."""
        import jax.numpy as jnp
        import optax

        def loss(outputs: jax.Array, targets: jax.Array) -> jax.Array:
            return jnp.mean(optax.sigmoid_binary_cross_entropy(outputs, targets.astype(outputs.dtype)))

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
