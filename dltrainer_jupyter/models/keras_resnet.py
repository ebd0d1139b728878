"""The model of :mod:`~dltrainer_jupyter.models.resnet` for Keras. Imports Keras; imported only while a net is built."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops

from dltrainer_jupyter.core.protocols import Signature
from dltrainer_jupyter.models import keras_layers as named
from dltrainer_jupyter.models.resnet import Block, Plan


@keras.saving.register_keras_serializable("dltrainer")
class ZeroPadded(layers.Layer):  # type: ignore[misc] # Keras has no types
    """A shortcut without weights: pixels left out, and channels of zeros on both sides of those there are.

    Parameters
    ----------
    channels, features, stride : int
        Of its block.
    **settings : object
        As every layer takes them.
    """

    def __init__(self, channels: int, features: int, stride: int, **settings: Any) -> None:
        super().__init__(**settings)
        self.channels, self.features, self.stride = channels, features, stride

    def call(self, images: Any) -> Any:
        """Make what is added to what the block's convolutions give."""
        before = (self.features - self.channels) // 2
        around = (before, self.features - self.channels - before)
        return ops.pad(images[:, :: self.stride, :: self.stride], ((0, 0), (0, 0), (0, 0), around))

    def compute_output_shape(self, shape: Any) -> Any:
        """Give the shape of what it makes."""
        n, height, width, _ = shape
        return n, -(-height // self.stride), -(-width // self.stride), self.features

    def get_config(self) -> dict[str, Any]:
        """Give what makes it again."""
        return {
            **super().get_config(),
            "channels": self.channels,
            "features": self.features,
            "stride": self.stride,
        }

    def flops_per_sample(self, _takes: object, _gives: object) -> int:
        """Count its operations: it only moves values."""
        return 0


def build(plan: Plan, signature: Signature) -> keras.Model:
    """Build the net.

    Parameters
    ----------
    plan : Plan
        What it is made of.
    signature : Signature
        What goes in.
    """
    images, found = named.images(signature)
    found = named.padded_conv("conv1", found, plan.width, *((7, 2) if plan.large_stem else (3, 1)))
    found = named.activation("relu", "relu")(named.batch_norm("bn1")(found))
    if plan.large_stem:
        # No value is below 0 here, so that zeros around the image are never the largest.
        found = named.padded("maxpool", found, 1)
        found = layers.MaxPooling2D(3, 2, data_format="channels_last", name="maxpool")(found)
    for block in plan.blocks:
        found = _block(block, found, zero_init=plan.zero_init)
    found = layers.GlobalAveragePooling2D(data_format="channels_last", name="avgpool")(found)
    if plan.dropout:
        found = layers.Dropout(plan.dropout, name="dropout")(found)
    outputs = named.linear("fc", plan.blocks[-1].features, plan.outputs)(found)
    return keras.Model(images, outputs, name="resnet")


def _block(plan: Block, images: Any, *, zero_init: bool) -> Any:
    name = plan.name
    sizes = (1, 3, 1) if plan.bottleneck else (3, 3)
    found = images
    for number, size in enumerate(sizes, start=1):
        is_last = number == len(sizes)
        stride = plan.stride if number == (2 if plan.bottleneck else 1) else 1
        features = plan.features if is_last else plan.width
        found = named.padded_conv(f"{name}.conv{number}", found, features, size, stride)
        found = named.batch_norm(f"{name}.bn{number}", zero=zero_init and is_last)(found)
        if not is_last:
            found = named.activation(f"{name}.relu{number}", "relu")(found)
    shortcut = images
    if plan.is_changing and plan.padded:
        shortcut = ZeroPadded(plan.channels, plan.features, plan.stride, name=f"{name}.downsample")(images)
    elif plan.is_changing:
        shortcut = named.padded_conv(f"{name}.downsample.0", images, plan.features, 1, plan.stride)
        shortcut = named.batch_norm(f"{name}.downsample.1")(shortcut)
    found = layers.Add(name=f"{name}.add")([found, shortcut])
    return named.activation(f"{name}.relu{len(sizes)}", "relu")(found)
