"""The model of :mod:`~dltrainer_jupyter.models.transformer` for Keras. Imports Keras; imported only to build a net."""

from __future__ import annotations

import keras
from keras import layers

from dltrainer_jupyter.core.protocols import Signature
from dltrainer_jupyter.models import keras_layers as named
from dltrainer_jupyter.models.keras_encoder import ClassToken, Positions, blocks, linear, norm
from dltrainer_jupyter.models.keras_sequences import Pooled, reading, with_lengths
from dltrainer_jupyter.models.transformer import Plan


def build(plan: Plan, signature: Signature) -> keras.Model:
    """Build the net.

    Parameters
    ----------
    plan : Plan
        What it is made of.
    signature : Signature
        What goes in.
    """
    width, gathers = plan.encoder.width, plan.pooling == "cls"
    inputs, steps, lengths = reading(signature, plan.read, width, more=int(gathers))
    if not plan.read.tokens:
        steps = linear("projection", plan.read.features, width)(steps)
    if gathers:
        steps = ClassToken(name="cls_token")(steps)
    if plan.positions != "none":
        steps = Positions("sinusoidal", learned=plan.positions == "learned", name="positions")(steps)
    if plan.encoder.dropout:
        steps = layers.Dropout(plan.encoder.dropout, name="dropout")(steps)
    steps = norm("norm")(blocks(plan.encoder, steps, lengths))
    if gathers:
        found = Pooled("first", name="pool")(steps)
    else:
        found = with_lengths(Pooled("mean", name="pool"), steps, lengths)
    return keras.Model(inputs, named.linear("output", width, plan.outputs)(found), name="transformer")
