"""Recurrent layers on Flax NNX, which compute as PyTorch's do. Imports flax; imported only while a net is built.

Sequences are (n, time, features).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
from flax import nnx

from dltrainer_jupyter.models.flax_layers import Layer


class _Cell(nnx.Module):
    """What reads one direction: weights of its gates for what comes, and for what was found.

    Parameters
    ----------
    gates : int
        How many.
    features, units : int
        Values of a step, and of the memory.
    rngs : flax.nnx.Rngs
        What initial weights are drawn from.
    """

    def __init__(self, gates: int, features: int, units: int, rngs: nnx.Rngs) -> None:
        self.units = units
        self.kernel = _weights(rngs, units, features, gates * units)
        self.recurrent = _weights(rngs, units, units, gates * units)
        self.bias = _weights(rngs, units, gates * units)

    def _given(self, steps: jax.Array) -> jax.Array:
        """Weigh what comes, all steps at once."""
        return steps @ self.kernel[...] + self.bias[...]

    def _start(self, steps: jax.Array) -> jax.Array:
        """Give the memory before the first step."""
        return jnp.zeros((len(steps), self.units), steps.dtype)


class LSTM(_Cell):
    """One direction of an LSTM, with PyTorch's equations and one bias a gate.

    Parameters
    ----------
    features, units : int
        Values of a step, and of the memory.
    rngs : flax.nnx.Rngs
        What initial weights are drawn from.
    """

    def __init__(self, features: int, units: int, rngs: nnx.Rngs) -> None:
        super().__init__(4, features, units, rngs)

    def __call__(self, steps: jax.Array) -> jax.Array:
        """Give what was found at each step, shape (n, time, units)."""
        recurrent = self.recurrent[...]

        def step(memory: tuple[jax.Array, jax.Array], given: jax.Array) -> tuple[Any, jax.Array]:
            found, kept = memory
            take, keep, new, show = jnp.split(given + found @ recurrent, 4, axis=-1)
            kept = jax.nn.sigmoid(keep) * kept + jax.nn.sigmoid(take) * jnp.tanh(new)
            found = jax.nn.sigmoid(show) * jnp.tanh(kept)
            return (found, kept), found

        start = self._start(steps)
        return _scanned(step, (start, start), self._given(steps))


class GRU(_Cell):
    """One direction of a GRU, with PyTorch's equations.

    Parameters
    ----------
    features, units : int
        Values of a step, and of the memory.
    rngs : flax.nnx.Rngs
        What initial weights are drawn from.
    """

    def __init__(self, features: int, units: int, rngs: nnx.Rngs) -> None:
        super().__init__(3, features, units, rngs)
        self.recurrent_bias = _weights(rngs, units, 3 * units)

    def __call__(self, steps: jax.Array) -> jax.Array:
        """Give what was found at each step, shape (n, time, units)."""
        recurrent, bias = self.recurrent[...], self.recurrent_bias[...]

        def step(found: jax.Array, given: jax.Array) -> tuple[jax.Array, jax.Array]:
            reset, update, new = jnp.split(given, 3, axis=-1)
            old_reset, old_update, old = jnp.split(found @ recurrent + bias, 3, axis=-1)
            update = jax.nn.sigmoid(update + old_update)
            new = jnp.tanh(new + jax.nn.sigmoid(reset + old_reset) * old)
            found = update * found + (1 - update) * new
            return found, found

        return _scanned(step, self._start(steps), self._given(steps))


class Reading(nnx.Module):
    """Reads a sequence onward and, with two ways, backward.

    Parameters
    ----------
    ways : sequence of callable
        One, or two of which the second reads from the end.
    every_step : bool
        Whether to give what was found at each step, or at the end of each way.
    """

    def __init__(self, ways: Sequence[Layer], *, every_step: bool) -> None:
        self.onward = ways[0]
        self.back = ways[1] if len(ways) > 1 else None
        self.every_step = every_step

    def __call__(self, steps: jax.Array) -> jax.Array:
        """Read."""
        onward = self.onward(steps)
        found = [onward if self.every_step else onward[:, -1]]
        if self.back is not None:
            back = self.back(steps[:, ::-1])
            found.append(back[:, ::-1] if self.every_step else back[:, -1])
        return jnp.concatenate(found, axis=-1)


def _scanned(step: Any, start: Any, given: jax.Array) -> jax.Array:
    """Go through the steps of sequences, shape (n, time, ...), one after another."""
    found: jax.Array = jax.lax.scan(step, start, given.swapaxes(0, 1))[1]
    return found.swapaxes(0, 1)


def _weights(rngs: nnx.Rngs, units: int, *shape: int) -> nnx.Param[jax.Array]:
    """Draw weights of a recurrent layer as PyTorch does."""
    bound = units**-0.5
    return nnx.Param(jax.random.uniform(rngs.params(), shape, minval=-bound, maxval=bound))
