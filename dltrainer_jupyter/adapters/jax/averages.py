"""The exponential moving average of a net's weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
from flax import nnx

from dltrainer_jupyter.adapters.jax.learning import chosen
from dltrainer_jupyter.adapters.shared.averages import decay_at
from dltrainer_jupyter.core.spec import AverageSpec


@dataclass
class Average:
    """A net of averaged weights, and the updates it has been through."""

    net: Any
    updates: Any


def follow(average: Average, module: nnx.Module, updated: jax.Array, spec: AverageSpec) -> Average:
    """Let an average follow a net that was updated, if it was.

    Parameters
    ----------
    average : Average
        Of a module of the same structure; the module is changed in place.
    module : flax.nnx.Module
        The net in training.
    updated : jax.Array of bool, shape ()
        Whether there was an update.
    spec : AverageSpec
        How fast it follows.
    """
    decay = decay_at(spec, average.updates.astype(jnp.float32), jnp.minimum)

    def step(old: jax.Array, new: jax.Array) -> jax.Array:
        if not jnp.issubdtype(new.dtype, jnp.inexact):
            return new
        share = jnp.asarray(decay, old.dtype)
        return share * old + (1 - share) * new

    theirs, ours = nnx.state(average.net, _is_weight), nnx.state(module, _is_weight)
    nnx.update(average.net, chosen(updated, jax.tree.map(step, theirs, ours), theirs))
    return Average(average.net, average.updates + updated.astype(average.updates.dtype))


def _is_weight(_: Any, variable: Any) -> bool:
    return not isinstance(variable, nnx.RngState)
