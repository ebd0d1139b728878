"""Layers of Flax NNX for channels-first data. Imports flax; imported only while a net is built."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
from flax import nnx

Layer = Callable[[jax.Array], jax.Array]

_ACTIVATIONS: dict[str, Layer] = {
    "relu": jax.nn.relu,
    "leaky_relu": jax.nn.leaky_relu,
    "elu": jax.nn.elu,
    "gelu": lambda x: jax.nn.gelu(x, approximate=False),
    "silu": jax.nn.silu,
    "tanh": jnp.tanh,
    "sigmoid": jax.nn.sigmoid,
}

_START = nnx.initializers.variance_scaling(1 / 3, "fan_in", "uniform")
"""Initial weights as PyTorch draws them (He et al., 2015)."""


class Layers(nnx.Module):
    """Named layers, one after another.

    Parameters
    ----------
    layers : mapping of str to callable
        In order; each becomes an attribute of its name.
    """

    def __init__(self, layers: Mapping[str, Layer]) -> None:
        self.order = tuple(layers)
        for name, layer in layers.items():
            setattr(self, name, layer)

    def __call__(self, inputs: jax.Array) -> jax.Array:
        """Compute the outputs."""
        for name in self.order:
            inputs = getattr(self, name)(inputs)
        return inputs


class Function(nnx.Module):
    """A layer without weights, known by its name, so that a net can be pickled.

    Parameters
    ----------
    name : str
        One of this module's functions, or an activation.
    """

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, inputs: jax.Array) -> jax.Array:
        """Apply the function."""
        return _FUNCTIONS[self.name](inputs)


def _pool(kind: Callable[..., Any]) -> Layer:
    return lambda x: kind(x, window_shape=(2, 2), strides=(2, 2))


_FUNCTIONS: dict[str, Layer] = {
    **_ACTIVATIONS,
    "to_float": lambda x: x.astype(jnp.float32),
    "channels_last": lambda x: x.transpose(0, 2, 3, 1),
    # Back to the front first: the weights behind it then mean the same on every framework.
    "flatten_image": lambda x: x.transpose(0, 3, 1, 2).reshape(len(x), -1),
    "flatten": lambda x: x.reshape(len(x), -1),
    "max": _pool(nnx.max_pool),
    "average": _pool(nnx.avg_pool),
}


def linear(inputs: int, outputs: int, rngs: nnx.Rngs) -> nnx.Linear:
    """Make a fully connected layer."""
    return nnx.Linear(inputs, outputs, kernel_init=_START, rngs=rngs)


def convolution(channels: int, features: int, size: int, rngs: nnx.Rngs, *, bias: bool) -> nnx.Conv:
    """Make a convolution that keeps height and width."""
    return nnx.Conv(channels, features, (size, size), use_bias=bias, kernel_init=_START, rngs=rngs)


def batch_norm(features: int, rngs: nnx.Rngs) -> nnx.BatchNorm:
    """Make a normalisation over the batch that follows as fast as PyTorch's does."""
    return nnx.BatchNorm(features, momentum=0.9, epsilon=1e-5, rngs=rngs)
