"""What the architectures share: choices for their settings, and the PyTorch layers behind them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from torch import nn

    from dltrainer_jupyter.core.protocols import Signature

Activation = Literal["relu", "leaky_relu", "elu", "gelu", "silu", "tanh", "sigmoid"]


def activation_layer(name: Activation) -> nn.Module:
    """Make the layer of an activation."""
    from torch import nn

    layers: dict[Activation, type[nn.Module]] = {
        "relu": nn.ReLU,
        "leaky_relu": nn.LeakyReLU,
        "elu": nn.ELU,
        "gelu": nn.GELU,
        "silu": nn.SiLU,
        "tanh": nn.Tanh,
        "sigmoid": nn.Sigmoid,
    }
    return layers[name]()


def entry_layers(signature: Signature) -> dict[str, nn.Module]:
    """Make what stands before the first layer with weights: a cast, if inputs are whole numbers."""
    if not holds_whole_numbers(signature):
        return {}
    from dltrainer_jupyter.models.torch_layers import ToFloat

    return {"to_float": ToFloat()}


def holds_whole_numbers(signature: Signature) -> bool:
    """Tell whether inputs are whole numbers, which layers with weights don't take."""
    return any(step.get("dtype") == "int64" for step in signature.preprocessing)
