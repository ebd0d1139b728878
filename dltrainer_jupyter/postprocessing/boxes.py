"""Steps for boxes around what was found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from pydantic import Field

from dltrainer_jupyter.postprocessing.predicted import Form, StepConfig

if TYPE_CHECKING:
    from dltrainer_jupyter.core.protocols import Array, Signature

_SCORE, _CLASS = 4, 5


class NonMaximumSuppression:
    """Of boxes that overlap keep the one with the highest score, and leave out those that score too low.

    Parameters
    ----------
    config : NonMaximumSuppression.Config
        Settings.

    Examples
    --------
    >>> boxes = np.array([[0, 0, 10, 10, 0.9, 0], [1, 1, 10, 10, 0.6, 0], [20, 20, 30, 30, 0.05, 0]])
    >>> step = NonMaximumSuppression(NonMaximumSuppression.Config(min_score=0.1))
    >>> [len(image) for image in step.apply([boxes], None)]
    [1]
    """

    description: ClassVar[str] = "Of boxes that overlap keep the surest, and leave out those that score too low."
    task: ClassVar[tuple[str, ...]] = ("detection",)
    takes: ClassVar[tuple[Form, ...]] = ("boxes",)
    gives: ClassVar[Form | None] = None

    class Config(StepConfig):
        """Settings."""

        iou: float = Field(
            default=0.5, ge=0, le=1, description="Intersection over union from which on two boxes are of one thing."
        )
        min_score: float = Field(default=0.0, ge=0, le=1, description="Least score of a box that is kept.")
        across_classes: bool = Field(default=False, description="Compare boxes of different classes, too.")
        most: int | None = Field(default=None, ge=1, description="Most boxes of an image; none for all.")

    def __init__(self, config: Config) -> None:
        self.config = config

    def apply(self, predictions: Sequence[Array], signature: Signature) -> list[Array]:  # noqa: ARG002 - others do
        """Choose boxes of each image, shapes (k, 6), the highest score first."""
        return [self._chosen(image) for image in predictions]

    def _chosen(self, boxes: Array) -> Array:
        boxes = boxes[boxes[:, _SCORE] >= self.config.min_score]
        boxes = boxes[np.argsort(-boxes[:, _SCORE], kind="stable")]
        overlap = _overlaps(boxes) > self.config.iou
        if not self.config.across_classes:
            overlap &= boxes[:, None, _CLASS] == boxes[None, :, _CLASS]
        is_kept = np.ones(len(boxes), bool)
        for at in range(len(boxes)):
            if is_kept[at]:
                is_kept[at + 1 :] &= ~overlap[at, at + 1 :]
        return boxes[is_kept][: self.config.most]

    def describe(self) -> str:
        """Say from what overlap on."""
        least = f", with a score of {self.config.min_score:g} at least" if self.config.min_score else ""
        return f"keep the surest of boxes that overlap by more than {self.config.iou:g}{least}"


def _overlaps(boxes: Array) -> Array:
    """Give the intersection over union of each two boxes, shape (k, k)."""
    low = np.maximum(boxes[:, None, :2], boxes[None, :, :2])
    high = np.minimum(boxes[:, None, 2:4], boxes[None, :, 2:4])
    shared = np.prod(np.clip(high - low, 0, None), axis=2)
    areas = np.prod(boxes[:, 2:4] - boxes[:, :2], axis=1)
    union = areas[:, None] + areas[None, :] - shared
    found: Array = np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)
    return found
