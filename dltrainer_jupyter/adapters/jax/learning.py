"""An optimizer of a run: an optax transformation, and everything that is kept from one batch to the next."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import jax
import jax.numpy as jnp
import optax
from flax import nnx

from dltrainer_jupyter.adapters.jax.nets import is_trainable
from dltrainer_jupyter.adapters.shared.scaling import BACKOFF, FIRST_SCALE, GROWTH, SMALL, STEADY
from dltrainer_jupyter.core.spec import ClippingSpec, RunSpec


@dataclass
class Optimizer:
    """What learns, and what it keeps.

    Attributes
    ----------
    transformation : optax.GradientTransformationExtraArgs
        Turns gradients into updates.
    kept : dict
        ``slots``, the transformation's own state; with accumulation ``sum`` and ``batches``, the gradients so far
        and their number; in 16 bits ``scale`` and ``steady``, the loss scale and the good updates since it changed.
    batches : int
        That make an update.
    learns : callable
        Tells by path and variable what of its net it updates.
    """

    transformation: optax.GradientTransformationExtraArgs
    kept: dict[str, Any]
    batches: int = 1
    learns: Callable[[Any, Any], bool] = is_trainable


def make_optimizer(
    transformation: optax.GradientTransformation,
    module: nnx.Module,
    spec: RunSpec,
    learns: Callable[[Any, Any], bool] = is_trainable,
) -> Optimizer:
    """Prepare a transformation for the parameters of a module that learn."""
    params = nnx.as_pure(nnx.state(module, learns))
    kept = {"slots": transformation.init(params)}
    if spec.gradient_accumulation > 1:
        kept |= {"sum": jax.tree.map(jnp.zeros_like, params), "batches": jnp.zeros((), jnp.int32)}
    if spec.precision == "16-mixed":
        kept |= {"scale": jnp.full((), FIRST_SCALE, jnp.float32), "steady": jnp.zeros((), jnp.int32)}
    return Optimizer(optax.with_extra_args_support(transformation), kept, spec.gradient_accumulation, learns)


def learn(
    optimizer: Optimizer, params: Any, gradients: Any, loss: jax.Array, spec: RunSpec
) -> tuple[Any, Optimizer, jax.Array]:
    """Take in the gradients of a batch, and make an update where one is due.

    Parameters
    ----------
    optimizer : Optimizer
        As it is before the batch.
    params, gradients : pytree of jax.Array
        Of the same structure.
    loss : jax.Array, shape ()
        For transformations that look at it.
    spec : RunSpec
        Says how gradients are clipped.

    Returns
    -------
    params : pytree of jax.Array
        After the update, if there was one.
    optimizer : Optimizer
        As it is after the batch.
    updated : jax.Array of bool, shape ()
        Whether there was an update.
    """
    many = optimizer.batches
    if many == 1:
        params, kept, updated = _update(optimizer, (params, optimizer.kept, gradients), loss, spec)
        return params, replace(optimizer, kept=kept), updated
    kept = dict(optimizer.kept)
    gradients = jax.tree.map(lambda old, new: old + new / many, kept["sum"], gradients)
    batches = kept["batches"] + 1

    def update(given: tuple[Any, Any, Any]) -> tuple[Any, Any, jax.Array]:
        after, kept, updated = _update(optimizer, given, loss, spec)
        return after, kept | {"sum": jax.tree.map(jnp.zeros_like, given[2])}, updated

    def wait(given: tuple[Any, Any, Any]) -> tuple[Any, Any, jax.Array]:
        return given[0], given[1] | {"sum": given[2]}, jnp.zeros((), bool)

    params, kept, updated = jax.lax.cond(batches == many, update, wait, (params, kept, gradients))
    kept["batches"] = batches % many
    return params, replace(optimizer, kept=kept), updated


def _update(
    optimizer: Optimizer, given: tuple[Any, dict[str, Any], Any], loss: jax.Array, spec: RunSpec
) -> tuple[Any, dict[str, Any], jax.Array]:
    """Clip and apply gradients; in 16 bits only if they are finite, which decides about the loss scale as well."""
    params, kept, gradients = given
    clipped = gradients if spec.gradient_clipping is None else _clipped(gradients, spec.gradient_clipping)
    changes, slots = optimizer.transformation.update(clipped, kept["slots"], params, value=loss)
    after = optax.apply_updates(params, changes)
    if "scale" not in kept:
        return after, kept | {"slots": slots}, jnp.ones((), bool)
    finite = jnp.all(jnp.stack([jnp.all(jnp.isfinite(leaf)) for leaf in jax.tree.leaves(gradients)]))
    after, slots = chosen(finite, (after, slots), (params, kept["slots"]))
    steady = jnp.where(finite, kept["steady"] + 1, 0)
    grows = steady == STEADY
    scale = kept["scale"] * jnp.where(finite, jnp.where(grows, GROWTH, 1.0), BACKOFF)
    return after, kept | {"slots": slots, "scale": scale, "steady": jnp.where(grows, 0, steady)}, finite


def _clipped(gradients: Any, clipping: ClippingSpec) -> Any:
    if clipping.value is not None:
        bound = clipping.value
        gradients = jax.tree.map(lambda leaf: jnp.clip(leaf, -bound, bound), gradients)
    if clipping.norm is None:
        return gradients
    factor = jnp.minimum(1.0, clipping.norm / (optax.tree.norm(gradients) + SMALL))
    return jax.tree.map(lambda leaf: leaf * factor.astype(leaf.dtype), gradients)


def chosen(condition: jax.Array, yes: Any, no: Any) -> Any:
    """Give one of two states, array by array, without asking the device which."""
    return jax.tree.map(lambda one, other: jnp.where(condition, one, other), yes, no)
