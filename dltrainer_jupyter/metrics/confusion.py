"""How often each class was taken for each other: counted batch by batch, never kept sample by sample."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.metrics.decisions import UNDECIDED, decide, refuse_unknown, width_of

if TYPE_CHECKING:
    import numpy.typing as npt

    from dltrainer_jupyter.core.protocols import Array

MOST_CLASSES = 2048
"""The largest matrix that is counted: 2048 classes take 32 MiB."""


class ConfusionMatrix:
    """Counts of (true class, predicted class); examples without a decision, whose scores aren't numbers, are left out.

    Parameters
    ----------
    outputs : int
        Number of the model's outputs; 1 is a single logit and means two classes. A model that has more outputs than
        the data has classes makes the matrix grow.
    labels : sequence of str, optional
        Names of the classes.

    Raises
    ------
    ConfigurationError
        If there are more than :data:`MOST_CLASSES` classes; :meth:`fits` tells beforehand.

    Examples
    --------
    >>> confusion = ConfusionMatrix(2, labels=["cat", "dog"])
    >>> confusion.update(np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([0, 0]), [2])
    >>> confusion.matrix
    [[1, 1], [0, 0]]
    """

    def __init__(self, outputs: int, labels: Sequence[str] = ()) -> None:
        self._least = max(outputs, 2)
        self._labels = [str(label) for label in labels]
        self._counts = self._empty(self._least)

    @staticmethod
    def fits(outputs: int) -> bool:
        """Say whether a matrix for so many outputs is small enough to be counted."""
        return outputs <= MOST_CLASSES

    @property
    def counts(self) -> npt.NDArray[np.int64]:
        """The matrix, shape (classes, classes): rows are true classes, columns predicted ones. Not a copy."""
        return self._counts

    @property
    def matrix(self) -> list[list[int]]:
        """The matrix as plain lists: rows are true classes, columns predicted ones."""
        rows: list[list[int]] = self._counts.tolist()
        return rows

    @property
    def labels(self) -> list[str]:
        """Names of the classes, as many as the matrix has; a class without a name is called by its number."""
        return self._labels + [str(number) for number in range(len(self._labels), len(self._counts))]

    def update(self, outputs: Array, targets: Array, sizes: Sequence[int]) -> None:  # noqa: ARG002 - counts just add up
        """Take in consecutive batches.

        Parameters
        ----------
        outputs, targets : numpy.ndarray
            As :func:`~dltrainer_jupyter.metrics.decisions.decide` takes them.
        sizes : sequence of int
            Samples in each batch.

        Raises
        ------
        ConfigurationError
            If a target is no class of the model.
        """
        predicted, actual = decide(outputs, targets)
        if not predicted.size:
            return
        if width_of(outputs) > len(self._counts):
            self._grow(width_of(outputs))
        classes = len(self._counts)
        refuse_unknown(actual, classes)
        decided = predicted != UNDECIDED
        np.add.at(self._counts.reshape(-1), (actual * classes + predicted)[decided], 1)

    def reset(self) -> None:
        """Forget everything."""
        self._counts = self._empty(self._least)

    def state(self) -> dict[str, Any]:
        """Give what :meth:`load_state` needs to go on."""
        return {"counts": self._counts.copy()}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Go on from a state."""
        self._counts = np.array(state["counts"], dtype=np.int64)

    def _grow(self, classes: int) -> None:
        grown = self._empty(classes)
        grown[: len(self._counts), : len(self._counts)] = self._counts
        self._counts = grown

    @classmethod
    def _empty(cls, classes: int) -> npt.NDArray[np.int64]:
        if not cls.fits(classes):
            msg = (
                f"metrics: a confusion matrix has room for {MOST_CLASSES:,} classes, not for {classes:,}; accuracy, "
                "precision, recall and f1 work for any number."
            )
            raise ConfigurationError(msg)
        return np.zeros((classes, classes), dtype=np.int64)
