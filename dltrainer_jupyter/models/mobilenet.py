"""Inverted residuals, for images and small machines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import BaseModel

from dltrainer_jupyter.core.protocols import Task
from dltrainer_jupyter.core.schema import setting
from dltrainer_jupyter.models.images import halvings, image_shape

if TYPE_CHECKING:
    import keras
    from torch import nn

    from dltrainer_jupyter.core.protocols import Signature

_STAGES = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))
"""Expansion, channels, blocks, stride of the first of them."""
_FIRST, _LAST = 32, 1280
_MOST_HALVINGS = 5


@dataclass(frozen=True)
class Block:
    """One inverted residual."""

    name: str
    channels: int
    """That it takes."""
    hidden: int
    """Of its convolution in between."""
    features: int
    """That it gives."""
    stride: int

    @property
    def is_expanding(self) -> bool:
        """Whether there are more channels in between than at its ends."""
        return self.hidden != self.channels

    @property
    def is_residual(self) -> bool:
        """Whether what it takes is added to what it computes."""
        return self.stride == 1 and self.channels == self.features


@dataclass(frozen=True)
class Plan:
    """What a net is made of, whatever the framework."""

    channels: int
    first: int
    stride: int
    """Of the first convolution."""
    blocks: tuple[Block, ...]
    last: int
    """Features before the output."""
    outputs: int
    dropout: float


class MobileNetV2:
    """MobileNetV2: blocks that widen, convolve each channel by itself and narrow again.

    The weights are named and initialised as torchvision's, and there are as many of them. Images below 128 pixels
    are halved less often, so that there is something left to look at.

    Parameters
    ----------
    config : MobileNetV2.Config
        Settings.

    Notes
    -----
    M. Sandler, A. Howard, M. Zhu, A. Zhmoginov and L.-C. Chen, "MobileNetV2: Inverted Residuals and Linear
    Bottlenecks", CVPR (2018).

    Examples
    --------
    >>> from dltrainer_jupyter.core.protocols import Signature
    >>> net = MobileNetV2(MobileNetV2.Config()).pytorch(Signature("classification", (3, 224, 224), 1000))
    >>> sum(weight.numel() for weight in net.parameters())
    3504872
    """

    description: ClassVar[str] = "MobileNetV2: a light net for images, as wide as wanted."
    task: ClassVar[tuple[Task, ...]] = ("classification", "regression")
    tags: ClassVar[tuple[str, ...]] = ("images", "convolution", "light")
    recommended_batch_size: ClassVar[int] = 96

    class Config(BaseModel, frozen=True, extra="forbid"):
        """Settings."""

        presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
            "easy": {"width": 0.35, "dropout": 0.0},
            "medium": {"width": 1.0},
            "advanced": {"width": 1.4, "dropout": 0.3},
        }

        width: float = setting(
            1.0, ge=0.1, le=4, step=0.05, description="Factor on the channels of every layer, rounded to eights."
        )
        dropout: float = setting(
            0.2,
            ge=0,
            lt=1,
            step=0.05,
            group="regularization",
            description="Share of values dropped before the output.",
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
        from dltrainer_jupyter.models.torch_mobilenet import MobileNetModule

        return MobileNetModule(self.plan(signature))

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
        from dltrainer_jupyter.models.keras_mobilenet import build

        return build(self.plan(signature), signature)

    def plan(self, signature: Signature) -> Plan:
        """Say what the net is made of for some data.

        Raises
        ------
        ConfigurationError
            If a sample is no image.
        """
        config = self.config
        channels, height, width = image_shape("mobilenet_v2", signature.input_shape)
        # The first ones are left out, so that a small image is looked at whole for long.
        whole = _MOST_HALVINGS - min(halvings(min(height, width)), _MOST_HALVINGS)
        strides = [2, *(stride for *_, stride in _STAGES)]
        for stage, stride in enumerate(strides):
            if stride > 1 and whole:
                strides[stage] = 1
                whole -= 1
        first = given = _in_eights(_FIRST * config.width)
        blocks: list[Block] = []
        for (expansion, wide, count, _), stride in zip(_STAGES, strides[1:], strict=True):
            features = _in_eights(wide * config.width)
            for number in range(count):
                name = f"features.{len(blocks) + 1}.conv"
                blocks.append(Block(name, given, given * expansion, features, stride if number == 0 else 1))
                given = features
        last = _in_eights(_LAST * max(1.0, config.width))
        return Plan(channels, first, strides[0], tuple(blocks), last, signature.outputs, config.dropout)


def _in_eights(channels: float) -> int:
    """Round to a multiple of eight, by not more than a tenth downwards."""
    rounded = max(8, int(channels + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * channels else rounded
