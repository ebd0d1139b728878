"""Layers that make one value of several neighbouring ones, or of all."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from dltrainer_jupyter.core.schema import setting
from dltrainer_jupyter.models.layers.base import LayerConfig
from dltrainer_jupyter.models.layers.flow import Flow, expect
from dltrainer_jupyter.models.layers.windows import Window, slid

if TYPE_CHECKING:
    from flax import nnx
    from torch import nn

    from dltrainer_jupyter.models.layers.base import FlaxCall, KerasCall

PoolingKind = Literal["max", "average"]


class Pool:
    """The largest, or the average, of neighbouring values.

    Parameters
    ----------
    config : Pool.Config
        Settings.

    Examples
    --------
    >>> Pool(Pool.Config()).gives(Flow((8, 28, 28))).shape
    (8, 14, 14)
    """

    description: ClassVar[str] = "The largest, or the average, of neighbouring values."
    tags: ClassVar[tuple[str, ...]] = ("pooling",)

    class Config(LayerConfig):
        """Settings."""

        kind: PoolingKind = setting("max", description="What becomes of the values in a window.")
        size: int = setting(2, ge=1, le=256, description="Places the window covers, in each direction.")
        stride: int | None = setting(
            None, ge=1, le=256, advanced=True, description="Places from one window to the next; its size if left out."
        )

        @property
        def window(self) -> Window:
            """What slides."""
            return Window(self.size, self.size if self.stride is None else self.stride)

    def __init__(self, config: Config) -> None:
        self.config = config

    def gives(self, flow: Flow) -> Flow:
        """Say what it makes of a sample."""
        expect("pool", flow, ["image", "sequence"])
        return slid("pool", flow, self.config.window)

    def parameters(self, flow: Flow) -> int:  # noqa: ARG002 - the protocol's
        """Count the parameters it learns: none."""
        return 0

    def pytorch(self, flow: Flow) -> nn.Module:
        """Build it for PyTorch."""
        from torch import nn

        from dltrainer_jupyter.models.layers import torch_parts as parts

        image, largest = flow.form == "image", self.config.kind == "max"
        made = (nn.MaxPool2d if largest else nn.AvgPool2d) if image else (nn.MaxPool1d if largest else nn.AvgPool1d)
        return parts.over_steps(made(self.config.size, self.config.window.stride), flow)

    def tensorflow(self, name: str, flow: Flow) -> KerasCall:
        """Build it for Keras."""
        from dltrainer_jupyter.models.layers import keras_parts as parts

        return parts.pool(name, flow, self.config.kind, self.config.window)

    def jax(self, flow: Flow, rngs: nnx.Rngs) -> FlaxCall:  # noqa: ARG002 - the protocol's
        """Build it for Flax NNX."""
        from dltrainer_jupyter.models.layers import flax_parts as parts

        directions = 2 if flow.form == "image" else 1
        return parts.Pool(self.config.kind, self.config.window, directions)


class GlobalPool:
    """The average, or the largest, of each channel over all places.

    Parameters
    ----------
    config : GlobalPool.Config
        Settings.

    Examples
    --------
    >>> GlobalPool(GlobalPool.Config()).gives(Flow((64, 7, 7))).shape
    (64,)
    """

    description: ClassVar[str] = "The average, or the largest, of each channel over all places."
    tags: ClassVar[tuple[str, ...]] = ("pooling",)

    class Config(LayerConfig):
        """Settings."""

        kind: PoolingKind = setting("average", description="What becomes of the values of a channel.")

    def __init__(self, config: Config) -> None:
        self.config = config

    def gives(self, flow: Flow) -> Flow:
        """Say what it makes of a sample."""
        expect("global_pool", flow, ["image", "sequence"])
        return Flow((flow.features,))

    def parameters(self, flow: Flow) -> int:  # noqa: ARG002 - the protocol's
        """Count the parameters it learns: none."""
        return 0

    def pytorch(self, flow: Flow) -> nn.Module:
        """Build it for PyTorch."""
        from dltrainer_jupyter.models.layers import torch_parts as parts

        return parts.GlobalPool(self.config.kind, (2, 3) if flow.form == "image" else (1,))

    def tensorflow(self, name: str, flow: Flow) -> KerasCall:
        """Build it for Keras."""
        from dltrainer_jupyter.models.layers import keras_parts as parts

        return parts.global_pool(name, flow, self.config.kind)

    def jax(self, flow: Flow, rngs: nnx.Rngs) -> FlaxCall:  # noqa: ARG002 - the protocol's
        """Build it for Flax NNX."""
        from dltrainer_jupyter.models.layers import flax_parts as parts

        return parts.GlobalPool(self.config.kind, (1, 2) if flow.form == "image" else (1,))
