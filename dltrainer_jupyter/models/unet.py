"""A U-shaped net, which tells the class of each pixel."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pydantic import BaseModel, Field

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.protocols import Task
from dltrainer_jupyter.models.blocks import Activation

if TYPE_CHECKING:
    from torch import nn

    from dltrainer_jupyter.core.protocols import Signature

_AXES = 3
SMALLEST = 8
"""Least height and width of an image, in pixels."""


class UNet:
    """Small U-Net: down to a coarse view of the whole image and up again, each level seeing what was there on the way.

    Built for PyTorch only.

    Parameters
    ----------
    config : UNet.Config
        Settings.

    Notes
    -----
    O. Ronneberger, P. Fischer and T. Brox, "U-Net: Convolutional Networks for Biomedical Image Segmentation", MICCAI
    (2015); with padding, so that the output is as large as the image, and batch normalisation.

    Examples
    --------
    >>> from dltrainer_jupyter.core.protocols import Signature
    >>> net = UNet(UNet.Config(width=4, depth=2)).pytorch(Signature("segmentation", (3, 16, 16), 5))
    >>> [name for name, _ in net.named_children()]
    ['down', 'up', 'output']
    """

    description: ClassVar[str] = "U-Net: the class of each pixel of an image (channels, height, width); PyTorch only."
    task: ClassVar[tuple[Task, ...]] = ("segmentation",)

    class Config(BaseModel, frozen=True, extra="forbid"):
        """Settings."""

        width: int = Field(default=16, ge=1, le=1024, description="Channels at full size; doubled at each level down.")
        depth: int = Field(default=3, ge=1, le=6, description="How often height and width are halved.")
        activation: Activation = Field(default="relu", description="What follows each convolution but the last two.")
        dropout: float = Field(default=0.0, ge=0, lt=1, description="Share of channels dropped at the coarsest level.")
        batch_norm: bool = Field(default=True, description="Normalise each channel over the batch.")

    def __init__(self, config: Config) -> None:
        self.config = config

    def pytorch(self, signature: Signature) -> nn.Module:
        """Build the net.

        Parameters
        ----------
        signature : Signature
            What goes in, shape (n, channels, height, width), and how many classes there are; outputs have shape
            (n, classes, height, width).

        Returns
        -------
        torch.nn.Module

        Raises
        ------
        ConfigurationError
            If a sample is no image, or too small to be halved so often.
        """
        from dltrainer_jupyter.models.torch_unet import UNetModule

        shape, config = signature.input_shape, self.config
        if len(shape) != _AXES or min(shape[1:]) < SMALLEST:
            msg = (
                f"model: unet takes images of shape (channels, height, width) from (1, {SMALLEST}, {SMALLEST}) on, got "
                f"samples of shape {shape}."
            )
            raise ConfigurationError(msg)
        if min(shape[1:]) < 2**config.depth:
            msg = (
                f"model: unet halves {shape[1]}x{shape[2]} pixels {config.depth} times, which leaves nothing; use a "
                f"depth of at most {min(shape[1:]).bit_length() - 1}."
            )
            raise ConfigurationError(msg)
        return UNetModule(shape[0], signature.outputs, **config.model_dump())
