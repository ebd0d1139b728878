"""Random changes of training batches: their settings, and what they draw.

What is drawn is the same on every framework: small arrays of NumPy's, a value or a row a sample, from a generator
that is made for one batch. A framework only applies them, so nothing random happens on a device, and no generator that
somebody else could reach is touched. Images have shape (channels, height, width) and values from 0 to 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from dltrainer_jupyter.adapters.shared import policies
from dltrainer_jupyter.adapters.shared.geometry import rotations
from dltrainer_jupyter.core.errors import ConfigurationError

if TYPE_CHECKING:
    import numpy.typing as npt

    Drawn = dict[str, npt.NDArray[Any]]

Probability = Annotated[float, Field(ge=0, le=1)]
Bounds = tuple[float, float]
Shape = tuple[int, ...]

_COLOURS = 3


class _Config(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class _Augmentation:
    """One random change.

    Parameters
    ----------
    config : _Augmentation.Config
        Settings.
    """

    name: ClassVar[str]
    operation: ClassVar[str]
    """Name of the function that applies it, among a framework's ``pixels``."""
    images: ClassVar[bool] = True
    """Whether it works on images only; else on samples of any shape."""
    within_one: ClassVar[bool] = False
    """Whether it takes values to be from 0 to 1, and cuts what leaves that range."""
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
        raise NotImplementedError


# --- where pixels are ---------------------------------------------------------------------------------


class Flip(_Augmentation):
    """Mirror images."""

    name = operation = "flip"

    class Config(_Config):
        """Settings."""

        horizontal: Probability = Field(default=0.5, description="Probability to swap left and right.")
        vertical: Probability = Field(default=0.0, description="Probability to swap top and bottom.")

    def draw(self, rng: np.random.Generator, size: int, shape: Shape) -> Drawn:  # noqa: ARG002
        """Draw which samples are mirrored: ``horizontal`` and ``vertical``, bool, shape (n,)."""
        return {
            "horizontal": _chosen(rng, size, self.config.horizontal),
            "vertical": _chosen(rng, size, self.config.vertical),
        }


class Crop(_Augmentation):
    """Pad images and cut out a part of their size: a random shift by whole pixels (He et al., 2016)."""

    name = operation = "crop"

    class Config(_Config):
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


class Rotation(_Augmentation):
    """Turn images about their centre; what comes in at the corners is black."""

    name = operation = "rotation"

    class Config(_Config):
        """Settings."""

        degrees: float = Field(default=15.0, gt=0, le=180, description="Largest angle, to either side.")
        p: Probability = Field(default=1.0, description="Probability that an image is turned.")

    def draw(self, rng: np.random.Generator, size: int, shape: Shape) -> Drawn:
        """Draw ``matrices``, float32, shape (n, 6), and ``chosen``, bool, shape (n,)."""
        angles = rng.uniform(-self.config.degrees, self.config.degrees, size)
        return {"matrices": rotations(angles, shape[1:]), "chosen": _chosen(rng, size, self.config.p)}


# --- what colour they have ----------------------------------------------------------------------------


class ColorJitter(_Augmentation):
    """Change brightness, contrast, saturation and hue, in this order; grey images have only the first two."""

    name = operation = "color_jitter"
    within_one = True

    class Config(_Config):
        """Settings."""

        brightness: float = Field(default=0.2, ge=0, le=10, description="Largest relative change of brightness.")
        contrast: float = Field(default=0.2, ge=0, le=10, description="Largest relative change of contrast.")
        saturation: float = Field(default=0.2, ge=0, le=10, description="Largest relative change of saturation.")
        hue: float = Field(default=0.0, ge=0, le=0.5, description="Largest shift of the hue, as a share of the circle.")
        p: Probability = Field(default=1.0, description="Probability that an image is changed.")

    def check(self, shape: Shape) -> None:
        """Check for one or three channels, too."""
        super().check(shape)
        _check_channels(self.name, shape)

    def draw(self, rng: np.random.Generator, size: int, shape: Shape) -> Drawn:  # noqa: ARG002
        """Draw ``brightness_by``, ``contrast_by``, ``saturation_by`` and the shift ``hue_by``, float32, shape (n,)."""
        chosen = _chosen(rng, size, self.config.p)
        drawn: Drawn = {}
        for kind in ("brightness", "contrast", "saturation"):
            most = getattr(self.config, kind)
            factors = rng.uniform(max(0.0, 1 - most), 1 + most, size)
            drawn[f"{kind}_by"] = np.where(chosen, factors, 1).astype(np.float32)
        shifts = rng.uniform(-self.config.hue, self.config.hue, size)
        return drawn | {"hue_by": np.where(chosen, shifts, 0).astype(np.float32)}


