"""The model of :mod:`~dltrainer_jupyter.models.lstm` for Keras. Imports Keras; imported only while a net is built."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers

from dltrainer_jupyter.core.protocols import Signature
from dltrainer_jupyter.models import keras_layers as named
from dltrainer_jupyter.models.keras_sequences import Pooled, Turned, reading, with_lengths
from dltrainer_jupyter.models.lstm import Plan


def build(plan: Plan, signature: Signature) -> keras.Model:
    """Build the net.

    Parameters
    ----------
    plan : Plan
        What it is made of.
    signature : Signature
        What goes in.
    """
    inputs, steps, lengths = reading(signature, plan.read, plan.embedding)
    both: list[Any] = []
    for number in range(plan.layers):
        name = f"layers.{number}"
        if number and plan.dropout:
            steps = layers.Dropout(plan.dropout, name=f"dropouts.{number - 1}")(steps)
        both = [layers.LSTM(plan.units, return_sequences=True, name=f"{name}.onward")(steps)]
        if plan.bidirectional:
            turned = with_lengths(Turned(name=f"{name}.turned"), steps, lengths)
            read = layers.LSTM(plan.units, return_sequences=True, name=f"{name}.back")(turned)
            both.append(with_lengths(Turned(name=f"{name}.turned_back"), read, lengths))
        steps = layers.Concatenate(name=f"{name}.both")(both) if plan.bidirectional else both[0]
    if plan.pooling != "last":
        found = with_lengths(Pooled(plan.pooling, name="pool"), steps, lengths)
    else:
        found = with_lengths(Pooled("last", name="pool"), both[0], lengths)
        if plan.bidirectional:
            # Backwards the last state is that of the first step.
            found = layers.Concatenate(name="ends")([found, Pooled("first", name="pool_back")(both[1])])
    if plan.dropout:
        found = layers.Dropout(plan.dropout, name=f"dropouts.{plan.layers - 1}")(found)
    outputs = named.linear("output", plan.width, plan.outputs)(found)
    return keras.Model(inputs, outputs, name="lstm")
