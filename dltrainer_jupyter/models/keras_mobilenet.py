"""The model of :mod:`~dltrainer_jupyter.models.mobilenet` for Keras. Imports Keras; imported only to build a net."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers

from dltrainer_jupyter.core.protocols import Signature
from dltrainer_jupyter.models import keras_layers as named
from dltrainer_jupyter.models.mobilenet import Block, Plan


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
    found = _normalised("features.0", named.padded_conv("features.0.0", found, plan.first, 3, plan.stride))
    for block in plan.blocks:
        found = _block(block, found)
    last = f"features.{len(plan.blocks) + 1}"
    found = _normalised(last, named.padded_conv(f"{last}.0", found, plan.last, 1))
    found = layers.GlobalAveragePooling2D(data_format="channels_last", name="avgpool")(found)
    if plan.dropout:
        found = layers.Dropout(plan.dropout, name="classifier.0")(found)
    start = keras.initializers.RandomNormal(stddev=0.01)
    outputs = layers.Dense(plan.outputs, kernel_initializer=start, name="classifier.1")(found)
    return keras.Model(images, outputs, name="mobilenet_v2")


def _block(plan: Block, images: Any) -> Any:
    name, number, found = plan.name, 0, images
    if plan.is_expanding:
        found = _normalised(f"{name}.0", named.padded_conv(f"{name}.0.0", found, plan.hidden, 1))
        number = 1
    depthwise = layers.DepthwiseConv2D(
        3,
        plan.stride,
        padding="valid",
        use_bias=False,
        data_format="channels_last",
        # By what all channels give together, as torchvision has it.
        depthwise_initializer=keras.initializers.RandomNormal(stddev=(2 / (9 * plan.hidden)) ** 0.5),
        name=f"{name}.{number}.0",
    )
    found = _normalised(f"{name}.{number}", depthwise(named.padded(f"{name}.{number}.0", found, 1)))
    found = named.padded_conv(f"{name}.{number + 1}", found, plan.features, 1)
    found = named.batch_norm(f"{name}.{number + 2}")(found)
    return layers.Add(name=f"{name}.add")([images, found]) if plan.is_residual else found


def _normalised(name: str, found: Any) -> Any:
    return layers.ReLU(max_value=6, name=f"{name}.2")(named.batch_norm(f"{name}.1")(found))
