"""Augmentations that choose among many operations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import Field

from dltrainer_jupyter.adapters.shared import policies
from dltrainer_jupyter.adapters.shared.augmentations.base import Augmentation, Settings, Shape, check_channels

if TYPE_CHECKING:
    from dltrainer_jupyter.adapters.shared.augmentations.base import Drawn


class RandAugment(Augmentation):
    """A few operations drawn anew for each image, all of one strength (Cubuk et al., 2020).

    Parameters
    ----------
    config : RandAugment.Config
        Settings.

    Examples
    --------
    >>> RandAugment(RandAugment.Config(magnitude=5.0)).config.operations
    2
    """

    name = "rand_augment"
    operation = "policy"
    within_one = True

    class Config(Settings):
        """Settings."""

        operations: int = Field(default=2, ge=1, le=14, description="Operations an image goes through.")
        magnitude: float = Field(default=9.0, ge=0, le=30, description="Strength of each, from 0 to 30.")

    def check(self, shape: Shape) -> None:
        """Check for one or three channels, too."""
        super().check(shape)
        check_channels(self.name, shape)

    def draw(self, rng: np.random.Generator, size: int, shape: Shape) -> Drawn:
        """Draw operations, as :func:`~dltrainer_jupyter.adapters.shared.policies.settle` describes them."""
        chosen = rng.integers(0, len(policies.RAND_AUGMENT), (size, self.config.operations))
        names = np.array(policies.RAND_AUGMENT)[chosen]
        return policies.settle(rng, names, np.full(names.shape, self.config.magnitude / 30), shape[1:])


class AutoAugment(Augmentation):
    """Pairs of operations that were found to help on one of three data sets (Cubuk et al., 2019).

    Parameters
    ----------
    config : AutoAugment.Config
        Settings.

    Examples
    --------
    >>> AutoAugment(AutoAugment.Config(policy="cifar10")).within_one
    True
    """

    name = "auto_augment"
    operation = "policy"
    within_one = True

    class Config(Settings):
        """Settings."""

        policy: Literal["cifar10", "imagenet", "svhn"] = Field(
            default="imagenet", description="The data set it was found on."
        )

    def check(self, shape: Shape) -> None:
        """Check for one or three channels, too."""
        super().check(shape)
        check_channels(self.name, shape)

    def draw(self, rng: np.random.Generator, size: int, shape: Shape) -> Drawn:
        """Draw operations, as :func:`~dltrainer_jupyter.adapters.shared.policies.settle` describes them."""
        names, probabilities, strengths = policies.auto_augment(self.config.policy)
        pair = rng.integers(0, len(names), size)
        happens = rng.random((size, 2)) < probabilities[pair]
        return policies.settle(rng, np.where(happens, names[pair], policies.IDENTITY), strengths[pair], shape[1:])
