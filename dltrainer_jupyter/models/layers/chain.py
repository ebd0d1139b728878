"""Layers one after another, inside another layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from dltrainer_jupyter.models.layers.base import Layer
from dltrainer_jupyter.models.layers.flow import Flow

if TYPE_CHECKING:
    from flax import nnx
    from torch import nn

    from dltrainer_jupyter.models.flax_layers import Layers
    from dltrainer_jupyter.models.layers.base import KerasCall


class Chain:
    """Named layers, one after another.

    Parameters
    ----------
    layers : sequence of (str, Layer)
        In order; names are part of what parameters are called.
    """

    def __init__(self, layers: Sequence[tuple[str, Layer]]) -> None:
        self.layers = tuple(layers)

    def gives(self, flow: Flow) -> Flow:
        """Say what they make of a sample."""
        for _, layer in self.layers:
            flow = layer.gives(flow)
        return flow

    def parameters(self, flow: Flow) -> int:
        """Count the parameters they learn."""
        return sum(layer.parameters(given) for _, layer, given in self._with_flows(flow))

    def pytorch(self, flow: Flow) -> nn.Sequential:
        """Build them for PyTorch."""
        from collections import OrderedDict

        from torch import nn

        return nn.Sequential(OrderedDict((name, layer.pytorch(it)) for name, layer, it in self._with_flows(flow)))

    def tensorflow(self, name: str, flow: Flow) -> KerasCall:
        """Build them for Keras."""
        calls = [
            layer.tensorflow(f"{name}.{inner}" if name else inner, it) for inner, layer, it in self._with_flows(flow)
        ]

        def called(given: object) -> object:
            for call in calls:
                given = call(given)
            return given

        return called

    def jax(self, flow: Flow, rngs: nnx.Rngs) -> Layers:
        """Build them for Flax NNX."""
        from dltrainer_jupyter.models.flax_layers import Layers

        return Layers({name: layer.jax(it, rngs) for name, layer, it in self._with_flows(flow)})

    def _with_flows(self, flow: Flow) -> list[tuple[str, Layer, Flow]]:
        found = []
        for name, layer in self.layers:
            found.append((name, layer, flow))
            flow = layer.gives(flow)
        return found
