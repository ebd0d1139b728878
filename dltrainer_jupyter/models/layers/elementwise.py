"""Layers that look at each value alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from dltrainer_jupyter.core.schema import setting
from dltrainer_jupyter.models import blocks
from dltrainer_jupyter.models.layers.base import LayerConfig
from dltrainer_jupyter.models.layers.flow import Flow, expect

if TYPE_CHECKING:
    from flax import nnx
    from torch import nn

    from dltrainer_jupyter.models.layers.base import FlaxCall, KerasCall


class Activation:
    """A function of each value, which makes of several layers more than one.

    Parameters
    ----------
    config : Activation.Config
        Settings.

    Examples
    --------
    >>> Activation(Activation.Config(kind="gelu")).gives(Flow((64,))).shape
    (64,)
    """

    description: ClassVar[str] = "A function of each value, which makes of several layers more than one."
    tags: ClassVar[tuple[str, ...]] = ("values",)

    class Config(LayerConfig):
        """Settings."""

        kind: blocks.Activation = setting("relu", description="Which function.")

    def __init__(self, config: Config) -> None:
        self.config = config

    def gives(self, flow: Flow) -> Flow:
        """Say what it makes of a sample."""
        expect("activation", flow, ["values", "sequence", "image"])
        return flow

    def parameters(self, flow: Flow) -> int:  # noqa: ARG002 - the protocol's
        """Count the parameters it learns: none."""
        return 0

    def pytorch(self, flow: Flow) -> nn.Module:  # noqa: ARG002 - the protocol's
        """Build it for PyTorch."""
        return blocks.activation_layer(self.config.kind)

    def tensorflow(self, name: str, flow: Flow) -> KerasCall:  # noqa: ARG002 - the protocol's
        """Build it for Keras."""
        from dltrainer_jupyter.models import keras_layers

        made: KerasCall = keras_layers.activation(name, self.config.kind)
        return made

    def jax(self, flow: Flow, rngs: nnx.Rngs) -> FlaxCall:  # noqa: ARG002 - the protocol's
        """Build it for Flax NNX."""
        from dltrainer_jupyter.models.flax_layers import Function

        return Function(self.config.kind)


class Dropout:
    """Leave out values at random while training (Srivastava et al., 2014).

    Parameters
    ----------
    config : Dropout.Config
        Settings.

    Examples
    --------
    >>> Dropout(Dropout.Config(rate=0.1)).parameters(Flow((64,)))
    0
    """

    description: ClassVar[str] = "Leave out values at random while training."
    tags: ClassVar[tuple[str, ...]] = ("values",)

    class Config(LayerConfig):
        """Settings."""

        rate: float = setting(0.25, ge=0, lt=1, step=0.05, description="Share of values that is left out.")

    def __init__(self, config: Config) -> None:
        self.config = config

    def gives(self, flow: Flow) -> Flow:
        """Say what it makes of a sample."""
        expect("dropout", flow, ["values", "sequence", "image"])
        return flow

    def parameters(self, flow: Flow) -> int:  # noqa: ARG002 - the protocol's
        """Count the parameters it learns: none."""
        return 0

    def pytorch(self, flow: Flow) -> nn.Module:  # noqa: ARG002 - the protocol's
        """Build it for PyTorch."""
        from torch import nn

        return nn.Dropout(self.config.rate)

    def tensorflow(self, name: str, flow: Flow) -> KerasCall:  # noqa: ARG002 - the protocol's
        """Build it for Keras."""
        from keras import layers

        made: KerasCall = layers.Dropout(self.config.rate, name=name)
        return made

    def jax(self, flow: Flow, rngs: nnx.Rngs) -> FlaxCall:  # noqa: ARG002 - the protocol's
        """Build it for Flax NNX."""
        from flax import nnx

        return nnx.Dropout(self.config.rate, rngs=rngs)
