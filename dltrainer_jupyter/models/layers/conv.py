"""Convolutions."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal, Self

from pydantic import model_validator

from dltrainer_jupyter.core.schema import setting
from dltrainer_jupyter.models.blocks import Activation
from dltrainer_jupyter.models.layers.base import LayerConfig
from dltrainer_jupyter.models.layers.flow import Flow, expect
from dltrainer_jupyter.models.layers.windows import Window, slid

if TYPE_CHECKING:
    from flax import nnx
    from torch import nn

    from dltrainer_jupyter.models.layers.base import FlaxCall, KerasCall


class Conv:
    """Convolution over the places of an image, or the steps of a sequence.

    Parameters
    ----------
    config : Conv.Config
        Settings.

    Examples
    --------
    >>> layer = Conv(Conv.Config(features=8))
    >>> layer.gives(Flow((3, 32, 32))).shape, layer.parameters(Flow((3, 32, 32)))
    ((8, 32, 32), 224)
    """

    description: ClassVar[str] = "Convolution over the places of an image, or the steps of a sequence."
    tags: ClassVar[tuple[str, ...]] = ("features",)

    class Config(LayerConfig):
        """Settings."""

        features: int = setting(32, ge=1, le=16_384, description="Channels it gives.")
        kernel_size: int = setting(3, ge=1, le=63, description="Places it looks at, in each direction.")
        stride: int = setting(1, ge=1, le=32, description="Places from one look to the next.")
        padding: Literal["same", "valid"] = setting(
            "same", description="Whether the edge is surrounded by zeros, so that nothing gets lost there."
        )
        activation: Activation | None = setting(None, description="What follows it, if anything.")
        bias: bool = setting(
            default=True, advanced=True, description="Add a number of its own to each channel; a norm makes it useless."
        )

        @model_validator(mode="after")
        def _has_a_middle(self) -> Self:
            if self.padding == "same" and self.kernel_size % 2 == 0:
                msg = f"expected an odd kernel_size, so that zeros fit on both sides, got {self.kernel_size}"
                raise ValueError(msg)
            return self

        @property
        def window(self) -> Window:
            """What slides."""
            return Window(self.kernel_size, self.stride, self.kernel_size // 2 if self.padding == "same" else 0)

    def __init__(self, config: Config) -> None:
        self.config = config

    def gives(self, flow: Flow) -> Flow:
        """Say what it makes of a sample."""
        expect("conv", flow, ["image", "sequence"])
        return slid("conv", flow, self.config.window, self.config.features)

    def parameters(self, flow: Flow) -> int:
        """Count the parameters it learns."""
        it = self.config
        directions = 2 if flow.form == "image" else 1
        return int((flow.features * it.kernel_size**directions + it.bias) * it.features)

    def pytorch(self, flow: Flow) -> nn.Module:
        """Build it for PyTorch."""
        from torch import nn

        from dltrainer_jupyter.models.layers import torch_parts as parts

        it = self.config
        made = nn.Conv2d if flow.form == "image" else nn.Conv1d
        layer = made(flow.features, it.features, *it.window, bias=it.bias)
        return parts.activated(parts.over_steps(layer, flow), it.activation)

    def tensorflow(self, name: str, flow: Flow) -> KerasCall:
        """Build it for Keras."""
        from dltrainer_jupyter.models.layers import keras_parts as parts

        it = self.config
        layer = parts.conv(name, flow, it.features, it.window, bias=it.bias)
        return parts.activated(layer, name, it.activation)

    def jax(self, flow: Flow, rngs: nnx.Rngs) -> FlaxCall:
        """Build it for Flax NNX."""
        from dltrainer_jupyter.models.layers import flax_parts as parts

        it = self.config
        layer = parts.conv(flow, it.features, it.window, rngs, bias=it.bias)
        return parts.activated(layer, it.activation)
