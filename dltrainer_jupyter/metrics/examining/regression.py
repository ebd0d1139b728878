"""What a model of values has learnt: how far it is off, in which direction, and how often how much."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from dltrainer_jupyter.metrics.examining.moments import Moments
from dltrainer_jupyter.metrics.examining.residuals import Residuals

if TYPE_CHECKING:
    from dltrainer_jupyter.core.protocols import Array, Signature
    from dltrainer_jupyter.metrics.examining.kept import Kept

_LISTED = 64
"""Outputs that have a row of their own at most."""
_COLUMNS = 8
"""Values of an example that are kept at most."""


class ValueExaminer:
    """Examines models of values.

    A residual is what was predicted less what is true. The loss of an example is the mean of its squared residuals,
    whatever the run minimises. Overall numbers are those of the metrics ``mae``, ``rmse`` and ``r2``.

    Memory, for ``n`` examples of ``k`` values and ``m`` examples kept: ``4 n k`` bytes while ``n k`` is at most 2**24
    (64 MiB), afterwards 256 KiB whatever ``n`` is (see :class:`.residuals.Residuals`), and ``m (12 + 8 min(k, 8))``.

    Parameters
    ----------
    signature : Signature
        Of the run.
    kept : Kept
        Which examples are kept.

    Examples
    --------
    >>> from dltrainer_jupyter.core.protocols import Signature
    >>> from dltrainer_jupyter.metrics.examining.kept import Kept
    >>> examiner = ValueExaminer(Signature("regression", (2,), 1), Kept(seed=0, most=10))
    >>> examiner.update(np.array([[1.0], [4.0]]), np.array([[1.0], [2.0]]), [2])
    >>> examiner.summary()["overall"]["mae"]
    1.0
    """

    def __init__(self, signature: Signature, kept: Kept) -> None:
        self._signature = signature
        self._kept = kept
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        self._kept.reset()
        self._refused: str | None = None
        self._width = 0
        self._moments = Moments()
        self._residuals = Residuals()

    def update(self, outputs: Array, targets: Array, sizes: Sequence[int]) -> None:
        """Take in consecutive batches: outputs and targets of as many values, shape (sum(sizes), ...)."""
        if self._refused is not None or not len(outputs):
            return
        width = math.prod(outputs.shape[1:])
        if outputs.size != targets.size or len(outputs) != len(targets) or (self._width and width != self._width):
            self._refused = (
                f"Nothing is said of values: outputs of shape {outputs.shape} and targets of shape {targets.shape} "
                "don't pair."
            )
            return
        self._width = width
        predicted, true = outputs.reshape(len(outputs), -1), targets.reshape(len(targets), -1)
        self._moments.update(predicted, true, sizes)
        with np.errstate(over="ignore", invalid="ignore"):
            residuals = (predicted.astype(np.float64) - true).astype(np.float32)
            self._residuals.add(residuals)
            if len(rows := self._kept.choose(len(outputs))):
                self._kept.add(
                    loss=np.square(residuals[rows]).mean(axis=1),
                    truth=true[rows, :_COLUMNS].astype(np.float32),
                    prediction=predicted[rows, :_COLUMNS].astype(np.float32),
                )

    def summary(self) -> dict[str, Any]:
        """Say what was found; ``{"task", "count", "sampled", "notes"}`` alone if nothing can be said of values."""
        kept = self._kept
        common = kept.about("regression")
        if self._refused is not None or not self._width:
            return common | {"notes": [self._refused] if self._refused else []}
        columns = self._moments.columns()
        histogram, notes = self._residuals.histogram()
        if self._width > _LISTED:
            notes.append(f"The table lists the first {_LISTED} of {self._width:,} outputs; the averages are of all.")
        if kept.most and self._width > _COLUMNS:
            notes.append(f"Of each example the first {_COLUMNS} of {self._width:,} values are kept.")
        return common | {
            "notes": notes,
            "overall": self._moments.overall(),
            "outputs": [
                {name: float(column[number]) for name, column in columns.items()}
                for number in range(min(self._width, _LISTED))
            ],
            "residuals": histogram,
        }

    def examples(self) -> Mapping[str, Array]:
        """Give ``index loss truth prediction``, a row an example."""
        return {} if self._refused is not None else self._kept.columns()
