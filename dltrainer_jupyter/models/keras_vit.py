"""The model of :mod:`~dltrainer_jupyter.models.vit` for Keras. Imports Keras; imported only while a net is built."""

from __future__ import annotations

import keras
from keras import layers

from dltrainer_jupyter.core.protocols import Signature
from dltrainer_jupyter.models import keras_layers as named
from dltrainer_jupyter.models.keras_encoder import ClassToken, Positions, blocks, norm
from dltrainer_jupyter.models.keras_sequences import Pooled
from dltrainer_jupyter.models.vit import Plan


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
    rows, columns = plan.beside
    if rows or columns:
        around = ((0, rows), (0, columns))
        found = layers.ZeroPadding2D(around, data_format="channels_last", name="patch_embed.padding")(found)
    width = plan.encoder.width
    found = layers.Conv2D(
        width,
        plan.patch,
        plan.patch,
        data_format="channels_last",
        kernel_initializer=keras.initializers.RandomNormal(stddev=(plan.channels * plan.patch**2) ** -0.5),
        name="patch_embed.proj",
    )(found)
    steps = layers.Reshape((plan.patches, width), name="patch_embed.steps")(found)
    if plan.pooling == "cls":
        steps = ClassToken(name="cls_token")(steps)
    steps = Positions("normal", name="pos_embed")(steps)
    if plan.encoder.dropout:
        steps = layers.Dropout(plan.encoder.dropout, name="dropout")(steps)
    steps = norm("norm")(blocks(plan.encoder, steps))
    pooled = Pooled("first" if plan.pooling == "cls" else "mean", name="pool")(steps)
    start = keras.initializers.RandomNormal(stddev=0.02)
    outputs = layers.Dense(plan.outputs, kernel_initializer=start, name="head")(pooled)
    return keras.Model(images, outputs, name="vit")
