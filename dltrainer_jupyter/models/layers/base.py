"""What a layer is."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, Protocol, runtime_checkable

from pydantic import BaseModel, ConfigDict

from dltrainer_jupyter.models.layers.flow import Flow

if TYPE_CHECKING:
    import jax
    import keras
    from flax import nnx
    from torch import nn

    KerasCall = Callable[[keras.KerasTensor], keras.KerasTensor]
    FlaxCall = Callable[[jax.Array], jax.Array]


class LayerConfig(BaseModel):
    """Settings of a layer."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


@runtime_checkable
class Layer(Protocol):
    """A piece of a stack. Images have their channels first on PyTorch and last on Keras and Flax."""

    description: ClassVar[str]

    def gives(self, flow: Flow) -> Flow:
        """Say what it makes of a sample.

        Raises
        ------
        MisfitError
            If it can't take it; the message holds both shapes.
        """

    def parameters(self, flow: Flow) -> int:
        """Count the parameters it learns."""

    def pytorch(self, flow: Flow) -> nn.Module:
        """Build it for PyTorch: takes and gives shape (n, *shape)."""

    def tensorflow(self, name: str, flow: Flow) -> KerasCall:
        """Build it for Keras: takes and gives a tensor of the functional API; its layers are called after ``name``."""

    def jax(self, flow: Flow, rngs: nnx.Rngs) -> FlaxCall:
        """Build it for Flax NNX: a module that takes and gives an array."""
