"""Layers of Keras with PyTorch's defaults. Imports Keras; imported only while a net is built."""

from __future__ import annotations

from typing import Literal

import keras

from dltrainer_jupyter.core.protocols import Signature
from dltrainer_jupyter.models.blocks import Activation, holds_whole_numbers

_LEAK = 0.01
"""Slope of a leaky ReLU below 0."""


def entry(signature: Signature) -> list[keras.Layer]:
    """Make what stands before the first layer with weights: the input, and a cast if inputs are whole numbers."""
    if not holds_whole_numbers(signature):
        return [keras.Input(signature.input_shape, name="input")]
    # It casts what it scales.
    return [
        keras.Input(signature.input_shape, dtype="int64", name="input"),
        keras.layers.Rescaling(1.0, name="to_float"),
    ]


def linear(name: str, width: int, units: int) -> keras.Layer:
    """Make a fully connected layer."""
    bound = width**-0.5
    return keras.layers.Dense(units, kernel_initializer=_spread(bound), bias_initializer=_spread(bound), name=name)


def conv(name: str, channels: int, features: int, kernel_size: int, *, bias: bool) -> keras.Layer:
    """Make a convolution over (height, width, channels), padded so that it keeps the image's size."""
    bound = (channels * kernel_size**2) ** -0.5
    return keras.layers.Conv2D(
        features,
        kernel_size,
        padding="same",
        use_bias=bias,
        data_format="channels_last",
        kernel_initializer=_spread(bound),
        bias_initializer=_spread(bound),
        name=name,
    )


def batch_norm(name: str) -> keras.Layer:
    """Make a normalisation over the batch. Other than PyTorch's its moving variance is that of the batch as it is."""
    return keras.layers.BatchNormalization(momentum=0.9, epsilon=1e-5, name=name)


def pooling(name: str, kind: Literal["max", "average"]) -> keras.Layer:
    """Make a layer that halves height and width."""
    layer = keras.layers.MaxPooling2D if kind == "max" else keras.layers.AveragePooling2D
    return layer(2, data_format="channels_last", name=name)


def activation(name: str, kind: Activation) -> keras.Layer:
    """Make the layer of an activation."""
    if kind == "leaky_relu":
        return keras.layers.LeakyReLU(negative_slope=_LEAK, name=name)
    return keras.layers.Activation(kind, name=name)


def _spread(bound: float) -> keras.initializers.Initializer:
    return keras.initializers.RandomUniform(-bound, bound)
