"""What an augmentation is, and what augmentations have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from dltrainer_jupyter.core.errors import ConfigurationError

if TYPE_CHECKING:
    from types import ModuleType

    import numpy.typing as npt

    Drawn = dict[str, npt.NDArray[Any]]

Probability = Annotated[float, Field(ge=0, le=1)]
Bounds = tuple[float, float]
Shape = tuple[int, ...]

COLOURS = 3


class Settings(BaseModel):
    """Settings of an augmentation."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Augmentation(ABC):
    """One random change.

    Parameters
    ----------
    config : Augmentation.Config
        Settings.
    """

    name: ClassVar[str]
    operation: ClassVar[str]
    """Name of the function in a framework's ``pixels`` that applies it."""
    images: ClassVar[bool] = True
    """Whether it works on images only; else on samples of any shape."""
    within_one: ClassVar[bool] = False
    """Whether it takes values to be from 0 to 1, and cuts what leaves that range."""
    in_place: ClassVar[bool] = False
    """Whether what is in an image stays where it is, so that masks and boxes still fit."""
    mixes: ClassVar[bool] = False
    """Whether it mixes samples and their targets: classes become shares of each."""
    Config: ClassVar[type[BaseModel]]

    def __init__(self, config: Any) -> None:
        self.config = config

    def check(self, shape: Shape) -> None:
        """Raise :class:`ConfigurationError` if samples of this shape can't be changed in this way."""
        if self.images and len(shape) != 3:  # noqa: PLR2004 - channels, height, width
            msg = (
                f"augmentation: {self.name} needs images of shape (channels, height, width), but samples have shape "
                f"{shape}; reshape them, or leave it out."
            )
            raise ConfigurationError(msg)

    @abstractmethod
    def draw(self, rng: np.random.Generator, size: int, shape: Shape) -> Drawn:
        """Draw what happens to each sample of a batch.

        Parameters
        ----------
        rng : numpy.random.Generator
            Made for this batch.
        size : int
            Samples in the batch.
        shape : tuple of int
            Shape of a sample.

        Returns
        -------
        dict of str to numpy.ndarray
            Arguments of the operation; the first axis of each counts samples.
        """

    def apply(
        self, pixels: ModuleType, inputs: Any, targets: Any, drawn: Mapping[str, Any], outputs: int
    ) -> tuple[Any, Any]:
        """Change a batch.

        Parameters
        ----------
        pixels : module
            A framework's, whose functions change batches.
        inputs, targets : tensor, shape (n, ...)
            The batch, of that framework.
        drawn : mapping of str to tensor
            What :meth:`draw` gave, on the same device.
        outputs : int
            The model's outputs.
        """
        inputs = getattr(pixels, self.operation)(inputs, **drawn)
        if self.mixes and targets is not None:
            targets = pixels.mix_targets(self.name, targets, drawn["partners"], drawn["shares"], outputs)
        return inputs, targets


def choose(rng: np.random.Generator, size: int, p: float) -> npt.NDArray[np.bool_]:
    """Choose samples with a probability: bool, shape (n,)."""
    return rng.random(size) < p


def uniform(rng: np.random.Generator, bounds: Sequence[float], size: int) -> npt.NDArray[np.float64]:
    """Draw a number between two others for each sample: shape (n,)."""
    least, largest = bounds
    return rng.uniform(least, largest, size)


def span(first: npt.NDArray[np.int64], last: npt.NDArray[np.int64], length: int) -> npt.NDArray[np.bool_]:
    """Mark the positions from ``first`` to before ``last``: shape (n, length)."""
    position = np.arange(length)
    return np.asarray((position >= first[:, None]) & (position < last[:, None]))


def check_channels(name: str, shape: Shape) -> None:
    """Raise :class:`ConfigurationError` unless images are grey or have three colours."""
    if shape[0] not in (1, COLOURS):
        msg = f"augmentation: {name} needs grey or RGB images, with 1 or 3 channels, got shape {shape}; leave it out."
        raise ConfigurationError(msg)


def check_bounds(key: str, bounds: Bounds, most: float | None = None) -> None:
    """Raise :class:`ValueError` unless two settings are positive, in order, and not above a bound."""
    least, largest = bounds
    if not 0 < least <= largest or (most is not None and largest > most):
        limit = "" if most is None else f" and at most {most:g}"
        msg = f"expected {key} to be two numbers above 0{limit}, the smaller one first, got {list(bounds)}"
        raise ValueError(msg)
