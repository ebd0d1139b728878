"""How often each class was taken for each other, pixel by pixel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.metrics.decisions import harden, single_logit

if TYPE_CHECKING:
    import numpy.typing as npt

    from dltrainer_jupyter.core.protocols import Array

    Floats = npt.NDArray[np.float64]


_MASKS = 3


def decided(outputs: Array, targets: Array) -> tuple[Array, Array]:
    """Give the predicted and the true class of each pixel.

    Parameters
    ----------
    outputs : numpy.ndarray, shape (n, classes, h, w) or (n, 1, h, w)
        Raw outputs.
    targets : numpy.ndarray, shape (n, h, w) or (n, 1, h, w)
        The class of each pixel, as numbers of any type.

    Returns
    -------
    (numpy.ndarray, numpy.ndarray) of int64, shape (n, h, w)

    Raises
    ------
    ConfigurationError
        If there isn't one decision a target.
    """
    predicted = (outputs > 0)[:, 0].astype(np.int64) if single_logit(outputs) else outputs.argmax(axis=1)
    actual = harden(outputs, targets).astype(np.int64, copy=False)
    if actual.ndim == outputs.ndim and actual.shape[1] == 1:
        actual = actual[:, 0]
    if predicted.shape != actual.shape or actual.ndim != _MASKS:
        msg = (
            "metrics: expected outputs of shape (n, classes, height, width) for targets of shape (n, height, width); "
            f"got outputs {outputs.shape} and targets {targets.shape}."
        )
        raise ConfigurationError(msg)
    return predicted, actual


class PixelCounts:
    """Counts of (true class, predicted class) over pixels.

    Parameters
    ----------
    outputs : int
        Number of the model's outputs; 1 means two classes.

    Attributes
    ----------
    counts : numpy.ndarray of int64, shape (classes, classes)
        Rows are true classes, columns predicted ones.
    """

    def __init__(self, outputs: int) -> None:
        self._least = max(outputs, 2)
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        self.counts: npt.NDArray[np.int64] = np.zeros((self._least, self._least), np.int64)

    def add(self, predicted: Array, actual: Array) -> None:
        """Count pixels; classes nobody spoke of make the matrix grow.

        Raises
        ------
        ConfigurationError
            If a true class is negative.
        """
        if not actual.size:
            return
        if actual.min() < 0:
            msg = f"metrics: the class of a pixel counts from 0, but a target is {actual.min()}."
            raise ConfigurationError(msg)
        classes = max(len(self.counts), int(predicted.max()) + 1, int(actual.max()) + 1)
        if classes > len(self.counts):
            more = classes - len(self.counts)
            self.counts = np.pad(self.counts, ((0, more), (0, more)))
        pairs = np.bincount((actual * classes + predicted).ravel(), minlength=classes**2)
        self.counts += pairs.reshape(classes, classes)

    @property
    def support(self) -> npt.NDArray[np.int64]:
        """Pixels of each class in truth, shape (classes,)."""
        return np.asarray(self.counts.sum(axis=1))

    def iou(self) -> Floats:
        """Give intersection over union of each class; NaN for one that is in neither truth nor prediction."""
        both = self.counts.diagonal()
        return _ratio(both, self.support + self.counts.sum(axis=0) - both)

    def dice(self) -> Floats:
        """Give the Dice coefficient of each class; NaN for one that is in neither truth nor prediction."""
        return _ratio(2 * self.counts.diagonal(), self.support + self.counts.sum(axis=0))

    def accuracy(self) -> float:
        """Give the share of pixels that were given their class; NaN if there are none."""
        total = int(self.counts.sum())
        return float(np.trace(self.counts) / total) if total else float("nan")

    def mean_iou(self) -> float:
        """Average :meth:`iou` over the classes that have one."""
        return _mean(self.iou())

    def mean_dice(self) -> float:
        """Average :meth:`dice` over the classes that have one."""
        return _mean(self.dice())


def _ratio(part: Array, whole: Array) -> Floats:
    ratios: Floats = np.divide(part, whole, out=np.full(len(whole), np.nan), where=whole > 0)
    return ratios


def _mean(values: Floats) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if known.size else float("nan")
