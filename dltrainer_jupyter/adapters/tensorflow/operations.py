"""How many operations layers of Keras take for one sample."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from keras import layers
from keras.src.layers.convolutional.base_conv import BaseConv
from keras.src.layers.convolutional.base_conv_transpose import BaseConvTranspose
from keras.src.layers.convolutional.base_depthwise_conv import BaseDepthwiseConv
from keras.src.layers.convolutional.base_separable_conv import BaseSeparableConv

from dltrainer_jupyter.adapters.shared.operations import Shape, matrices, normalisation, places, size

_MOVES = (
    layers.InputLayer,
    layers.Flatten,
    layers.Reshape,
    layers.Permute,
    layers.RepeatVector,
    layers.Embedding,
    layers.Identity,
    layers.Dropout,
    layers.SpatialDropout1D,
    layers.SpatialDropout2D,
    layers.GaussianNoise,
    layers.ZeroPadding2D,
    layers.Concatenate,
)
"""What only moves values, or does nothing in evaluation."""
_RECURRENT = (layers.RNN, layers.Bidirectional)


def flops(layer: Any, takes: Shape | None, gives: Shape | None) -> int | None:  # noqa: PLR0911 - a line a kind
    """Count the operations of a layer's call, for one sample; one may have a method ``flops_per_sample`` that knows.

    Parameters
    ----------
    layer : keras.Layer
        What was called; built.
    takes, gives : shape or None
        Of the first tensors it was given and gave, without the axis of samples.

    Returns
    -------
    int or None
        None if nobody knows.
    """
    if (own := getattr(layer, "flops_per_sample", None)) is not None:
        return None if takes is None or gives is None else int(own(takes, gives))
    if isinstance(layer, layers.Dense):
        return matrices(_matrices_of(layer), places(gives, layer.units))
    if isinstance(layer, layers.EinsumDense):
        return matrices(_matrices_of(layer), _einsum_places(layer.equation, gives))
    if isinstance(layer, BaseConvTranspose):
        return matrices(_matrices_of(layer), places(takes, _channels(layer, takes)))
    if isinstance(layer, BaseConv | BaseDepthwiseConv | BaseSeparableConv):
        return matrices(_matrices_of(layer), places(gives, _channels(layer, gives)))
    if isinstance(layer, _RECURRENT):
        return matrices(_matrices_of(layer), takes[0] if takes else None)
    if isinstance(layer, layers.BatchNormalization):
        return normalisation(gives, fixed=True)
    if isinstance(layer, layers.LayerNormalization | layers.GroupNormalization | layers.UnitNormalization):
        return normalisation(gives, fixed=False)
    return 0 if isinstance(layer, _MOVES) else None


def _matrices_of(layer: Any) -> int:
    return sum(math.prod(weight.shape) for weight in layer.weights if len(weight.shape) > 1)


def _channels(layer: Any, shape: Shape | None) -> int:
    if not shape:
        return 0
    return shape[0 if layer.data_format == "channels_first" else -1] or 0


def _einsum_places(equation: str, gives: Shape | None) -> int | None:
    """Say at how many places of a sample its weights are used: the axes of the output that weights don't have."""
    left, _, output = equation.partition("->")
    weights = set(left.partition(",")[2])
    axes: Sequence[str] = output.replace("...", "")
    if gives is None or len(axes) != len(gives) + 1:
        return None
    return size([length for axis, length in zip(axes[1:], gives, strict=True) if axis not in weights])