class Grayscale(_Augmentation):
    """Take the colour out of images; they keep three channels."""

    name = operation = "grayscale"

    class Config(_Config):
        """Settings."""

        p: Probability = Field(default=0.1, description="Probability that an image becomes grey.")

    def check(self, shape: Shape) -> None:
        """Check for three channels, too."""
        super().check(shape)
        if shape[0] != _COLOURS:
            msg = f"augmentation: grayscale needs images with 3 channels, got shape {shape}; leave it out."
            raise ConfigurationError(msg)

    def draw(self, rng: np.random.Generator, size: int, shape: Shape) -> Drawn:  # noqa: ARG002
        """Draw ``chosen``, bool, shape (n,)."""
        return {"chosen": _chosen(rng, size, self.config.p)}


class Blur(_Augmentation):
    """Blur images by a Gaussian; at their borders they are mirrored."""

    name = operation = "blur"

    class Config(_Config):
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
            _check_bounds("sigma", self.sigma)
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
        sigma = _uniform(rng, self.config.sigma, size)[:, None]
        offsets = np.arange(self.config.kernel_size) - self.config.kernel_size // 2
        kernels = np.exp(-0.5 * (offsets / sigma) ** 2)
        kernels /= kernels.sum(axis=1, keepdims=True)
        # A kernel with a single 1 leaves an image as it is, to the bit.
        kernels = np.where(_chosen(rng, size, self.config.p)[:, None], kernels, offsets == 0)
        return {"kernels": kernels.astype(np.float32)}


# --- what is covered ----------------------------------------------------------------------------------


class Erasing(_Augmentation):
    """Cover a random rectangle (Zhong et al., 2020)."""

    name = operation = "erasing"

    class Config(_Config):
        """Settings."""

        p: Probability = Field(default=0.5, description="Probability that a part of an image is covered.")
        scale: Bounds = Field(default=(0.02, 0.33), description="Least and largest share of the area.")
        ratio: Bounds = Field(default=(0.3, 3.3), description="Least and largest height divided by width.")
        value: float = Field(default=0.0, description="What covers it.")

        @model_validator(mode="after")
        def _are_ordered(self) -> Self:
            _check_bounds("scale", self.scale, most=1)
            _check_bounds("ratio", self.ratio)
            return self

    def draw(self, rng: np.random.Generator, size: int, shape: Shape) -> Drawn:
        """Draw ``rows`` (n, height) and ``columns`` (n, width), bool: covered where both are true; and ``value``."""
        height, width = shape[1:]
        area = _uniform(rng, self.config.scale, size) * height * width
        ratio = np.exp(_uniform(rng, np.log(self.config.ratio), size))
        chosen = _chosen(rng, size, self.config.p)
        drawn: Drawn = {}
        for axis, length, side in (("rows", height, area * ratio), ("columns", width, area / ratio)):
            covered = np.clip(np.rint(np.sqrt(side)), 1, length).astype(np.int64)
            first = rng.integers(0, length - covered + 1)
            drawn[axis] = _span(first, first + covered, length) & chosen[:, None]
        return drawn | {"value": np.full(size, self.config.value, np.float32)}


# --- several samples in one ---------------------------------------------------------------------------


class MixUp(_Augmentation):
    """Average each sample with another one, and their targets with them (Zhang et al., 2018)."""

    name = operation = "mixup"
    images = False
    mixes = True

    class Config(_Config):
        """Settings."""

        alpha: float = Field(default=0.2, gt=0, le=100, description="Both parameters of the beta distribution.")
        p: Probability = Field(default=1.0, description="Probability that a sample is mixed.")

    def draw(self, rng: np.random.Generator, size: int, shape: Shape) -> Drawn:  # noqa: ARG002
        """Draw ``partners``, int64, and ``shares`` of the sample itself, float32, both of shape (n,)."""
        shares = rng.beta(self.config.alpha, self.config.alpha, size)
        chosen = _chosen(rng, size, self.config.p)
        return {"partners": rng.permutation(size), "shares": np.where(chosen, shares, 1).astype(np.float32)}


