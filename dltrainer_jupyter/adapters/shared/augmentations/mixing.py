"""Augmentations that cover pixels, or put several samples into one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import numpy as np
from pydantic import Field, model_validator

from dltrainer_jupyter.adapters.shared.augmentations.base import (
    Augmentation,
    Bounds,
    Probability,
    Settings,
    Shape,
    check_bounds,
    choose,
    span,
    uniform,
)

if TYPE_CHECKING:
    from dltrainer_jupyter.adapters.shared.augmentations.base import Drawn


class Erasing(Augmentation):
    """Cover a random rectangle (Zhong et al., 2020).

    Parameters
    ----------
    config : Erasing.Config
        Settings.

    Examples
    --------
    >>> Erasing(Erasing.Config(p=1.0)).draw(np.random.default_rng(0), 2, (3, 8, 6))["columns"].shape
    (2, 6)
    """

    name = operation = "erasing"

    class Config(Settings):
        """Settings."""

        p: Probability = Field(default=0.5, description="Probability that a part of an image is covered.")
        scale: Bounds = Field(default=(0.02, 0.33), description="Least and largest share of the area.")
        ratio: Bounds = Field(default=(0.3, 3.3), description="Least and largest height divided by width.")
        value: float = Field(default=0.0, description="What covers it.")

        @model_validator(mode="after")
        def _are_ordered(self) -> Self:
            check_bounds("scale", self.scale, most=1)
            check_bounds("ratio", self.ratio)
            return self

    def draw(self, rng: np.random.Generator, size: int, shape: Shape) -> Drawn:
        """Draw ``rows`` (n, height) and ``columns`` (n, width), bool: covered where both are true; and ``value``."""
        height, width = shape[1:]
        area = uniform(rng, self.config.scale, size) * height * width
        ratio = np.exp(uniform(rng, np.log(self.config.ratio), size))
        chosen = choose(rng, size, self.config.p)
        drawn: Drawn = {}
        for axis, length, side in (("rows", height, area * ratio), ("columns", width, area / ratio)):
            covered = np.clip(np.rint(np.sqrt(side)), 1, length).astype(np.int64)
            first = rng.integers(0, length - covered + 1)
            drawn[axis] = span(first, first + covered, length) & chosen[:, None]
        return drawn | {"value": np.full(size, self.config.value, np.float32)}


class MixUp(Augmentation):
    """Average each sample with another one, and their targets with them (Zhang et al., 2018).

    Parameters
    ----------
    config : MixUp.Config
        Settings.

    Examples
    --------
    >>> MixUp(MixUp.Config(p=0.0)).draw(np.random.default_rng(0), 2, (5,))["shares"].tolist()
    [1.0, 1.0]
    """

    name = operation = "mixup"
    images = False
    mixes = True

    class Config(Settings):
        """Settings."""

        alpha: float = Field(default=0.2, gt=0, le=100, description="Both parameters of the beta distribution.")
        p: Probability = Field(default=1.0, description="Probability that a sample is mixed.")

    def draw(self, rng: np.random.Generator, size: int, shape: Shape) -> Drawn:  # noqa: ARG002
        """Draw ``partners``, int64, and ``shares`` of the sample itself, float32, both of shape (n,)."""
        shares = rng.beta(self.config.alpha, self.config.alpha, size)
        chosen = choose(rng, size, self.config.p)
        return {"partners": rng.permutation(size), "shares": np.where(chosen, shares, 1).astype(np.float32)}


class CutMix(Augmentation):
    """Put a rectangle of another image into each, and mix their targets by its area (Yun et al., 2019).

    Parameters
    ----------
    config : CutMix.Config
        Settings.

    Examples
    --------
    >>> CutMix(CutMix.Config(p=0.0)).draw(np.random.default_rng(0), 2, (3, 8, 8))["shares"].tolist()
    [1.0, 1.0]
    """

    name = operation = "cutmix"
    mixes = True

    class Config(Settings):
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
        side = np.where(choose(rng, size, self.config.p), side, 0)
        drawn: Drawn = {"partners": rng.permutation(size)}
        for axis, length in zip(("rows", "columns"), shape[1:], strict=True):
            cut = np.floor(side * length).astype(np.int64)
            first = rng.integers(0, length, size) - cut // 2
            drawn[axis] = span(first, first + cut, length)
        covered = drawn["rows"].mean(axis=1) * drawn["columns"].mean(axis=1)
        return drawn | {"shares": (1 - covered).astype(np.float32)}
