"""What layers are made of on Flax NNX besides its own. Imports flax; imported only while a net is built.

Images are (n, height, width, channels) and sequences (n, time, features).
"""

from __future__ import annotations

from typing import Any, Literal

import jax
import jax.numpy as jnp
from flax import nnx

from dltrainer_jupyter.models.blocks import Activation
from dltrainer_jupyter.models.flax_layers import Function, Layer, Layers, batch_norm
from dltrainer_jupyter.models.layers.flow import Flow
from dltrainer_jupyter.models.layers.windows import Window


def activated(layer: Layer, activation: Activation | None) -> Layer:
    """Put an activation behind a layer, if there is one."""
    return layer if activation is None else Layers({"weights": layer, "activation": Function(activation)})


def dense(features: int, units: int, rngs: nnx.Rngs, *, bias: bool) -> nnx.Linear:
    """Make a fully connected layer that starts as PyTorch's does."""
    start = _start(features)
    return nnx.Linear(features, units, use_bias=bias, kernel_init=start, bias_init=start, rngs=rngs)


def conv(flow: Flow, features: int, window: Window, rngs: nnx.Rngs, *, bias: bool) -> nnx.Conv:
    """Make a convolution that starts as PyTorch's does, with zeros where PyTorch puts them."""
    directions = 2 if flow.form == "image" else 1
    start = _start(flow.features * window.size**directions)
    return nnx.Conv(
        flow.features,
        features,
        (window.size,) * directions,
        (window.stride,) * directions,
        padding=[(window.zeros, window.zeros)] * directions,
        use_bias=bias,
        kernel_init=start,
        bias_init=start,
        rngs=rngs,
    )


def norm(kind: Literal["batch", "layer", "group"], channels: int, groups: int, rngs: nnx.Rngs) -> Layer:
    """Make a normalisation with PyTorch's numbers."""
    if kind == "batch":
        return batch_norm(channels, rngs)
    if kind == "group":
        return nnx.GroupNorm(channels, groups, epsilon=1e-5, rngs=rngs)
    return nnx.LayerNorm(channels, epsilon=1e-5, rngs=rngs)


class Pool(nnx.Module):
    """Pools neighbours.

    Parameters
    ----------
    kind : str
        ``"max"`` or ``"average"``.
    window : Window
        What slides.
    directions : int
        1 over sequences, 2 over images.
    """

    def __init__(self, kind: Literal["max", "average"], window: Window, directions: int) -> None:
        self.kind, self.size, self.stride = kind, (window.size,) * directions, (window.stride,) * directions

    def __call__(self, places: jax.Array) -> jax.Array:
        """Pool."""
        pooled = nnx.max_pool if self.kind == "max" else nnx.avg_pool
        found: jax.Array = pooled(places, self.size, self.stride, "VALID")  # type: ignore[no-untyped-call]
        return found


class GlobalPool(nnx.Module):
    """Makes one value of each channel.

    Parameters
    ----------
    kind : str
        ``"average"`` or ``"max"``.
    axes : tuple of int
        Where the places are.
    """

    def __init__(self, kind: Literal["average", "max"], axes: tuple[int, ...]) -> None:
        self.kind, self.axes = kind, axes

    def __call__(self, places: jax.Array) -> jax.Array:
        """Pool."""
        return places.mean(self.axes) if self.kind == "average" else places.max(self.axes)


class Reshape(nnx.Module):
    """Brings samples into another shape; values are counted channel by channel.

    Parameters
    ----------
    shape : tuple of int
        Of a sample, its channels first.
    from_image : bool
        Whether samples are images, which have their channels last here.
    """

    def __init__(self, shape: tuple[int, ...], *, from_image: bool) -> None:
        self.shape, self.from_image = shape, from_image

    def __call__(self, samples: jax.Array) -> jax.Array:
        """Reshape."""
        first = samples.transpose(0, 3, 1, 2) if self.from_image else samples
        found = first.reshape(len(samples), *self.shape)
        return found.transpose(0, 2, 3, 1) if len(self.shape) == 3 else found  # noqa: PLR2004 - an image


class Upsample(nnx.Module):
    """Repeats each value of an image.

    Parameters
    ----------
    factor : int
        How often, in each direction.
    """

    def __init__(self, factor: int) -> None:
        self.factor = factor

    def __call__(self, images: jax.Array) -> jax.Array:
        """Repeat."""
        return images.repeat(self.factor, axis=1).repeat(self.factor, axis=2)


class Tokens(nnx.Module):
    """Values for each token; one that isn't known is taken for the one unknown, the last.

    Parameters
    ----------
    count, width : int
        How many tokens there are, and how many values stand for one.
    rngs : flax.nnx.Rngs
        What they are drawn from.
    """

    def __init__(self, count: int, width: int, rngs: nnx.Rngs) -> None:
        self.count = count
        self.embedding = nnx.Embed(count + 1, width, embedding_init=nnx.initializers.normal(1.0), rngs=rngs)

    def __call__(self, tokens: jax.Array) -> jax.Array:
        """Look them up."""
        known = (tokens >= 0) & (tokens < self.count)
        return self.embedding(jnp.where(known, tokens, self.count))


class Position(nnx.Module):
    """Adds what is learnt for each place.

    Parameters
    ----------
    steps, width : int
        Shape of a sample.
    rngs : flax.nnx.Rngs
        What the values are drawn from.
    """

    def __init__(self, steps: int, width: int, rngs: nnx.Rngs) -> None:
        self.values = nnx.Param(0.02 * jax.random.normal(rngs.params(), (steps, width)))

    def __call__(self, steps: jax.Array) -> jax.Array:
        """Add."""
        return steps + self.values[...]


class Added(nnx.Module):
    """Adds what comes to what is made of it.

    Parameters
    ----------
    body, shortcut : callable
        The two ways; without a shortcut what comes is added as it is.
    """

    def __init__(self, body: Layer, shortcut: Layer | None) -> None:
        self.body, self.shortcut = body, shortcut

    def __call__(self, given: jax.Array) -> jax.Array:
        """Add."""
        return self.body(given) + (given if self.shortcut is None else self.shortcut(given))


class SelfAttention(nnx.Module):
    """Attention of a sequence to itself.

    Parameters
    ----------
    features, heads : int
        Values of a step, and how many ways they are divided between.
    rngs : flax.nnx.Rngs
        What initial weights are drawn from.
    """

    def __init__(self, features: int, heads: int, rngs: nnx.Rngs) -> None:
        self.attention = nnx.MultiHeadAttention(heads, features, decode=False, rngs=rngs)

    def __call__(self, steps: jax.Array) -> jax.Array:
        """Look."""
        found: jax.Array = self.attention(steps)
        return found


def _start(fan_in: int) -> Any:
    bound = fan_in**-0.5
    return lambda key, shape, dtype=jnp.float32: jax.random.uniform(key, shape, dtype, -bound, bound)
