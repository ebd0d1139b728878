"""How well objects are found: mean average precision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import BaseModel

from dltrainer_jupyter.core.protocols import Task
from dltrainer_jupyter.metrics.average_precision import THRESHOLDS, Boxes, precisions

if TYPE_CHECKING:
    from dltrainer_jupyter.core.protocols import Array


class MeanAveragePrecision:
    """Average precision of each class, averaged over overlaps from 0.5 to 0.95 and over classes (Lin et al., 2014).

    A class without true boxes doesn't count; without any, the value is NaN. Of an image the 100 detections of the
    highest scores are looked at.

    Parameters
    ----------
    config : MeanAveragePrecision.Config
        Nothing to set.
    outputs : int
        Number of classes.

    Examples
    --------
    >>> import numpy as np
    >>> score = MeanAveragePrecision(MeanAveragePrecision.Config(), outputs=1)
    >>> score.update(np.array([[[0, 0, 9, 9, 0.9, 0]]]), np.array([[[0, 0, 9, 9, 0]]]), [1])
    >>> round(score.compute(), 6)
    1.0
    """

    description: ClassVar[str] = "Mean average precision over overlaps from 0.5 to 0.95, as COCO defines it."
    task: ClassVar[tuple[Task, ...]] = ("detection",)
    thresholds: ClassVar[tuple[float, ...]] = THRESHOLDS
    name = "map"
    higher_is_better = True
    validation_only = True
    """In training nothing is detected, only learnt."""

    class Config(BaseModel, frozen=True, extra="forbid"):
        """Nothing to set."""

    def __init__(self, config: Config, outputs: int) -> None:
        self.config = config
        self.outputs = outputs
        self._boxes = Boxes()

    def update(self, outputs: Array, targets: Array, sizes: Sequence[int]) -> None:  # noqa: ARG002 - images are apart
        """Take in consecutive batches.

        Parameters
        ----------
        outputs : numpy.ndarray, shape (n, k, 6)
            x0, y0, x1, y1, score, class; class -1 where there is none.
        targets : numpy.ndarray, shape (n, m, 5)
            x0, y0, x1, y1, class; class -1 where there is none.
        sizes : sequence of int
            Samples in each batch.
        """
        self._boxes.add(outputs, targets)

    def compute(self) -> float:
        """Give the mean; NaN if there was no true box."""
        return precisions(self._boxes, self.outputs, self.thresholds).mean()

    def reset(self) -> None:
        """Forget everything."""
        self._boxes.reset()

    def state(self) -> dict[str, Any]:
        """Give what :meth:`load_state` needs to go on."""
        return self._boxes.state()

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Go on from a state."""
        self._boxes.load_state(dict(state))


class MeanAveragePrecision50(MeanAveragePrecision):
    """Average precision where half an overlap makes a detection right (that of PASCAL VOC, with COCO's recalls)."""

    description: ClassVar[str] = "Mean average precision where an overlap of 0.5 makes a detection right."
    thresholds: ClassVar[tuple[float, ...]] = (0.5,)
    name = "map50"


class MeanAveragePrecision75(MeanAveragePrecision):
    """Average precision where three quarters of overlap make a detection right."""

    description: ClassVar[str] = "Mean average precision where an overlap of 0.75 makes a detection right."
    thresholds: ClassVar[tuple[float, ...]] = (0.75,)
    name = "map75"
