"""Fully connected layers, for tables and for anything small."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import BaseModel, Field

from dltrainer_jupyter.core.protocols import Task
from dltrainer_jupyter.core.schema import setting
from dltrainer_jupyter.models.blocks import Activation, activation_layer, entry_layers, holds_whole_numbers

if TYPE_CHECKING:
    import keras
    from flax import nnx
    from torch import nn

    from dltrainer_jupyter.core.protocols import Signature


class MLP:
    """Multi-layer perceptron: fully connected layers over all values of a sample, whatever its shape.

    Parameters
    ----------
    config : MLP.Config
        Settings.

    Examples
    --------
    >>> from dltrainer_jupyter.core.protocols import Signature
    >>> signature = Signature(task="classification", input_shape=(13,), outputs=3)
    >>> net = MLP(MLP.Config(hidden=(8,))).pytorch(signature)
    >>> [name for name, _ in net.named_children()]
    ['flatten', 'linear1', 'activation1', 'output']
    """

    description: ClassVar[str] = "Fully connected layers over all values of a sample, whatever its shape."
    task: ClassVar[tuple[Task, ...]] = ("classification", "regression")

    class Config(BaseModel, frozen=True, extra="forbid"):
        """Settings."""

        presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
            "easy": {"hidden": [32]},
            "medium": {"hidden": [128, 64], "dropout": 0.1},
            "advanced": {"hidden": [512, 256, 128], "dropout": 0.3, "batch_norm": True},
        }

        hidden: tuple[Annotated[int, Field(ge=1, le=65_536)], ...] = setting(
            (128, 64), max_length=64, description="Units of each hidden layer; none makes a linear model."
        )
        activation: Activation = setting("relu", description="What follows each hidden layer.")
        dropout: float = setting(
            0.0,
            ge=0,
            lt=1,
            step=0.05,
            group="regularization",
            description="Share of hidden units dropped in training.",
        )
        batch_norm: bool = setting(
            default=False,
            group="regularization",
            advanced=True,
            description="Normalise each hidden layer over the batch.",
        )

    def __init__(self, config: Config) -> None:
        self.config = config

    def pytorch(self, signature: Signature) -> nn.Module:
        """Build the net.

        Parameters
        ----------
        signature : Signature
            What goes in, shape (n, *input_shape), and how many outputs come out, shape (n, outputs).

        Returns
        -------
        torch.nn.Module
            A ``torch.nn.Sequential`` of named layers.
        """
        from torch import nn

        layers = OrderedDict[str, nn.Module](entry_layers(signature))
        layers["flatten"] = nn.Flatten()
        width = math.prod(signature.input_shape)
        for number, units in enumerate(self.config.hidden, start=1):
            layers[f"linear{number}"] = nn.Linear(width, units)
            if self.config.batch_norm:
                layers[f"norm{number}"] = nn.BatchNorm1d(units)
            layers[f"activation{number}"] = activation_layer(self.config.activation)
            if self.config.dropout:
                layers[f"dropout{number}"] = nn.Dropout(self.config.dropout)
            width = units
        layers["output"] = nn.Linear(width, signature.outputs)
        return nn.Sequential(layers)

    def jax(self, signature: Signature, rngs: nnx.Rngs) -> nnx.Module:
        """Build the net.

        Parameters
        ----------
        signature : Signature
            What goes in, shape (n, *input_shape), and how many outputs come out, shape (n, outputs).
        rngs : flax.nnx.Rngs
            What initial weights (``params``) and dropped units (``dropout``) are drawn from.

        Returns
        -------
        flax.nnx.Module
            Named layers, one after another.
        """
        from flax import nnx

        from dltrainer_jupyter.models.flax_layers import Function, Layer, Layers, batch_norm, linear

        layers: dict[str, Layer] = {"to_float": Function("to_float")} if holds_whole_numbers(signature) else {}
        layers["flatten"] = Function("flatten")
        width = math.prod(signature.input_shape)
        for number, units in enumerate(self.config.hidden, start=1):
            layers[f"linear{number}"] = linear(width, units, rngs)
            if self.config.batch_norm:
                layers[f"norm{number}"] = batch_norm(units, rngs)
            layers[f"activation{number}"] = Function(self.config.activation)
            if self.config.dropout:
                layers[f"dropout{number}"] = nnx.Dropout(self.config.dropout, rngs=rngs)
            width = units
        layers["output"] = linear(width, signature.outputs, rngs)
        return Layers(layers)

    def tensorflow(self, signature: Signature) -> keras.Model:
        """Build the net.

        Parameters
        ----------
        signature : Signature
            What goes in, shape (n, *input_shape), and how many outputs come out, shape (n, outputs).

        Returns
        -------
        keras.Model
            A ``keras.Sequential`` of named layers; dropout layers have a seed generator each.
        """
        from keras import Sequential, layers

        from dltrainer_jupyter.models import keras_layers as named

        stack = [*named.entry(signature), layers.Flatten(name="flatten")]
        width = math.prod(signature.input_shape)
        for number, units in enumerate(self.config.hidden, start=1):
            stack.append(named.linear(f"linear{number}", width, units))
            if self.config.batch_norm:
                stack.append(named.batch_norm(f"norm{number}"))
            stack.append(named.activation(f"activation{number}", self.config.activation))
            if self.config.dropout:
                stack.append(layers.Dropout(self.config.dropout, name=f"dropout{number}"))
            width = units
        stack.append(named.linear("output", width, signature.outputs))
        return Sequential(stack, name="mlp")
