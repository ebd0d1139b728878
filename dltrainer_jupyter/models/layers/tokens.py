"""Layers at the beginning of what reads sequences."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from dltrainer_jupyter.core.schema import setting
from dltrainer_jupyter.models.layers.base import LayerConfig
from dltrainer_jupyter.models.layers.flow import Flow, expect

if TYPE_CHECKING:
    from flax import nnx
    from torch import nn

    from dltrainer_jupyter.models.layers.base import FlaxCall, KerasCall


class Embedding:
    """Values that are learnt for each token, and for one that stands for all unknown ones.

    Parameters
    ----------
    config : Embedding.Config
        Settings.

    Examples
    --------
    >>> layer = Embedding(Embedding.Config(width=16))
    >>> layer.gives(Flow((20,), tokens=100)).shape, layer.parameters(Flow((20,), tokens=100))
    ((20, 16), 1616)
    """

    description: ClassVar[str] = "Values that are learnt for each token."
    tags: ClassVar[tuple[str, ...]] = ("sequence",)

    class Config(LayerConfig):
        """Settings."""

        width: int = setting(64, ge=1, le=16_384, description="Values that stand for a token.")
        vocabulary: int | None = setting(
            None, ge=1, le=10_000_000, description="How many different tokens there are; as many as the data has."
        )

    def __init__(self, config: Config) -> None:
        self.config = config

    def gives(self, flow: Flow) -> Flow:
        """Say what it makes of a sample."""
        expect("embedding", flow, ["tokens"], "it stands first, and the data has to be whole numbers")
        return Flow((*flow.shape, self.config.width))

    def parameters(self, flow: Flow) -> int:
        """Count the parameters it learns."""
        return (self._count(flow) + 1) * self.config.width

    def pytorch(self, flow: Flow) -> nn.Module:
        """Build it for PyTorch."""
        from dltrainer_jupyter.models.torch_sequences import Tokens

        return Tokens(self._count(flow), self.config.width)

    def tensorflow(self, name: str, flow: Flow) -> KerasCall:
        """Build it for Keras."""
        from dltrainer_jupyter.models.layers import keras_parts as parts

        return parts.embedding(name, self._count(flow), self.config.width)

    def jax(self, flow: Flow, rngs: nnx.Rngs) -> FlaxCall:
        """Build it for Flax NNX."""
        from dltrainer_jupyter.models.layers import flax_parts as parts

        return parts.Tokens(self._count(flow), self.config.width, rngs)

    def _count(self, flow: Flow) -> int:
        return flow.tokens if self.config.vocabulary is None else self.config.vocabulary


class Position:
    """Values that are learnt for each place of a sequence, added to what stands there.

    Parameters
    ----------
    config : Position.Config
        There is nothing to set.

    Examples
    --------
    >>> Position(Position.Config()).parameters(Flow((20, 16)))
    320
    """

    description: ClassVar[str] = "Values that are learnt for each place of a sequence, added to what stands there."
    tags: ClassVar[tuple[str, ...]] = ("sequence",)

    class Config(LayerConfig):
        """Settings."""

    def __init__(self, config: Config) -> None:
        self.config = config

    def gives(self, flow: Flow) -> Flow:
        """Say what it makes of a sample."""
        expect("position", flow, ["sequence"])
        return flow

    def parameters(self, flow: Flow) -> int:
        """Count the parameters it learns."""
        return flow.size

    def pytorch(self, flow: Flow) -> nn.Module:
        """Build it for PyTorch."""
        from dltrainer_jupyter.models.layers import torch_parts as parts

        return parts.Position(*flow.shape)

    def tensorflow(self, name: str, flow: Flow) -> KerasCall:  # noqa: ARG002 - the protocol's
        """Build it for Keras."""
        from dltrainer_jupyter.models.layers import keras_parts as parts

        made: KerasCall = parts.Position(name=name)
        return made

    def jax(self, flow: Flow, rngs: nnx.Rngs) -> FlaxCall:
        """Build it for Flax NNX."""
        from dltrainer_jupyter.models.layers import flax_parts as parts

        steps, width = flow.shape
        return parts.Position(steps, width, rngs)
