"""Fully connected layers."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from dltrainer_jupyter.core.schema import setting
from dltrainer_jupyter.models.blocks import Activation
from dltrainer_jupyter.models.layers.base import LayerConfig
from dltrainer_jupyter.models.layers.flow import Flow, expect

if TYPE_CHECKING:
    from flax import nnx
    from torch import nn

    from dltrainer_jupyter.models.layers.base import FlaxCall, KerasCall


class Dense:
    """Fully connected layer; of a sequence, each step goes through the same one.

    Parameters
    ----------
    config : Dense.Config
        Settings.

    Examples
    --------
    >>> layer = Dense(Dense.Config(units=10))
    >>> layer.gives(Flow((64,))).shape, layer.parameters(Flow((64,)))
    ((10,), 650)
    """

    description: ClassVar[str] = "Fully connected layer; of a sequence, each step goes through the same one."
    tags: ClassVar[tuple[str, ...]] = ("features",)

    class Config(LayerConfig):
        """Settings."""

        units: int = setting(64, ge=1, le=65_536, description="Values it gives.")
        activation: Activation | None = setting(None, description="What follows it, if anything.")
        bias: bool = setting(default=True, advanced=True, description="Add a number of its own to each value.")

    def __init__(self, config: Config) -> None:
        self.config = config

    def gives(self, flow: Flow) -> Flow:
        """Say what it makes of a sample."""
        expect("dense", flow, ["values", "sequence"], "put flatten or global_pool before it" * (flow.form == "image"))
        return Flow((*flow.shape[:-1], self.config.units))

    def parameters(self, flow: Flow) -> int:
        """Count the parameters it learns."""
        return (flow.features + self.config.bias) * self.config.units

    def pytorch(self, flow: Flow) -> nn.Module:
        """Build it for PyTorch."""
        from torch import nn

        from dltrainer_jupyter.models.layers import torch_parts as parts

        linear = nn.Linear(flow.features, self.config.units, bias=self.config.bias)
        return parts.activated(linear, self.config.activation)

    def tensorflow(self, name: str, flow: Flow) -> KerasCall:
        """Build it for Keras."""
        from dltrainer_jupyter.models.layers import keras_parts as parts

        linear = parts.dense(name, flow.features, self.config.units, bias=self.config.bias)
        return parts.activated(linear, name, self.config.activation)

    def jax(self, flow: Flow, rngs: nnx.Rngs) -> FlaxCall:
        """Build it for Flax NNX."""
        from dltrainer_jupyter.models.layers import flax_parts as parts

        linear = parts.dense(flow.features, self.config.units, rngs, bias=self.config.bias)
        return parts.activated(linear, self.config.activation)
