"""Residual blocks."""

from __future__ import annotations

from typing import ClassVar

from pydantic import field_validator

from dltrainer_jupyter.core.schema import setting
from dltrainer_jupyter.models import blocks
from dltrainer_jupyter.models.layers.added import Added
from dltrainer_jupyter.models.layers.base import Layer, LayerConfig
from dltrainer_jupyter.models.layers.chain import Chain
from dltrainer_jupyter.models.layers.composed import Composed, inner
from dltrainer_jupyter.models.layers.conv import Conv
from dltrainer_jupyter.models.layers.dense import Dense
from dltrainer_jupyter.models.layers.elementwise import Activation
from dltrainer_jupyter.models.layers.flow import Flow, expect
from dltrainer_jupyter.models.layers.norm import Norm


class Residual(Composed):
    """Two convolutions, or fully connected layers, that learn what is to be added (He et al., 2016).

    Each is followed by a normalisation over the batch. Where the shape changes, one more brings the input to it.

    Parameters
    ----------
    config : Residual.Config
        Settings.

    Examples
    --------
    >>> layer = Residual(Residual.Config(features=16, stride=2))
    >>> layer.gives(Flow((8, 32, 32))).shape
    (16, 16, 16)
    """

    description: ClassVar[str] = "Two convolutions, or fully connected layers, that learn what is to be added."
    tags: ClassVar[tuple[str, ...]] = ("features",)

    class Config(LayerConfig):
        """Settings."""

        features: int | None = setting(
            None, ge=1, le=16_384, description="Channels it gives; as many as come in if left out."
        )
        kernel_size: int = setting(3, ge=1, le=15, step=2, description="Places a convolution looks at; odd.")
        stride: int = setting(1, ge=1, le=8, description="Places from one look of the first to the next.")
        activation: blocks.Activation = setting("relu", description="What follows the first and the sum.")

        @field_validator("kernel_size")
        @classmethod
        def _has_a_middle(cls, size: int) -> int:
            if size % 2 == 0:
                msg = f"expected an odd number, so that zeros fit on both sides, got {size}"
                raise ValueError(msg)
            return size

    def chain(self, flow: Flow) -> Chain:
        """Say what it is made of."""
        expect("residual", flow, ["image", "sequence", "values"])
        it = self.config
        features = flow.features if it.features is None else it.features
        body: list[tuple[str, Layer]] = [
            ("first", _weights(flow, features, it.kernel_size, it.stride)),
            ("first_norm", Norm(Norm.Config())),
            ("activation", Activation(Activation.Config(kind=it.activation))),
            ("second", _weights(flow, features, it.kernel_size, 1)),
            ("second_norm", Norm(Norm.Config())),
        ]
        changed = features != flow.features or (it.stride > 1 and flow.form != "values")
        way = [("weights", _weights(flow, features, 1, it.stride)), ("norm", Norm(Norm.Config()))]
        added = Added(Chain(body), Chain(way) if changed else None)
        return Chain([("sum", added), ("activation", Activation(Activation.Config(kind=it.activation)))])


def _weights(flow: Flow, features: int, size: int, stride: int) -> Layer:
    """Make a layer without a bias, which the normalisation that follows would subtract."""
    if flow.form == "values":
        return Dense(inner(Dense.Config, units=features, bias=False))
    return Conv(inner(Conv.Config, features=features, kernel_size=size, stride=stride, bias=False))
