"""How far predicted values are off."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from pydantic import BaseModel

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.protocols import Task

if TYPE_CHECKING:
    import numpy.typing as npt

    from dltrainer_jupyter.core.protocols import Array

    Doubles = npt.NDArray[np.float64]


class SumOfTerms(ABC):
    """A metric made of sums over samples, whose bits don't depend on how batches were grouped into calls.

    Each batch is summed by itself in float64, and batches are then added one after another: the same additions in
    the same order, whether a call brings one batch or fifty.

    Parameters
    ----------
    config : SumOfTerms.Config
        Nothing to set.
    outputs : int
        Number of values a sample.
    """

    description: ClassVar[str]
    task: ClassVar[tuple[Task, ...]] = ("regression",)
    name: str
    higher_is_better = False

    class Config(BaseModel, frozen=True, extra="forbid"):
        """Nothing to set."""

    def __init__(self, config: Config, outputs: int) -> None:
        self.config = config
        self.outputs = outputs
        self._count = 0
        self._sums: Doubles = np.zeros(0)

    def update(self, outputs: Array, targets: Array, sizes: Sequence[int]) -> None:
        """Take in consecutive batches.

        Parameters
        ----------
        outputs, targets : numpy.ndarray, shape (sum(sizes), k) or (sum(sizes),)
            Predicted and true values.
        sizes : sequence of int
            Samples in each batch.

        Raises
        ------
        ConfigurationError
            If there isn't one output a target.
        """
        if outputs.size != targets.size:
            msg = f"metrics: expected outputs and targets of one shape, got {outputs.shape} and {targets.shape}."
            raise ConfigurationError(msg)
        if not len(targets):
            return
        shape = (len(targets), -1)
        terms = self._terms(outputs.reshape(shape).astype(np.float64), targets.reshape(shape).astype(np.float64))
        ends = np.cumsum([size for size in sizes if size])
        of_batches = np.add.reduceat(terms, np.concatenate([[0], ends[:-1]]), axis=0)
        before = self._sums if self._count else np.zeros(terms.shape[1])
        self._sums = np.add.accumulate(np.vstack([before, of_batches]), axis=0)[-1]
        self._count += len(targets)

    def compute(self) -> float:
        """Give the value; NaN if nothing was taken in."""
        return self._value(self._sums, self._count) if self._count else float("nan")

    def reset(self) -> None:
        """Forget everything."""
        self._count = 0
        self._sums = np.zeros(0)

    def state(self) -> dict[str, Any]:
        """Give what :meth:`load_state` needs to go on."""
        return {"count": self._count, "sums": self._sums.copy()}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Go on from a state."""
        self._count = int(state["count"])
        self._sums = np.array(state["sums"], dtype=np.float64)

    @abstractmethod
    def _terms(self, outputs: Doubles, targets: Doubles) -> Doubles:
        """Give what is summed: shape (n, any), from values of shape (n, k)."""

    @abstractmethod
    def _value(self, sums: Doubles, count: int) -> float:
        """Give the value for the sums over ``count`` samples."""


class MAE(SumOfTerms):
    """Mean absolute error.

    Examples
    --------
    >>> mae = MAE(MAE.Config(), outputs=1)
    >>> mae.update(np.array([[1.0], [2.0]]), np.array([[1.0], [5.0]]), [2])
    >>> mae.compute()
    1.5
    """

    description: ClassVar[str] = "Mean absolute error."
    name = "mae"

    def _terms(self, outputs: Doubles, targets: Doubles) -> Doubles:
        return np.abs(outputs - targets)

    def _value(self, sums: Doubles, count: int) -> float:
        return float(sums.mean()) / count


class MSE(SumOfTerms):
    """Mean squared error.

    Examples
    --------
    >>> mse = MSE(MSE.Config(), outputs=1)
    >>> mse.update(np.array([[1.0], [2.0]]), np.array([[1.0], [5.0]]), [2])
    >>> mse.compute()
    4.5
    """

    description: ClassVar[str] = "Mean squared error."
    name = "mse"

    def _terms(self, outputs: Doubles, targets: Doubles) -> Doubles:
        return np.square(outputs - targets)

    def _value(self, sums: Doubles, count: int) -> float:
        return float(sums.mean()) / count


class RMSE(MSE):
    """Root of the mean squared error over all values.

    Examples
    --------
    >>> rmse = RMSE(RMSE.Config(), outputs=1)
    >>> rmse.update(np.array([[1.0], [2.0]]), np.array([[4.0], [5.0]]), [2])
    >>> rmse.compute()
    3.0
    """

    description: ClassVar[str] = "Root of the mean squared error."
    name = "rmse"

    def _value(self, sums: Doubles, count: int) -> float:
        return math.sqrt(super()._value(sums, count))


class R2(SumOfTerms):
    """Coefficient of determination: the share of the targets' variance that is explained.

    1 is perfect, 0 no better than predicting the mean. With several outputs their mean; NaN for fewer than two
    samples; for targets that don't vary 1 if they are met, else 0, as in scikit-learn.

    Notes
    -----
    Targets are summed as differences from the first one seen, since the plain difference of two large sums would lose
    the digits that matter: T. Chan, G. Golub and R. LeVeque, "Algorithms for Computing the Sample Variance", The
    American Statistician (1983).

    Examples
    --------
    >>> r2 = R2(R2.Config(), outputs=1)
    >>> r2.update(np.array([[1.0], [2.0], [3.0]]), np.array([[1.0], [2.0], [3.0]]), [3])
    >>> r2.compute()
    1.0
    """

    description: ClassVar[str] = "Share of the targets' variance that is explained; 1 is perfect."
    name = "r2"
    higher_is_better = True

    def __init__(self, config: SumOfTerms.Config, outputs: int) -> None:
        super().__init__(config, outputs)
        self._origin: Doubles = np.zeros(0)

    def state(self) -> dict[str, Any]:
        """Give what :meth:`load_state` needs to go on."""
        return super().state() | {"origin": self._origin.copy()}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Go on from a state."""
        super().load_state(state)
        self._origin = np.array(state["origin"], dtype=np.float64)

    def _terms(self, outputs: Doubles, targets: Doubles) -> Doubles:
        if not self._count:
            self._origin = targets[0].copy()
        shifted = targets - self._origin
        return np.hstack([np.square(outputs - targets), shifted, np.square(shifted)])

    def _value(self, sums: Doubles, count: int) -> float:
        if count < 2:  # noqa: PLR2004 - one value has no variance
            return float("nan")
        unexplained, shifted, squared = sums.reshape(3, -1)
        variation = squared - np.square(shifted) / count
        constant = variation <= 0
        scores = 1 - unexplained / np.where(constant, 1.0, variation)
        scores[constant] = np.where(unexplained[constant] == 0, 1.0, 0.0)
        return float(scores.mean())
