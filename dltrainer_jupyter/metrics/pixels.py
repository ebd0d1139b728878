"""How often each class was taken for each other, pixel by pixel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.metrics.decisions import UNDECIDED, chosen, harden, single_logit
from dltrainer_jupyter.metrics.means import mean_of

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
        Predicted as by :func:`~dltrainer_jupyter.metrics.decisions.chosen`, so -1 where there is no decision.

    Raises
    ------
    ConfigurationError
        If there isn't one decision a target.
    """
    predicted = chosen(outputs)
    if single_logit(outputs):
        predicted = predicted[:, 0]
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


def pairs(predicted: Array, actual: Array, example: Array, examples: int, classes: int) -> npt.NDArray[np.int64]:
    """Count pixels of each example by itself.

    Parameters
    ----------
    predicted, actual, example : numpy.ndarray of int64, shape (pixels,)
        What each was taken for, -1 for none, and what it is; and which example it is of.
    examples, classes : int
        How many there are.

    Returns
    -------
    numpy.ndarray of int64, shape (examples, classes, classes + 1)
        By true class and predicted one, the last column being none.
    """
    columns = np.where(predicted == UNDECIDED, classes, predicted)
    places = (example * classes + actual) * (classes + 1) + columns
    counts = np.bincount(places, minlength=examples * classes * (classes + 1))
    return counts.reshape(examples, classes, classes + 1)


def iou_of(counts: Array) -> Floats:
    """Give intersection over union of each class, shape (..., classes), of counts as :func:`pairs` gives them.

    NaN for a class that is in neither truth nor prediction.
    """
    both, either, _ = _areas(counts)
    return _ratio(both, either)


def _areas(counts: Array) -> tuple[Array, Array, Array]:
    """Give the intersection of truth and prediction of each class, their union, and the sum of both."""
    both = np.diagonal(counts, axis1=-2, axis2=-1)
    sizes = counts.sum(axis=-1) + counts[..., :-1].sum(axis=-2)
    return both, sizes - both, sizes


def _ratio(part: Array, whole: Array) -> Floats:
    ratios: Floats = np.divide(part, whole, out=np.full(np.shape(whole), np.nan), where=whole > 0)
    return ratios


class PixelCounts:
    """Counts of (true class, predicted class) over pixels; a pixel without a decision is one that wasn't found.

    Parameters
    ----------
    outputs : int
        Number of the model's outputs; 1 means two classes.

    Attributes
    ----------
    counts : numpy.ndarray of int64, shape (classes, classes + 1)
        Rows are true classes, columns predicted ones, the last of them being none.
    """

    def __init__(self, outputs: int) -> None:
        self._least = max(outputs, 2)
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        self.counts: npt.NDArray[np.int64] = np.zeros((self._least, self._least + 1), np.int64)

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
        self.widen(classes := max(len(self.counts), int(predicted.max()) + 1, int(actual.max()) + 1))
        self.counts += pairs(predicted.ravel(), actual.ravel(), np.zeros(actual.size, np.int64), 1, classes)[0]

    def widen(self, classes: int) -> None:
        """Make room for so many classes."""
        if (more := classes - len(self.counts)) > 0:
            self.counts = np.insert(np.pad(self.counts, ((0, more), (0, 0))), [classes - more] * more, 0, axis=1)

    @property
    def support(self) -> npt.NDArray[np.int64]:
        """Pixels of each class in truth, shape (classes,)."""
        return np.asarray(self.counts.sum(axis=1))

    def iou(self) -> Floats:
        """Give intersection over union of each class; NaN for one that is in neither truth nor prediction."""
        return iou_of(self.counts)

    def dice(self) -> Floats:
        """Give the Dice coefficient of each class; NaN for one that is in neither truth nor prediction."""
        both, _, sizes = _areas(self.counts)
        return _ratio(2 * both, sizes)

    def accuracy(self) -> float:
        """Give the share of pixels that were given their class; NaN if there are none."""
        total = int(self.counts.sum())
        return float(np.trace(self.counts) / total) if total else float("nan")

    def mean_iou(self) -> float:
        """Average :meth:`iou` over the classes that have one."""
        return float(mean_of(self.iou()))

    def mean_dice(self) -> float:
        """Average :meth:`dice` over the classes that have one."""
        return float(mean_of(self.dice()))
