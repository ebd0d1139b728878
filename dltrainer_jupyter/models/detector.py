"""A small net that finds objects in images: a box and a class for each."""

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
SMALLEST = 16
"""Least height and width of an image, in pixels."""


class Detector:
    """Small anchor-free detector: at each point of a grid, what is there, and how far its edges are.

    One level of a grid of every fourth pixel, so it is made for images of up to a few hundred pixels. Trained by the
    recipe ``detection``. Built for PyTorch only.

    Parameters
    ----------
    config : Detector.Config
        Settings.

    Notes
    -----
    Z. Tian, C. Shen, H. Chen and T. He, "FCOS: Fully Convolutional One-Stage Object Detection", ICCV (2019). What is
    seen coarsely is brought back to the fine grid as in T.-Y. Lin et al., "Feature Pyramid Networks for Object
    Detection", CVPR (2017).

    Examples
    --------
    >>> from dltrainer_jupyter.core.protocols import Signature
    >>> net = Detector(Detector.Config(width=4)).pytorch(Signature("detection", (3, 32, 32), 2))
    >>> net.stride
    4
    """

    description: ClassVar[str] = "Anchor-free detector (FCOS with one level): boxes and classes; PyTorch only."
    task: ClassVar[tuple[Task, ...]] = ("detection",)
    recipe: ClassVar[str] = "detection"
    """What trains it where no recipe is named."""

    class Config(BaseModel, frozen=True, extra="forbid"):
        """Settings."""

        width: int = Field(default=16, ge=1, le=512, description="Channels of the first layer; later ones have more.")
        activation: Activation = Field(default="relu", description="What follows each convolution but the last.")
        batch_norm: bool = Field(default=True, description="Normalise each channel over the batch.")
        least_score: float = Field(default=0.05, ge=0, lt=1, description="Detections of a lower score are left out.")
        most: int = Field(default=50, ge=1, le=300, description="Detections in an image, at most.")
        overlap: float = Field(
            default=0.6,
            gt=0,
            le=1,
            description="Of two detections of a class that overlap by more (intersection over union), the better "
            "one stays.",
        )

    def __init__(self, config: Config) -> None:
        self.config = config

    def pytorch(self, signature: Signature) -> nn.Module:
        """Build the net.

        Parameters
        ----------
        signature : Signature
            What goes in, shape (n, channels, height, width), and how many classes there are.

        Returns
        -------
        torch.nn.Module
            :class:`~dltrainer_jupyter.models.torch_detector.DetectorModule`.

        Raises
        ------
        ConfigurationError
            If a sample is no image, or a tiny one.
        """
        from dltrainer_jupyter.models.torch_detector import DetectorModule

        shape = signature.input_shape
        if len(shape) != _AXES or min(shape[1:]) < SMALLEST:
            msg = (
                f"model: detector takes images of shape (channels, height, width) from (1, {SMALLEST}, {SMALLEST}) on, "
                f"got samples of shape {shape}."
            )
            raise ConfigurationError(msg)
        return DetectorModule(shape[0], signature.outputs, **self.config.model_dump())
