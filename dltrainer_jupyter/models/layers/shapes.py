"""Layers that only bring values into another shape."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from dltrainer_jupyter.core.schema import setting
from dltrainer_jupyter.models.layers.base import LayerConfig
from dltrainer_jupyter.models.layers.flow import Flow, MisfitError, expect

if TYPE_CHECKING:
    from flax import nnx
    from torch import nn

    from dltrainer_jupyter.models.layers.base import FlaxCall, KerasCall


class Flatten:
    """All values in a row; those of an image channel by channel, on every framework.

    Parameters
    ----------
    config : Flatten.Config
        There is nothing to set.

    Examples
    --------
    >>> Flatten(Flatten.Config()).gives(Flow((8, 4, 4))).shape
    (128,)
    """

    description: ClassVar[str] = "All values in a row."
    tags: ClassVar[tuple[str, ...]] = ("shape",)

    class Config(LayerConfig):
        """Settings."""

    def __init__(self, config: Config) -> None:
        self.config = config

    def gives(self, flow: Flow) -> Flow:
        """Say what it makes of a sample."""
        expect("flatten", flow, ["values", "sequence", "image"])
        return Flow((flow.size,))

    def parameters(self, flow: Flow) -> int:  # noqa: ARG002 - the protocol's
        """Count the parameters it learns: none."""
        return 0

    def pytorch(self, flow: Flow) -> nn.Module:  # noqa: ARG002 - the protocol's
        """Build it for PyTorch."""
        from torch import nn

        return nn.Flatten()

    def tensorflow(self, name: str, flow: Flow) -> KerasCall:
        """Build it for Keras."""
        from dltrainer_jupyter.models.layers import keras_parts as parts

        return parts.reshape(name, flow, (flow.size,))

    def jax(self, flow: Flow, rngs: nnx.Rngs) -> FlaxCall:  # noqa: ARG002 - the protocol's
        """Build it for Flax NNX."""
        from dltrainer_jupyter.models.layers import flax_parts as parts

        return parts.Reshape((flow.size,), from_image=flow.form == "image")


class Reshape:
    """The same values in another shape, such as a row of 784 as an image of shape (1, 28, 28).

    Parameters
    ----------
    config : Reshape.Config
        Settings.

    Examples
    --------
    >>> Reshape(Reshape.Config(shape=(1, 8, 8))).gives(Flow((64,))).shape
    (1, 8, 8)
    """

    description: ClassVar[str] = "The same values in another shape, such as a row of 784 as an image (1, 28, 28)."
    tags: ClassVar[tuple[str, ...]] = ("shape",)

    class Config(LayerConfig):
        """Settings."""

        shape: tuple[Annotated[int, Field(ge=1, le=2**24)], ...] = setting(
            min_length=1,
            max_length=3,
            description="Features; time and features; or channels, height and width.",
        )

    def __init__(self, config: Config) -> None:
        self.config = config

    def gives(self, flow: Flow) -> Flow:
        """Say what it makes of a sample."""
        expect("reshape", flow, ["values", "sequence", "image"])
        wanted = self.config.shape
        if math.prod(wanted) != flow.size:
            msg = f"reshape makes shape {wanted}, {math.prod(wanted):,} values, of shape {flow.shape}, {flow.size:,}"
            raise MisfitError(msg)
        return Flow(wanted)

    def parameters(self, flow: Flow) -> int:  # noqa: ARG002 - the protocol's
        """Count the parameters it learns: none."""
        return 0

    def pytorch(self, flow: Flow) -> nn.Module:  # noqa: ARG002 - the protocol's
        """Build it for PyTorch."""
        from dltrainer_jupyter.models.layers import torch_parts as parts

        return parts.Reshape(self.config.shape)

    def tensorflow(self, name: str, flow: Flow) -> KerasCall:
        """Build it for Keras."""
        from dltrainer_jupyter.models.layers import keras_parts as parts

        return parts.reshape(name, flow, self.config.shape)

    def jax(self, flow: Flow, rngs: nnx.Rngs) -> FlaxCall:  # noqa: ARG002 - the protocol's
        """Build it for Flax NNX."""
        from dltrainer_jupyter.models.layers import flax_parts as parts

        return parts.Reshape(self.config.shape, from_image=flow.form == "image")


class Upsample:
    """An image as many times as high and wide, each value repeated.

    Parameters
    ----------
    config : Upsample.Config
        Settings.

    Examples
    --------
    >>> Upsample(Upsample.Config()).gives(Flow((8, 7, 7))).shape
    (8, 14, 14)
    """

    description: ClassVar[str] = "An image as many times as high and wide, each value repeated."
    tags: ClassVar[tuple[str, ...]] = ("pooling",)

    class Config(LayerConfig):
        """Settings."""

        factor: int = setting(2, ge=2, le=16, description="How many times as high and wide.")

    def __init__(self, config: Config) -> None:
        self.config = config

    def gives(self, flow: Flow) -> Flow:
        """Say what it makes of a sample."""
        expect("upsample", flow, ["image"])
        channels, height, width = flow.shape
        return Flow((channels, height * self.config.factor, width * self.config.factor))

    def parameters(self, flow: Flow) -> int:  # noqa: ARG002 - the protocol's
        """Count the parameters it learns: none."""
        return 0

    def pytorch(self, flow: Flow) -> nn.Module:  # noqa: ARG002 - the protocol's
        """Build it for PyTorch."""
        from torch import nn

        return nn.Upsample(scale_factor=self.config.factor, mode="nearest")

    def tensorflow(self, name: str, flow: Flow) -> KerasCall:  # noqa: ARG002 - the protocol's
        """Build it for Keras."""
        from keras import layers

        made: KerasCall = layers.UpSampling2D(self.config.factor, data_format="channels_last", name=name)
        return made

    def jax(self, flow: Flow, rngs: nnx.Rngs) -> FlaxCall:  # noqa: ARG002 - the protocol's
        """Build it for Flax NNX."""
        from dltrainer_jupyter.models.layers import flax_parts as parts

        return parts.Upsample(self.config.factor)
