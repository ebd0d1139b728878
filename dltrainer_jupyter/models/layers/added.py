"""What comes in, added to what layers make of it: the shortcut of residual nets and transformers."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from dltrainer_jupyter.models.layers.chain import Chain
from dltrainer_jupyter.models.layers.flow import Flow

if TYPE_CHECKING:
    from flax import nnx
    from torch import nn

    from dltrainer_jupyter.models.layers.base import FlaxCall, KerasCall


class Added:
    """The sum of two ways.

    Parameters
    ----------
    body : Chain
        What is learnt.
    shortcut : Chain, optional
        What brings the input to the body's shape; left out where it has it already.
    """

    description: ClassVar[str] = "The sum of what comes in and what layers make of it."
    config: ClassVar[None] = None

    def __init__(self, body: Chain, shortcut: Chain | None = None) -> None:
        self.body = body
        self.shortcut = shortcut

    def gives(self, flow: Flow) -> Flow:
        """Say what it makes of a sample."""
        return self.body.gives(flow)

    def parameters(self, flow: Flow) -> int:
        """Count the parameters it learns."""
        return self.body.parameters(flow) + (self.shortcut.parameters(flow) if self.shortcut else 0)

    def pytorch(self, flow: Flow) -> nn.Module:
        """Build it for PyTorch."""
        from dltrainer_jupyter.models.layers import torch_parts as parts

        return parts.Added(self.body.pytorch(flow), self.shortcut.pytorch(flow) if self.shortcut else None)

    def tensorflow(self, name: str, flow: Flow) -> KerasCall:
        """Build it for Keras."""
        from keras import layers

        body = self.body.tensorflow(f"{name}.body", flow)
        shortcut = self.shortcut.tensorflow(f"{name}.shortcut", flow) if self.shortcut else None
        add = layers.Add(name=f"{name}.added")
        return lambda given: add([body(given), shortcut(given) if shortcut else given])

    def jax(self, flow: Flow, rngs: nnx.Rngs) -> FlaxCall:
        """Build it for Flax NNX."""
        from dltrainer_jupyter.models.layers import flax_parts as parts

        return parts.Added(self.body.jax(flow, rngs), self.shortcut.jax(flow, rngs) if self.shortcut else None)
