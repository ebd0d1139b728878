"""Regularizations by name. Importing this module does not import JAX; building and computing do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from dltrainer_jupyter.adapters.shared import regularizations as shared

if TYPE_CHECKING:
    import jax

    OfParameters = Callable[[Mapping[str, jax.Array]], Any]
    OfValue = Callable[[jax.Array], jax.Array]


class L1(shared.L1):
    """Absolute values of parameters."""

    def build(self) -> OfParameters:
        """Make a function of parameters by name."""
        from dltrainer_jupyter.adapters.jax.absolute import absolute

        return lambda named: sum(absolute(parameter).sum() for parameter in named.values())


class L2(shared.L2):
    """Squares of parameters."""

    def build(self) -> OfParameters:
        """Make a function of parameters by name."""
        import jax.numpy as jnp

        return lambda named: sum(jnp.square(parameter).sum() for parameter in named.values())


class Orthogonal(shared.Orthogonal):
    """Distance from orthonormal matrices."""

    def build(self) -> OfParameters:
        """Make a function of parameters by name; those that are no matrices are passed over."""
        import jax.numpy as jnp

        def distance(weight: jax.Array) -> jax.Array:
            columns = weight.reshape(-1, weight.shape[-1])
            gram = columns @ columns.T if columns.shape[0] <= columns.shape[1] else columns.T @ columns
            return jnp.square(gram - jnp.eye(len(gram), dtype=gram.dtype)).sum()

        return lambda named: sum(distance(parameter) for parameter in named.values() if parameter.ndim > 1)


class ActivityL1(shared.ActivityL1):
    """Absolute values of what a layer gives."""

    def build(self) -> OfValue:
        """Make a function of what it gives."""
        import jax.numpy as jnp

        from dltrainer_jupyter.adapters.jax.absolute import absolute

        return lambda value: absolute(value.astype(jnp.float32)).sum() / max(len(value), 1)


class ActivityL2(shared.ActivityL2):
    """Squares of what a layer gives."""

    def build(self) -> OfValue:
        """Make a function of what it gives."""
        import jax.numpy as jnp

        return lambda value: jnp.square(value.astype(jnp.float32)).sum() / max(len(value), 1)


class ConfidencePenalty(shared.ConfidencePenalty):
    """Negative entropy of outputs."""

    def build(self) -> OfValue:
        """Make a function of logits (n,), (n, 1) or (n, ..., classes)."""
        import jax
        import jax.numpy as jnp

        def compute(logits: jax.Array) -> jax.Array:
            logits = logits.astype(jnp.float32)
            if logits.ndim == 1:
                logits = logits[:, None]
            if logits.shape[-1] == 1:
                # Of two classes, the other of which has logit 0.
                logits = jnp.concatenate([jnp.zeros_like(logits), logits], axis=-1)
            logarithms = jax.nn.log_softmax(logits)
            return (jnp.exp(logarithms) * logarithms).sum(axis=-1).mean()

        return compute
