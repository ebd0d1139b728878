"""Layers that are made of others."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, TypeVar, cast

from dltrainer_jupyter.models.layers.base import LayerConfig
from dltrainer_jupyter.models.layers.chain import Chain
from dltrainer_jupyter.models.layers.flow import Flow

if TYPE_CHECKING:
    from flax import nnx
    from torch import nn

    from dltrainer_jupyter.models.layers.base import FlaxCall, KerasCall

Settings = TypeVar("Settings", bound=LayerConfig)


def inner(config: type[Settings], **settings: Any) -> Settings:
    """Give settings of a layer inside of another.

    They follow from what comes and from what the data wants, which bounds on what people write don't hold for.

    Examples
    --------
    >>> from dltrainer_jupyter.models.layers.dense import Dense
    >>> inner(Dense.Config, units=100_000).units
    100000
    """
    return cast("Settings", config.model_construct(**settings))


class Composed(ABC):
    """A layer that is a chain of others, which may depend on what comes.

    Parameters
    ----------
    config : Composed.Config
        Settings of the class that derives from it.
    """

    def __init__(self, config: Any) -> None:
        self.config = config

    @abstractmethod
    def chain(self, flow: Flow) -> Chain:
        """Say what it is made of.

        Raises
        ------
        MisfitError
            If it can't take what comes.
        """

    def gives(self, flow: Flow) -> Flow:
        """Say what it makes of a sample."""
        return self.chain(flow).gives(flow)

    def parameters(self, flow: Flow) -> int:
        """Count the parameters it learns."""
        return self.chain(flow).parameters(flow)

    def pytorch(self, flow: Flow) -> nn.Module:
        """Build it for PyTorch."""
        return self.chain(flow).pytorch(flow)

    def tensorflow(self, name: str, flow: Flow) -> KerasCall:
        """Build it for Keras."""
        return self.chain(flow).tensorflow(name, flow)

    def jax(self, flow: Flow, rngs: nnx.Rngs) -> FlaxCall:
        """Build it for Flax NNX."""
        return self.chain(flow).jax(flow, rngs)
