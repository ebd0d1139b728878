"""Steps that change what shape a sample has."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.data.steps.base import Fixed, Shape, StepConfig, repeated, written

if TYPE_CHECKING:
    import numpy.typing as npt

    from dltrainer_jupyter.core.protocols import Array

Interpolation = Literal["nearest", "bilinear", "bicubic"]
Length = Annotated[int, Field(ge=1, le=65_536)]


@dataclass(frozen=True)
class Reshape(Fixed):
    """Give each sample another shape.

    Examples
    --------
    >>> Reshape((1, 2, 2)).apply(np.zeros((3, 4))).shape
    (3, 1, 2, 2)
    """

    type: ClassVar[str] = "reshape"

    shape: Shape

    def apply(self, inputs: Array) -> Array:
        """Reshape."""
        return inputs.reshape(len(inputs), *self.shape)

    def describe(self) -> str:
        """Say into what."""
        return f"reshape to {written(self.shape)}"

    def to_dict(self) -> dict[str, Any]:
        """Give it as JSON types."""
        return {"type": self.type, "shape": list(self.shape)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Reshape:
        """Make it again."""
        return cls(tuple(values["shape"]))


@dataclass(frozen=True)
class Resize:
    """Give images another height and width, as Pillow does: what shrinks is averaged over all it covers.

    Parameters
    ----------
    size : (int, int)
        Height and width.
    interpolation : {"nearest", "bilinear", "bicubic"}
        How pixels are made of others; ``nearest`` takes one and averages nothing.

    Examples
    --------
    >>> Resize((1, 2), "bilinear").apply(np.array([[[[0.0, 1.0], [2.0, 3.0]]]]))
    array([[[[1., 2.]]]], dtype=float32)
    """

    type: ClassVar[str] = "resize"

    size: tuple[int, int]
    interpolation: Interpolation = "bilinear"

    class Config(StepConfig):
        """Settings."""

        size: Annotated[tuple[Length, Length], repeated(2)] = Field(
            description="Height and width; a single number is both.", examples=[[32, 32]]
        )
        interpolation: Interpolation = Field(default="bilinear", description="How pixels are made of others.")

    @classmethod
    def from_config(cls, config: Config) -> Resize:
        """Make it as it was asked for."""
        return cls(config.size, config.interpolation)

    def fit(self, inputs: Array) -> Resize:
        """Check for images.

        Raises
        ------
        ConfigurationError
            If samples are none.
        """
        if inputs.ndim != 4:  # noqa: PLR2004 - samples, channels, height, width
            msg = (
                f"preprocessing: resize needs images of shape (channels, height, width), got samples of shape "
                f"{written(inputs.shape[1:])}; reshape them, such as x[:, None] for a missing channel."
            )
            raise ConfigurationError(msg)
        return self

    def apply(self, inputs: Array) -> Array:
        """Resize."""
        images = inputs.astype(np.float32, copy=False)
        if self.interpolation == "nearest":
            row, column = (_nearest(images.shape[axis], self.size[axis - 2]) for axis in (2, 3))
            return np.ascontiguousarray(images[:, :, row[:, None], column])
        # One small product an image, so that an image gives the same bits in every company.
        rows, columns = (_weights(images.shape[axis], self.size[axis - 2], self.interpolation) for axis in (2, 3))
        resized: npt.NDArray[np.float32] = rows @ (images @ columns.T)
        if self.interpolation == "bicubic":  # it overshoots at edges
            resized = resized.clip(images.min((2, 3), keepdims=True), images.max((2, 3), keepdims=True))
        return resized

    def describe(self) -> str:
        """Say to what size."""
        return f"resize to {self.size[0]}x{self.size[1]} pixels ({self.interpolation})"

    def to_dict(self) -> dict[str, Any]:
        """Give it as JSON types."""
        return {"type": self.type, "size": list(self.size), "interpolation": self.interpolation}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Resize:
        """Make it again."""
        height, width = values["size"]
        return cls((height, width), values["interpolation"])


def _nearest(length: int, wanted: int) -> npt.NDArray[np.int64]:
    return ((np.arange(wanted) + 0.5) * (length / wanted)).astype(np.int64)


@functools.cache
def _weights(length: int, wanted: int, interpolation: Interpolation) -> npt.NDArray[np.float32]:
    """Give how much of each pixel of a line goes into each wanted one, shape (wanted, length).

    Where a line shrinks the filter is stretched, so that every pixel counts.
    """
    scale = length / wanted
    stretch = max(scale, 1.0)
    centre = (np.arange(wanted)[:, None] + 0.5) * scale
    distance = np.abs(np.arange(length) + 0.5 - centre) / stretch
    weights = _triangle(distance) if interpolation == "bilinear" else _cubic(distance)
    shares: npt.NDArray[np.float64] = weights / weights.sum(axis=1, keepdims=True)
    return shares.astype(np.float32)


def _triangle(distance: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.maximum(1 - distance, 0)


def _cubic(distance: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Convolve cubically with a = -1/2 (Keys, 1981)."""
    near = (1.5 * distance - 2.5) * distance**2 + 1
    far = ((-0.5 * distance + 2.5) * distance - 4) * distance + 2
    return np.where(distance < 1, near, np.where(distance < 2, far, 0))  # noqa: PLR2004 - the filter's pieces
