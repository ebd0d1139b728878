"""Layers that read a sequence step by step."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from dltrainer_jupyter.core.schema import setting
from dltrainer_jupyter.models.layers.base import LayerConfig
from dltrainer_jupyter.models.layers.flow import Flow, expect

if TYPE_CHECKING:
    from flax import nnx
    from torch import nn

    from dltrainer_jupyter.models.layers.base import FlaxCall, KerasCall


class Recurrent:
    """Read a sequence step by step with a memory (LSTM: Hochreiter and Schmidhuber, 1997; GRU: Cho et al., 2014).

    Parameters
    ----------
    config : Recurrent.Config
        Settings.

    Examples
    --------
    >>> layer = Recurrent(Recurrent.Config(units=32))
    >>> layer.gives(Flow((20, 8))).shape, layer.parameters(Flow((20, 8)))
    ((32,), 5248)
    """

    description: ClassVar[str] = "Read a sequence step by step with a memory."
    tags: ClassVar[tuple[str, ...]] = ("sequence",)

    class Config(LayerConfig):
        """Settings."""

        kind: Literal["lstm", "gru"] = setting("lstm", description="How the memory works.")
        units: int = setting(64, ge=1, le=8192, description="Values of the memory.")
        bidirectional: bool = setting(default=False, description="Read it from both ends and join what was found.")
        gives: Literal["last", "all"] = setting(
            "last", description="What was found at the end, or at each step for another layer that reads sequences."
        )

    def __init__(self, config: Config) -> None:
        self.config = config

    def gives(self, flow: Flow) -> Flow:
        """Say what it makes of a sample."""
        cure = "put embedding before it" if flow.tokens else ""
        expect("recurrent", flow, ["sequence"], cure)
        found = self.config.units * (1 + self.config.bidirectional)
        return Flow((found,) if self.config.gives == "last" else (flow.shape[0], found))

    def parameters(self, flow: Flow) -> int:
        """Count the parameters it learns."""
        units, features = self.config.units, flow.features
        # Of a GRU the state's part has biases of its own, since it is multiplied before it is added.
        once = 4 * units * (features + units + 1) if self.config.kind == "lstm" else 3 * units * (features + units + 2)
        return once * (1 + self.config.bidirectional)

    def pytorch(self, flow: Flow) -> nn.Module:
        """Build it for PyTorch."""
        from dltrainer_jupyter.models.layers import torch_parts as parts

        it = self.config
        made = parts.LSTM if it.kind == "lstm" else parts.GRU
        ways = [made(flow.features, it.units) for _ in range(1 + it.bidirectional)]
        return parts.Reading(ways, every_step=it.gives == "all")

    def tensorflow(self, name: str, flow: Flow) -> KerasCall:  # noqa: ARG002 - the protocol's
        """Build it for Keras."""
        from dltrainer_jupyter.models.layers import keras_parts as parts

        it = self.config
        return parts.recurrent(name, it.kind, it.units, every_step=it.gives == "all", bidirectional=it.bidirectional)

    def jax(self, flow: Flow, rngs: nnx.Rngs) -> FlaxCall:
        """Build it for Flax NNX."""
        from dltrainer_jupyter.models.layers import flax_recurrent as parts

        it = self.config
        made = parts.LSTM if it.kind == "lstm" else parts.GRU
        ways = [made(flow.features, it.units, rngs) for _ in range(1 + it.bidirectional)]
        return parts.Reading(ways, every_step=it.gives == "all")
