"""How well the class of each pixel is told."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from pydantic import BaseModel, Field

from dltrainer_jupyter.core.protocols import Task
from dltrainer_jupyter.metrics.boundaries import boundary_scores
from dltrainer_jupyter.metrics.pixels import PixelCounts, decided

if TYPE_CHECKING:
    from dltrainer_jupyter.core.protocols import Array


class PixelScore(ABC):
    """A score of how often each class was taken for each other, pixel by pixel.

    Memory is bounded by the square of the number of classes.

    Parameters
    ----------
    config : PixelScore.Config
        Nothing to set.
    outputs : int
        Number of the model's outputs for a pixel; 1 is a single logit.
    """

    description: ClassVar[str]
    task: ClassVar[tuple[Task, ...]] = ("segmentation",)
    name: str
    higher_is_better = True

    class Config(BaseModel, frozen=True, extra="forbid"):
        """Nothing to set."""

    def __init__(self, config: Config, outputs: int) -> None:
        self.config = config
        self.outputs = outputs
        self._pixels = PixelCounts(outputs)

    def update(self, outputs: Array, targets: Array, sizes: Sequence[int]) -> None:  # noqa: ARG002 - counts just add up
        """Take in consecutive batches.

        Parameters
        ----------
        outputs : numpy.ndarray, shape (n, classes, h, w) or (n, 1, h, w)
            A score for each class, of which the largest decides, or a logit, which decides for class 1 where it is
            positive.
        targets : numpy.ndarray, shape (n, h, w)
            The class of each pixel.
        sizes : sequence of int
            Samples in each batch.
        """
        self._pixels.add(*decided(outputs, targets))

    def compute(self) -> float:
        """Give the score; NaN if nothing was taken in."""
        return self._score(self._pixels)

    def reset(self) -> None:
        """Forget everything."""
        self._pixels.reset()

    def state(self) -> dict[str, Any]:
        """Give what :meth:`load_state` needs to go on."""
        return {"counts": self._pixels.counts.copy()}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Go on from a state."""
        self._pixels.counts = np.array(state["counts"], np.int64)

    @abstractmethod
    def _score(self, pixels: PixelCounts) -> float:
        """Compute the score."""


class MeanIoU(PixelScore):
    """Intersection over union of truth and prediction, averaged over the classes that occur in either.

    Examples
    --------
    >>> score = MeanIoU(MeanIoU.Config(), outputs=2)
    >>> score.update(np.array([[[[1.0, 0.0]], [[0.0, 1.0]]]]), np.array([[[0, 0]]]), [1])
    >>> score.compute()
    0.25
    """

    description: ClassVar[str] = "Intersection over union of each class, averaged over classes (Jaccard index)."
    name = "mean_iou"

    def _score(self, pixels: PixelCounts) -> float:
        return pixels.mean_iou()


class Dice(PixelScore):
    """Twice the intersection over the sum of both areas, averaged over the classes that occur in either.

    Examples
    --------
    >>> score = Dice(Dice.Config(), outputs=2)
    >>> score.update(np.array([[[[1.0, 0.0]], [[0.0, 1.0]]]]), np.array([[[0, 0]]]), [1])
    >>> round(score.compute(), 3)
    0.333
    """

    description: ClassVar[str] = "Dice coefficient (F1 of the pixels) of each class, averaged over classes."
    name = "dice"

    def _score(self, pixels: PixelCounts) -> float:
        return pixels.mean_dice()


class PixelAccuracy(PixelScore):
    """Share of pixels that were given their class.

    Examples
    --------
    >>> score = PixelAccuracy(PixelAccuracy.Config(), outputs=2)
    >>> score.update(np.array([[[[1.0, 0.0]], [[0.0, 1.0]]]]), np.array([[[0, 0]]]), [1])
    >>> score.compute()
    0.5
    """

    description: ClassVar[str] = "Share of pixels that were given their class."
    name = "pixel_accuracy"

    def _score(self, pixels: PixelCounts) -> float:
        return pixels.accuracy()


class BoundaryF1:
    """How well the outlines of objects are met (Csurka et al., 2013).

    For each class in an image, precision is the share of predicted outline that lies near a true one, recall the share
    of true outline near a predicted one. Their harmonic mean is averaged over the classes that have an outline in the
    image, and then over the images that have any.

    Parameters
    ----------
    config : BoundaryF1.Config
        How near is near.
    outputs : int
        Number of the model's outputs for a pixel; 1 is a single logit.

    Examples
    --------
    >>> score = BoundaryF1(BoundaryF1.Config(), outputs=2)
    >>> truth = np.zeros((1, 8, 8), np.int64)
    >>> truth[:, 2:5, 2:5] = 1
    >>> score.update(np.stack([1.0 - truth, truth], axis=1), truth, [1])
    >>> score.compute()
    1.0
    """

    description: ClassVar[str] = "How well outlines are met, within a tolerance; averaged over classes and images."
    task: ClassVar[tuple[Task, ...]] = ("segmentation",)
    name = "boundary_f1"
    higher_is_better = True
    validation_only = True
    """Finding outlines takes longer than a small network's step."""

    class Config(BaseModel, frozen=True, extra="forbid"):
        """How near is near."""

        tolerance: float = Field(
            default=0.0075, gt=0, le=0.1, description="Distance that still counts, as a share of the image's diagonal."
        )

    def __init__(self, config: Config, outputs: int) -> None:
        self.config = config
        self.outputs = outputs
        self._images: list[Array] = []

    def update(self, outputs: Array, targets: Array, sizes: Sequence[int]) -> None:  # noqa: ARG002 - images are apart
        """Take in consecutive batches, as :meth:`PixelScore.update` does."""
        predicted, actual = decided(outputs, targets)
        scores = boundary_scores(predicted, actual, self.config.tolerance)
        counted = np.isfinite(scores)
        outlined = counted.any(axis=1)
        self._images.append(np.where(counted, scores, 0).sum(axis=1)[outlined] / counted.sum(axis=1)[outlined])

    def compute(self) -> float:
        """Give the score; NaN if no image has an outline."""
        scores = np.concatenate([np.empty(0), *self._images])
        return float(scores.mean()) if scores.size else float("nan")

    def reset(self) -> None:
        """Forget everything."""
        self._images.clear()

    def state(self) -> dict[str, Any]:
        """Give what :meth:`load_state` needs to go on."""
        return {"images": np.concatenate([np.empty(0), *self._images])}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Go on from a state."""
        self._images = [np.array(state["images"], np.float64)]
