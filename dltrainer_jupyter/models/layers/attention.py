"""Layers in which each step of a sequence looks at all others."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from dltrainer_jupyter.core.schema import setting
from dltrainer_jupyter.models import blocks
from dltrainer_jupyter.models.layers.added import Added
from dltrainer_jupyter.models.layers.base import Layer, LayerConfig
from dltrainer_jupyter.models.layers.chain import Chain
from dltrainer_jupyter.models.layers.composed import Composed, inner
from dltrainer_jupyter.models.layers.dense import Dense
from dltrainer_jupyter.models.layers.elementwise import Dropout
from dltrainer_jupyter.models.layers.flow import Flow, MisfitError, expect
from dltrainer_jupyter.models.layers.norm import Norm

if TYPE_CHECKING:
    from flax import nnx
    from torch import nn

    from dltrainer_jupyter.models.layers.base import FlaxCall, KerasCall


class Attention:
    """Each step of a sequence looks at all others (Vaswani et al., 2017).

    Parameters
    ----------
    config : Attention.Config
        Settings.

    Examples
    --------
    >>> Attention(Attention.Config(heads=4)).parameters(Flow((20, 16)))
    1088
    """

    description: ClassVar[str] = "Each step of a sequence looks at all others."
    tags: ClassVar[tuple[str, ...]] = ("sequence",)

    class Config(LayerConfig):
        """Settings."""

        heads: int = setting(4, ge=1, le=64, description="Ways to look; the features are divided between them.")

    def __init__(self, config: Config) -> None:
        self.config = config

    def gives(self, flow: Flow) -> Flow:
        """Say what it makes of a sample."""
        expect("attention", flow, ["sequence"], "put embedding before it" if flow.tokens else "")
        if flow.features % self.config.heads:
            msg = (
                f"attention divides features between {self.config.heads} heads, which {flow.features} of shape "
                f"{flow.shape} can't be divided into"
            )
            raise MisfitError(msg)
        return flow

    def parameters(self, flow: Flow) -> int:
        """Count the parameters it learns: queries, keys, values and what joins the heads."""
        return 4 * flow.features * (flow.features + 1)

    def pytorch(self, flow: Flow) -> nn.Module:
        """Build it for PyTorch."""
        from dltrainer_jupyter.models.layers import torch_parts as parts

        return parts.SelfAttention(flow.features, self.config.heads)

    def tensorflow(self, name: str, flow: Flow) -> KerasCall:
        """Build it for Keras."""
        from dltrainer_jupyter.models.layers import keras_parts as parts

        return parts.self_attention(name, flow.features, self.config.heads)

    def jax(self, flow: Flow, rngs: nnx.Rngs) -> FlaxCall:
        """Build it for Flax NNX."""
        from dltrainer_jupyter.models.layers import flax_parts as parts

        return parts.SelfAttention(flow.features, self.config.heads, rngs)


class TransformerBlock(Composed):
    """Attention and two fully connected layers, each added to what comes and normalised before (Xiong et al., 2020).

    Parameters
    ----------
    config : TransformerBlock.Config
        Settings.

    Examples
    --------
    >>> TransformerBlock(TransformerBlock.Config()).parameters(Flow((20, 16)))
    3280
    """

    description: ClassVar[str] = "Attention and two fully connected layers, each added to what comes."
    tags: ClassVar[tuple[str, ...]] = ("sequence",)

    class Config(LayerConfig):
        """Settings."""

        heads: int = setting(4, ge=1, le=64, description="Ways to look; the features are divided between them.")
        mlp_ratio: float = setting(
            4.0, gt=0, le=16, step=0.5, description="Units between the fully connected layers, for each feature."
        )
        activation: blocks.Activation = setting("gelu", description="What stands between them.")
        dropout: float = setting(0.0, ge=0, lt=1, step=0.05, description="Share left out before each sum.")

    def chain(self, flow: Flow) -> Chain:
        """Say what it is made of."""
        expect("transformer_block", flow, ["sequence"], "put embedding before it" if flow.tokens else "")
        it = self.config
        between = max(1, round(flow.features * it.mlp_ratio))
        dropped: list[tuple[str, Layer]] = [("dropout", Dropout(Dropout.Config(rate=it.dropout)))] if it.dropout else []
        norm: tuple[str, Layer] = ("norm", Norm(Norm.Config(kind="layer")))
        looking = [norm, ("attention", Attention(Attention.Config(heads=it.heads)))]
        thinking = [
            norm,
            ("wide", Dense(inner(Dense.Config, units=between, activation=it.activation))),
            ("narrow", Dense(inner(Dense.Config, units=flow.features))),
        ]
        ways = {"looking": [*looking, *dropped], "thinking": [*thinking, *dropped]}
        return Chain([(name, Added(Chain(layers))) for name, layers in ways.items()])
