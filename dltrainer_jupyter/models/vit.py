"""Attention between patches, for images."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import BaseModel

from dltrainer_jupyter.core.protocols import Task
from dltrainer_jupyter.core.schema import setting
from dltrainer_jupyter.models.encoder import Encoder, check_heads
from dltrainer_jupyter.models.images import image_shape

if TYPE_CHECKING:
    import keras
    from torch import nn

    from dltrainer_jupyter.core.protocols import Signature

_SIZES = {"tiny": (192, 12, 3), "small": (384, 12, 6), "base": (768, 12, 12)}
"""Width, depth, heads."""
_LARGEST_PATCH, _LEAST_PATCHES = 16, 7
"""Pixels of a patch, and patches along a side, that are sought."""


@dataclass(frozen=True)
class Plan:
    """What a net is made of, whatever the framework."""

    channels: int
    patch: int
    beside: tuple[int, int]
    """Rows and columns of zeros that make an image whole patches."""
    patches: int
    encoder: Encoder
    pooling: Literal["cls", "mean"]
    outputs: int

    @property
    def steps(self) -> int:
        """Say how many steps the encoder looks at."""
        return self.patches + (self.pooling == "cls")


class ViTSettings(BaseModel, frozen=True, extra="forbid"):
    """Settings that nets of every size have."""

    patch: int | None = setting(
        None,
        ge=1,
        le=64,
        description="Height and width of a patch; if left out 16 for large images, 2 for the smallest.",
    )
    depth: int | None = setting(
        None, ge=1, le=64, advanced=True, description="Blocks; if left out, those of the size, 12."
    )
    width: int | None = setting(
        None, ge=1, le=8192, advanced=True, description="Values a patch; if left out, those of the size."
    )
    heads: int | None = setting(
        None, ge=1, le=128, advanced=True, description="Heads of attention; if left out, those of the size."
    )
    pooling: Literal["cls", "mean"] = setting(
        "cls", advanced=True, description="What the output looks at: a step of its own, or the mean of all patches."
    )
    dropout: float = setting(
        0.0,
        ge=0,
        lt=1,
        step=0.05,
        group="regularization",
        description="Share of values dropped behind positions, attention and each layer of a block.",
    )


class ViT:
    """Vision transformer: an image cut into patches, between which blocks of attention work.

    The weights are named as timm's, and there are as many of them. An image that isn't whole patches gets zeros on
    the right and below.

    Parameters
    ----------
    config : ViT.Config
        Settings.

    Notes
    -----
    A. Dosovitskiy et al., "An Image is Worth 16x16 Words: Transformers for Image Recognition at Scale", ICLR (2021);
    the sizes tiny and small are those of H. Touvron et al., "Training data-efficient image transformers & distillation
    through attention", ICML (2021). Small sets teach it less than they do a ``cnn``.

    Examples
    --------
    >>> from dltrainer_jupyter.core.protocols import Signature
    >>> net = ViT(ViT.Config(size="tiny")).pytorch(Signature("classification", (3, 224, 224), 1000))
    >>> sum(weight.numel() for weight in net.parameters())
    5717416
    """

    description: ClassVar[str] = "Vision transformer (ViT): attention between the patches of an image."
    task: ClassVar[tuple[Task, ...]] = ("classification", "regression")
    tags: ClassVar[tuple[str, ...]] = ("images", "attention")
    recommended_batch_size: ClassVar[int] = 128

    class Config(ViTSettings, frozen=True, extra="forbid"):
        """Settings."""

        presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
            "easy": {"size": "tiny", "depth": 4},
            "medium": {"size": "tiny", "dropout": 0.1},
            "advanced": {"size": "small", "dropout": 0.1},
        }

        size: Literal["tiny", "small", "base"] = setting("tiny", description="How wide it is.")

    def __init__(self, config: Config) -> None:
        self.config: ViTSettings = config
        self.size: str = config.size

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
            If a sample is no image, or heads don't divide the width.
        """
        from dltrainer_jupyter.models.torch_vit import ViTModule

        return ViTModule(self.plan(signature))

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
            If a sample is no image, or heads don't divide the width.
        """
        from dltrainer_jupyter.models.keras_vit import build

        return build(self.plan(signature), signature)

    def plan(self, signature: Signature) -> Plan:
        """Say what the net is made of for some data.

        Raises
        ------
        ConfigurationError
            If a sample is no image, or heads don't divide the width.
        """
        config = self.config
        channels, height, images_width = image_shape("vit", signature.input_shape)
        width, depth, heads = _SIZES[self.size]
        width, depth, heads = config.width or width, config.depth or depth, config.heads or heads
        check_heads("vit", width, heads)
        patch = config.patch or _patch(min(height, images_width))
        rows, columns = -(-height // patch), -(-images_width // patch)
        encoder = Encoder(width, depth, heads, 4 * width, "gelu", config.dropout)
        beside = (rows * patch - height, columns * patch - images_width)
        return Plan(channels, patch, beside, rows * columns, encoder, config.pooling, signature.outputs)


class ViTTiny(ViT):
    """The vision transformer's smallest size: 5.7 million weights for images of 224 pixels.

    Parameters
    ----------
    config : ViTTiny.Config
        Settings.

    Examples
    --------
    >>> from dltrainer_jupyter.core.protocols import Signature
    >>> ViTTiny(ViTTiny.Config()).plan(Signature("classification", (3, 32, 32), 10)).patches
    64
    """

    description: ClassVar[str] = "Vision transformer of the size tiny, for images."

    class Config(ViTSettings, frozen=True, extra="forbid"):
        """Settings."""

        presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
            "easy": {"depth": 4},
            "medium": {"dropout": 0.1},
            "advanced": {"dropout": 0.1, "pooling": "mean"},
        }

    def __init__(self, config: Config) -> None:
        self.config = config
        self.size = "tiny"


def _patch(side: int) -> int:
    """Choose how large patches are: as large as leaves seven along a side, and at least 2 pixels.

    Examples
    --------
    >>> [_patch(side) for side in (8, 16, 28, 32, 64, 224)]
    [2, 2, 4, 4, 8, 16]
    """
    patch = _LARGEST_PATCH
    while patch > 2 and side // patch < _LEAST_PATCHES:  # noqa: PLR2004 - a pixel alone tells nothing
        patch //= 2
    return patch
