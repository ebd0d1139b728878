"""Augmentations that move pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import Field

from dltrainer_jupyter.adapters.shared.augmentations.base import Augmentation, Probability, Settings, Shape, choose
from dltrainer_jupyter.adapters.shared.geometry import rotations
from dltrainer_jupyter.core.errors import ConfigurationError

if TYPE_CHECKING:
    from dltrainer_jupyter.adapters.shared.augmentations.base import Drawn


class Flip(Augmentation):
    """Mirror images.

    Parameters
    ----------
    config : Flip.Config
        Settings.

    Examples
    --------
    >>> Flip(Flip.Config(horizontal=1.0)).draw(np.random.default_rng(0), 2, (3, 8, 8))["horizontal"].tolist()
    [True, True]
    """

    name = operation = "flip"

    class Config(Settings):
        """Settings."""

        horizontal: Probability = Field(default=0.5, description="Probability to swap left and right.")
        vertical: Probability = Field(default=0.0, description="Probability to swap top and bottom.")

    def draw(self, rng: np.random.Generator, size: int, shape: Shape) -> Drawn:  # noqa: ARG002
        """Draw which samples are mirrored: ``horizontal`` and ``vertical``, bool, shape (n,)."""
        return {
            "horizontal": choose(rng, size, self.config.horizontal),
            "vertical": choose(rng, size, self.config.vertical),
        }


class Crop(Augmentation):
    """Pad images and cut out a part of their size: a random shift by whole pixels (He et al., 2016).

    Parameters
    ----------
    config : Crop.Config
        Settings.

    Examples
    --------
    >>> Crop(Crop.Config(padding=1)).check((3, 8, 8))
    """

    name = operation = "crop"

    class Config(Settings):
        """Settings."""

        padding: int = Field(default=4, ge=1, le=1024, description="Pixels added on each side.")
        padding_mode: Literal["constant", "edge", "reflect"] = Field(
            default="constant", description="What is added: zeros, the nearest pixel, or the image mirrored."
        )

    def check(self, shape: Shape) -> None:
        """Check that there is enough to be mirrored, too."""
        super().check(shape)
        if self.config.padding_mode == "reflect" and self.config.padding >= min(shape[1:]):
            msg = (
                f"augmentation: crop can mirror at most {min(shape[1:]) - 1} pixels of images of shape {shape}, got "
                f"padding: {self.config.padding}."
            )
            raise ConfigurationError(msg)

    def draw(self, rng: np.random.Generator, size: int, shape: Shape) -> Drawn:
        """Draw from which rows and columns pixels come.

        Returns
        -------
        dict
            ``rows`` (n, height) and ``columns`` (n, width), int64; ``rows_inside`` and ``columns_inside``, bool, are
            false where there is nothing but padding.
        """
        drawn: Drawn = {}
        for axis, length in zip(("rows", "columns"), shape[1:], strict=True):
            shift = rng.integers(-self.config.padding, self.config.padding + 1, size)
            source = shift[:, None] + np.arange(length)
            inside = (source >= 0) & (source < length)
            if self.config.padding_mode == "reflect":
                source = length - 1 - np.abs(length - 1 - np.abs(source))
            drawn[axis] = np.clip(source, 0, length - 1)
            drawn[f"{axis}_inside"] = inside | (self.config.padding_mode != "constant")
        return drawn


class Rotation(Augmentation):
    """Turn images about their centre; what comes in at the corners is black.

    Parameters
    ----------
    config : Rotation.Config
        Settings.

    Examples
    --------
    >>> Rotation(Rotation.Config(degrees=90.0)).draw(np.random.default_rng(0), 2, (3, 8, 8))["matrices"].shape
    (2, 6)
    """

    name = operation = "rotation"

    class Config(Settings):
        """Settings."""

        degrees: float = Field(default=15.0, gt=0, le=180, description="Largest angle, to either side.")
        p: Probability = Field(default=1.0, description="Probability that an image is turned.")

    def draw(self, rng: np.random.Generator, size: int, shape: Shape) -> Drawn:
        """Draw ``matrices``, float32, shape (n, 6), and ``chosen``, bool, shape (n,)."""
        angles = rng.uniform(-self.config.degrees, self.config.degrees, size)
        return {"matrices": rotations(angles, shape[1:]), "chosen": choose(rng, size, self.config.p)}
