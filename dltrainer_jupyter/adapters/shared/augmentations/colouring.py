"""Augmentations that change what pixels look like."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import numpy as np
from pydantic import Field, field_validator, model_validator

from dltrainer_jupyter.adapters.shared.augmentations.base import (
    COLOURS,
    Augmentation,
    Bounds,
    Probability,
    Settings,
    Shape,
    check_bounds,
    check_channels,
    choose,
    uniform,
)
from dltrainer_jupyter.core.errors import ConfigurationError

if TYPE_CHECKING:
    from dltrainer_jupyter.adapters.shared.augmentations.base import Drawn


class ColorJitter(Augmentation):
    """Change brightness, contrast, saturation and hue, in this order; grey images have only the first two.

    Parameters
    ----------
    config : ColorJitter.Config
        Settings.

    Examples
    --------
    >>> sorted(ColorJitter(ColorJitter.Config(hue=0.1)).draw(np.random.default_rng(0), 4, (3, 8, 8)))
    ['brightness_by', 'contrast_by', 'hue_by', 'saturation_by']
    """

    name = operation = "color_jitter"
    in_place = True
    within_one = True

    class Config(Settings):
        """Settings."""

        brightness: float = Field(default=0.2, ge=0, le=10, description="Largest relative change of brightness.")
        contrast: float = Field(default=0.2, ge=0, le=10, description="Largest relative change of contrast.")
        saturation: float = Field(default=0.2, ge=0, le=10, description="Largest relative change of saturation.")
        hue: float = Field(default=0.0, ge=0, le=0.5, description="Largest shift of the hue, as a share of the circle.")
        p: Probability = Field(default=1.0, description="Probability that an image is changed.")

    def check(self, shape: Shape) -> None:
        """Check for one or three channels, too."""
        super().check(shape)
        check_channels(self.name, shape)

    def draw(self, rng: np.random.Generator, size: int, shape: Shape) -> Drawn:  # noqa: ARG002
        """Draw ``brightness_by``, ``contrast_by``, ``saturation_by`` and the shift ``hue_by``, float32, shape (n,)."""
        chosen = choose(rng, size, self.config.p)
        drawn: Drawn = {}
        for kind in ("brightness", "contrast", "saturation"):
            most = getattr(self.config, kind)
            factors = rng.uniform(max(0.0, 1 - most), 1 + most, size)
            drawn[f"{kind}_by"] = np.where(chosen, factors, 1).astype(np.float32)
        shifts = rng.uniform(-self.config.hue, self.config.hue, size)
        return drawn | {"hue_by": np.where(chosen, shifts, 0).astype(np.float32)}


class Grayscale(Augmentation):
    """Take the colour out of images; they keep three channels.

    Parameters
    ----------
    config : Grayscale.Config
        Settings.

    Examples
    --------
    >>> Grayscale(Grayscale.Config(p=1.0)).draw(np.random.default_rng(0), 2, (3, 8, 8))["chosen"].tolist()
    [True, True]
    """

    name = operation = "grayscale"
    in_place = True

    class Config(Settings):
        """Settings."""

        p: Probability = Field(default=0.1, description="Probability that an image becomes grey.")

    def check(self, shape: Shape) -> None:
        """Check for three channels, too."""
        super().check(shape)
        if shape[0] != COLOURS:
            msg = f"augmentation: grayscale needs images with 3 channels, got shape {shape}; leave it out."
            raise ConfigurationError(msg)

    def draw(self, rng: np.random.Generator, size: int, shape: Shape) -> Drawn:  # noqa: ARG002
        """Draw ``chosen``, bool, shape (n,)."""
        return {"chosen": choose(rng, size, self.config.p)}


class Blur(Augmentation):
    """Blur images by a Gaussian; at their borders they are mirrored.

    Parameters
    ----------
    config : Blur.Config
        Settings.

    Examples
    --------
    >>> Blur(Blur.Config(kernel_size=5, p=1.0)).draw(np.random.default_rng(0), 4, (3, 8, 8))["kernels"].shape
    (4, 5)
    """

    name = operation = "blur"
    in_place = True

    class Config(Settings):
        """Settings."""

        kernel_size: int = Field(default=3, ge=3, le=63, description="Height and width of the kernel; odd.")
        sigma: Bounds = Field(default=(0.1, 2.0), description="Least and largest standard deviation, in pixels.")
        p: Probability = Field(default=0.5, description="Probability that an image is blurred.")

        @field_validator("kernel_size")
        @classmethod
        def _is_odd(cls, size: int) -> int:
            if size % 2 == 0:
                msg = f"expected an odd number, so that the kernel has a middle, got {size}"
                raise ValueError(msg)
            return size

        @model_validator(mode="after")
        def _is_ordered(self) -> Self:
            check_bounds("sigma", self.sigma)
            return self

    def check(self, shape: Shape) -> None:
        """Check that there is enough to be mirrored, too."""
        super().check(shape)
        if self.config.kernel_size // 2 >= min(shape[1:]):
            msg = (
                f"augmentation: blur with kernel_size: {self.config.kernel_size} needs larger images than "
                f"{shape[1]}x{shape[2]}; use at most {2 * min(shape[1:]) - 1}."
            )
            raise ConfigurationError(msg)

    def draw(self, rng: np.random.Generator, size: int, shape: Shape) -> Drawn:  # noqa: ARG002
        """Draw ``kernels``, float32, shape (n, kernel_size): one line, to be used along rows and columns."""
        sigma = uniform(rng, self.config.sigma, size)[:, None]
        offsets = np.arange(self.config.kernel_size) - self.config.kernel_size // 2
        kernels = np.exp(-0.5 * (offsets / sigma) ** 2)
        kernels /= kernels.sum(axis=1, keepdims=True)
        # A kernel with a single 1 leaves an image as it is, to the bit.
        kernels = np.where(choose(rng, size, self.config.p)[:, None], kernels, offsets == 0)
        return {"kernels": kernels.astype(np.float32)}