class CutMix(_Augmentation):
    """Put a rectangle of another image into each, and mix their targets by its area (Yun et al., 2019)."""

    name = operation = "cutmix"
    mixes = True

    class Config(_Config):
        """Settings."""

        alpha: float = Field(default=1.0, gt=0, le=100, description="Both parameters of the beta distribution.")
        p: Probability = Field(default=1.0, description="Probability that an image is mixed.")

    def draw(self, rng: np.random.Generator, size: int, shape: Shape) -> Drawn:
        """Draw what comes from which other image.

        Returns
        -------
        dict
            ``partners`` (n,), int64; ``rows`` (n, height) and ``columns`` (n, width), bool, from the partner where both
            are true; ``shares`` (n,), float32, of the sample itself that remain.
        """
        side = np.sqrt(1 - rng.beta(self.config.alpha, self.config.alpha, size))
        side = np.where(_chosen(rng, size, self.config.p), side, 0)
        drawn: Drawn = {"partners": rng.permutation(size)}
        for axis, length in zip(("rows", "columns"), shape[1:], strict=True):
            cut = np.floor(side * length).astype(np.int64)
            first = rng.integers(0, length, size) - cut // 2
            drawn[axis] = _span(first, first + cut, length)
        covered = drawn["rows"].mean(axis=1) * drawn["columns"].mean(axis=1)
        return drawn | {"shares": (1 - covered).astype(np.float32)}


# --- policies -----------------------------------------------------------------------------------------


class RandAugment(_Augmentation):
    """A few operations drawn anew for each image, all of one strength (Cubuk et al., 2020)."""

    name = "rand_augment"
    operation = "policy"
    within_one = True

    class Config(_Config):
        """Settings."""

        operations: int = Field(default=2, ge=1, le=14, description="Operations an image goes through.")
        magnitude: float = Field(default=9.0, ge=0, le=30, description="Strength of each, from 0 to 30.")

    def check(self, shape: Shape) -> None:
        """Check for one or three channels, too."""
        super().check(shape)
        _check_channels(self.name, shape)

    def draw(self, rng: np.random.Generator, size: int, shape: Shape) -> Drawn:
        """Draw operations, as :func:`~dltrainer_jupyter.adapters.shared.policies.settle` describes them."""
        chosen = rng.integers(0, len(policies.RAND_AUGMENT), (size, self.config.operations))
        names = np.array(policies.RAND_AUGMENT)[chosen]
        return policies.settle(rng, names, np.full(names.shape, self.config.magnitude / 30), shape[1:])


class AutoAugment(_Augmentation):
    """Pairs of operations that were found to help on one of three data sets (Cubuk et al., 2019)."""

    name = "auto_augment"
    operation = "policy"
    within_one = True

    class Config(_Config):
        """Settings."""

        policy: Literal["cifar10", "imagenet", "svhn"] = Field(
            default="imagenet", description="The data set it was found on."
        )

    def check(self, shape: Shape) -> None:
        """Check for one or three channels, too."""
        super().check(shape)
        _check_channels(self.name, shape)

    def draw(self, rng: np.random.Generator, size: int, shape: Shape) -> Drawn:
        """Draw operations, as :func:`~dltrainer_jupyter.adapters.shared.policies.settle` describes them."""
        names, probabilities, strengths = policies.auto_augment(self.config.policy)
        pair = rng.integers(0, len(names), size)
        happens = rng.random((size, 2)) < probabilities[pair]
        return policies.settle(rng, np.where(happens, names[pair], policies.IDENTITY), strengths[pair], shape[1:])


# --- helpers ------------------------------------------------------------------------------------------


def _chosen(rng: np.random.Generator, size: int, p: float) -> npt.NDArray[np.bool_]:
    return rng.random(size) < p


def _uniform(rng: np.random.Generator, bounds: Sequence[float], size: int) -> npt.NDArray[np.float64]:
    least, largest = bounds
    return rng.uniform(least, largest, size)


def _span(first: npt.NDArray[np.int64], last: npt.NDArray[np.int64], length: int) -> npt.NDArray[np.bool_]:
    """Mark the positions from ``first`` to before ``last``: shape (n, length)."""
    position = np.arange(length)
    return np.asarray((position >= first[:, None]) & (position < last[:, None]))


def _check_channels(name: str, shape: Shape) -> None:
    if shape[0] not in (1, _COLOURS):
        msg = f"augmentation: {name} needs grey or RGB images, with 1 or 3 channels, got shape {shape}; leave it out."
        raise ConfigurationError(msg)


def _check_bounds(key: str, bounds: Bounds, most: float | None = None) -> None:
    least, largest = bounds
    if not 0 < least <= largest or (most is not None and largest > most):
        limit = "" if most is None else f" and at most {most:g}"
        msg = f"expected {key} to be two numbers above 0{limit}, the smaller one first, got {list(bounds)}"
        raise ValueError(msg)
