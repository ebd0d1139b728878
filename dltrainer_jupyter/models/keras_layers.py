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


def images(signature: Signature) -> tuple[keras.KerasTensor, keras.KerasTensor]:
    """Make the input of a functional model that looks at images, and what its first layer sees: channels last."""
    given = entry(signature)
    found = given[0]
    for layer in (*given[1:], keras.layers.Permute((2, 3, 1), name="channels_last")):
        found = layer(found)
    return given[0], found


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


def padded(name: str, images: keras.KerasTensor, by: int) -> keras.KerasTensor:
    """Put zeros around images: Keras' own padding lies elsewhere than PyTorch's where a stride is more than 1."""
    if not by:
        return images
    return keras.layers.ZeroPadding2D(by, data_format="channels_last", name=f"{name}.padding")(images)


def padded_conv(name: str, images: keras.KerasTensor, features: int, size: int, stride: int = 1) -> keras.KerasTensor:
    """Convolve images (height, width, channels), without a bias, which a normalisation that follows would subtract.

    Weights are normal, by what each channel gives (He et al., 2015).
    """
    convolution = keras.layers.Conv2D(
        features,
        size,
        stride,
        padding="valid",
        use_bias=False,
        data_format="channels_last",
        kernel_initializer=keras.initializers.VarianceScaling(2.0, "fan_out", "untruncated_normal"),
        name=name,
    )
    return convolution(padded(name, images, size // 2))


def batch_norm(name: str, *, zero: bool = False) -> keras.Layer:
    """Make a normalisation over the batch. Other than PyTorch's its moving variance is that of the batch as it is.

    Parameters
    ----------
    name : str
        Of the layer.
    zero : bool, default False
        Whether it gives nothing but zeros at first.
    """
    return keras.layers.BatchNormalization(
        momentum=0.9, epsilon=1e-5, gamma_initializer="zeros" if zero else "ones", name=name
    )


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
