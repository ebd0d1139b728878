"""Residual nets, for images."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import BaseModel

from dltrainer_jupyter.core.protocols import Task
from dltrainer_jupyter.core.schema import setting
from dltrainer_jupyter.models.images import halvings, image_shape

if TYPE_CHECKING:
    import keras
    from torch import nn

    from dltrainer_jupyter.core.protocols import Signature

_BLOCKS: dict[int, tuple[int, ...]] = {
    18: (2, 2, 2, 2),
    34: (3, 4, 6, 3),
    50: (3, 4, 6, 3),
    101: (3, 4, 23, 3),
    152: (3, 8, 36, 3),
    20: (3, 3, 3),
    32: (5, 5, 5),
}
"""Blocks of each stage."""
_BOTTLENECKS = 50
"""From this depth on a block is a bottleneck."""
_EXPANSION = 4
"""Channels that a bottleneck gives, for each one inside it."""
_LARGE = 64
"""From this height and width on the stem takes two halvings away."""


@dataclass(frozen=True)
class Block:
    """One residual block."""

    name: str
    channels: int
    """That it takes."""
    width: int
    """Of its convolutions."""
    features: int
    """That it gives."""
    stride: int
    bottleneck: bool
    padded: bool
    """Whether a shortcut that can't be the identity is padded with zeros, rather than projected."""

    @property
    def is_changing(self) -> bool:
        """Whether what it gives has another shape than what it takes."""
        return self.stride > 1 or self.channels != self.features


@dataclass(frozen=True)
class Plan:
    """What a residual net is made of, whatever the framework."""

    channels: int
    width: int
    large_stem: bool
    blocks: tuple[Block, ...]
    outputs: int
    dropout: float
    zero_init: bool


class ResNet:
    """Residual net: blocks of convolutions that learn what to add to what they are given.

    The weights are named and initialised as torchvision's, and there are as many of them. Images below 64 pixels
    get a stem that doesn't shrink them, and those below 32 pixels are halved less often.

    Parameters
    ----------
    config : ResNet.Config
        Settings.

    Notes
    -----
    K. He, X. Zhang, S. Ren and J. Sun, "Deep Residual Learning for Image Recognition", CVPR (2016): depths 18 to 152
    as for ImageNet, with the stride in a bottleneck's 3x3 convolution; 20 and 32 as for CIFAR-10, with shortcuts that
    have no weights.

    Examples
    --------
    >>> from dltrainer_jupyter.core.protocols import Signature
    >>> net = ResNet(ResNet.Config(depth=20)).pytorch(Signature("classification", (3, 32, 32), 10))
    >>> sum(weight.numel() for weight in net.parameters())
    269722
    """

    description: ClassVar[str] = "Residual net of 18 to 152 layers, or of 20 or 32 for small images."
    task: ClassVar[tuple[Task, ...]] = ("classification", "regression")
    tags: ClassVar[tuple[str, ...]] = ("images", "convolution", "residual")
    recommended_batch_size: ClassVar[int] = 128

    class Config(BaseModel, frozen=True, extra="forbid"):
        """Settings."""

        presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
            "easy": {"depth": 20},
            "medium": {"depth": 18},
            "advanced": {"depth": 50, "zero_init": True, "dropout": 0.2},
        }

        depth: Literal[18, 20, 32, 34, 50, 101, 152] = setting(
            18, description="Layers with weights; 20 and 32 are small nets for small images."
        )
        width: int | None = setting(
            None,
            ge=1,
            le=1024,
            advanced=True,
            description="Channels of the first stage, doubled in each that follows; if left out 64, and 16 in the "
            "small nets.",
        )
        stem: Literal["auto", "large", "small"] = setting(
            "auto",
            advanced=True,
            description="How the net begins: large quarters height and width, small keeps them; auto is small below "
            "64 pixels.",
        )
        dropout: float = setting(
            0.0,
            ge=0,
            lt=1,
            step=0.05,
            group="regularization",
            description="Share of values dropped before the output.",
        )
        zero_init: bool = setting(
            default=False,
            group="regularization",
            advanced=True,
            description="Let each block add nothing at first, which steadies deep nets.",
        )

    def __init__(self, config: Config) -> None:
        self.config = config

    def pytorch(self, signature: Signature) -> nn.Module:
        """Build the net.

        Parameters
        ----------
        signature : Signature
            What goes in, shape (n, channels, height, width), and how many outputs come out, shape (n, outputs).

        Returns
        -------
        torch.nn.Module

        Raises
        ------
        ConfigurationError
            If a sample is no image.
        """
        from dltrainer_jupyter.models.torch_resnet import ResNetModule

        return ResNetModule(self.plan(signature))

    def tensorflow(self, signature: Signature) -> keras.Model:
        """Build the net.

        Parameters
        ----------
        signature : Signature
            What goes in, shape (n, channels, height, width), and how many outputs come out, shape (n, outputs).

        Returns
        -------
        keras.Model
            A functional model; its layers are named as PyTorch's, and bring the channels to the back.

        Raises
        ------
        ConfigurationError
            If a sample is no image.
        """
        from dltrainer_jupyter.models.keras_resnet import build

        return build(self.plan(signature), signature)

    def plan(self, signature: Signature) -> Plan:
        """Say what the net is made of for some data.

        Raises
        ------
        ConfigurationError
            If a sample is no image.
        """
        config = self.config
        channels, height, width = image_shape("resnet", signature.input_shape)
        side = min(height, width)
        large = config.stem == "large" or (config.stem == "auto" and side >= _LARGE)
        blocks = _BLOCKS[config.depth]
        bottleneck, small = config.depth >= _BOTTLENECKS, len(blocks) == len(_BLOCKS[20])
        first = config.width or (16 if small else 64)
        # The first ones are left out, so that a small image is looked at whole for long.
        whole = 1 if large else max(1, len(blocks) - halvings(side))
        made: list[Block] = []
        given = first
        for stage, count in enumerate(blocks):
            wide = first * 2**stage
            for number in range(count):
                features = wide * _EXPANSION if bottleneck else wide
                stride = 2 if number == 0 and stage >= whole else 1
                made.append(Block(f"layer{stage + 1}.{number}", given, wide, features, stride, bottleneck, small))
                given = features
        return Plan(channels, first, large, tuple(made), signature.outputs, config.dropout, config.zero_init)
