"""Steps that cut samples into pieces of one size: windows of sequences, patches of images."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.data.steps.base import Fixed, StepConfig, repeated, written
from dltrainer_jupyter.data.steps.pieces import Merge

if TYPE_CHECKING:
    import numpy.typing as npt

    from dltrainer_jupyter.core.protocols import Array

Length = Annotated[int, Field(ge=1)]
_MERGE = (
    "What a prediction is made of: the mean of the outputs for all pieces, their largest values, those of the first, "
    "or none: each piece has one."
)


@dataclass(frozen=True)
class Windows(Fixed):
    """Cut sequences into windows, each of which is a sample with the sequence's target.

    What is left at the end of a sequence and too short for a window is left out.

    Parameters
    ----------
    length : int
        Time steps of a window, along the first axis of a sample.
    stride : int
        Time steps from the beginning of one to that of the next.
    merge : {"mean", "max", "first", "none"}
        How a prediction is made of those for its windows.

    Examples
    --------
    >>> step = Windows(length=3, stride=1)
    >>> step.split(np.arange(10.0).reshape(2, 5))[0][:3]
    array([[0., 1., 2.],
           [1., 2., 3.],
           [2., 3., 4.]])
    """

    type: ClassVar[str] = "windows"
    yields: ClassVar[Literal[True]] = True

    length: int
    stride: int
    merge: Merge = "mean"

    class Config(StepConfig):
        """Settings."""

        length: Length = Field(description="Time steps of a window, along the first axis of a sample.")
        stride: Length | None = Field(
            default=None, description="Time steps from one window's beginning to the next; by default the length."
        )
        merge: Merge = Field(default="mean", description=_MERGE)

    @classmethod
    def from_config(cls, config: Config) -> Windows:
        """Make it as it was asked for."""
        return cls(config.length, config.stride or config.length, config.merge)

    def split(self, inputs: Array) -> tuple[Array, npt.NDArray[np.int64]]:
        """Cut.

        Raises
        ------
        ConfigurationError
            If a sequence is shorter than a window.
        """
        if inputs.shape[1] < self.length:
            msg = (
                f"preprocessing: windows of {self.length:,} time steps need sequences of as many, got samples of shape "
                f"{written(inputs.shape[1:])}; give a smaller length."
            )
            raise ConfigurationError(msg)
        views = np.lib.stride_tricks.sliding_window_view(inputs, self.length, axis=1)[:, :: self.stride]
        # The window's axis comes last there, and belongs where time was.
        pieces = np.moveaxis(views, -1, 2)
        return _flattened(pieces, 1)

    def apply(self, inputs: Array) -> Array:
        """Give the windows."""
        return self.split(inputs)[0]

    def describe(self) -> str:
        """Say into what it cuts."""
        return f"cut into windows of {self.length:,} time steps, one every {self.stride:,}{_told(self.merge)}"

    def to_dict(self) -> dict[str, Any]:
        """Give it as JSON types."""
        return {"type": self.type, "length": self.length, "stride": self.stride, "merge": self.merge}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Windows:
        """Make it again."""
        return cls(values["length"], values["stride"], values["merge"])


@dataclass(frozen=True)
class Patches(Fixed):
    """Cut images into patches, each of which is a sample with the image's target.

    What is left at the right and at the bottom, and too small for a patch, is left out.

    Parameters
    ----------
    size, stride : (int, int)
        Height and width of a patch, and pixels from one to the next.
    merge : {"mean", "max", "first", "none"}
        How a prediction is made of those for its patches.

    Examples
    --------
    >>> Patches((4, 4), (4, 4)).apply(np.zeros((2, 3, 8, 8))).shape
    (8, 3, 4, 4)
    """

    type: ClassVar[str] = "patches"
    yields: ClassVar[Literal[True]] = True

    size: tuple[int, int]
    stride: tuple[int, int]
    merge: Merge = "mean"

    class Config(StepConfig):
        """Settings."""

        size: Annotated[tuple[Length, Length], repeated(2)] = Field(
            description="Height and width of a patch in pixels; a single number is both."
        )
        stride: Annotated[tuple[Length, Length] | None, repeated(2)] = Field(
            default=None, description="Pixels from one patch to the next, down and across; by default the size."
        )
        merge: Merge = Field(default="mean", description=_MERGE)

    @classmethod
    def from_config(cls, config: Config) -> Patches:
        """Make it as it was asked for."""
        return cls(config.size, config.stride or config.size, config.merge)

    def split(self, inputs: Array) -> tuple[Array, npt.NDArray[np.int64]]:
        """Cut.

        Raises
        ------
        ConfigurationError
            If samples are no images, or smaller than a patch.
        """
        (height, width), (down, across) = self.size, self.stride
        if inputs.ndim != 4 or inputs.shape[2] < height or inputs.shape[3] < width:  # noqa: PLR2004 - images
            msg = (
                f"preprocessing: patches of {height}x{width} pixels need images of shape (channels, height, width) "
                f"that are as large, got samples of shape {written(inputs.shape[1:])}."
            )
            raise ConfigurationError(msg)
        views = np.lib.stride_tricks.sliding_window_view(inputs, self.size, axis=(2, 3))[:, :, ::down, ::across]
        return _flattened(views.transpose(0, 2, 3, 1, 4, 5), 2)

    def apply(self, inputs: Array) -> Array:
        """Give the patches."""
        return self.split(inputs)[0]

    def describe(self) -> str:
        """Say into what it cuts."""
        size, stride = ("x".join(map(str, pair)) for pair in (self.size, self.stride))
        return f"cut into patches of {size} pixels, one every {stride}{_told(self.merge)}"

    def to_dict(self) -> dict[str, Any]:
        """Give it as JSON types."""
        return {"type": self.type, "size": list(self.size), "stride": list(self.stride), "merge": self.merge}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Patches:
        """Make it again."""
        (height, width), (down, across) = values["size"], values["stride"]
        return cls((height, width), (down, across), values["merge"])


def _flattened(views: Array, axes: int) -> tuple[Array, npt.NDArray[np.int64]]:
    """Make one axis of that of samples and those of their pieces."""
    each = int(np.prod(views.shape[1 : axes + 1]))
    pieces = views.reshape(-1, *views.shape[axes + 1 :])
    # A view of the samples can't be written to, which frameworks trip over.
    return pieces if pieces.flags.writeable else pieces.copy(), np.full(len(views), each, np.int64)


def _told(merge: Merge) -> str:
    said = {"mean": "the mean", "max": "the largest values", "first": "the first one's"}
    return f"; predictions take {said[merge]}" if merge in said else "; a prediction for each"
