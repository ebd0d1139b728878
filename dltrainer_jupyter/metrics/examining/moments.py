"""Errors of values, for each output by itself and for all together."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from dltrainer_jupyter.metrics.regression import R2

if TYPE_CHECKING:
    import numpy.typing as npt

    Doubles = npt.NDArray[np.float64]


class Moments(R2):
    """The sums of :class:`~dltrainer_jupyter.metrics.regression.R2`, and those of errors, an output a column.

    Examples
    --------
    >>> moments = Moments()
    >>> moments.update(np.array([[1.0], [4.0]]), np.array([[1.0], [2.0]]), [2])
    >>> moments.overall()["mae"]
    1.0
    """

    def __init__(self) -> None:
        super().__init__(R2.Config(), outputs=0)

    def _terms(self, outputs: Doubles, targets: Doubles) -> Doubles:
        with np.errstate(over="ignore", invalid="ignore"):
            errors = outputs - targets
            return np.hstack([super()._terms(outputs, targets), np.abs(errors), errors])

    def columns(self) -> dict[str, Doubles]:
        """Give ``mae rmse r2 mean_residual`` of each output, shape (k,) each; R² is NaN for fewer than two samples."""
        unexplained, shifted, squared, absolute, errors = self._sums.reshape(5, -1)
        with np.errstate(over="ignore", invalid="ignore"):
            variation = squared - np.square(shifted) / self._count
            constant = variation <= 0
            r2 = 1 - unexplained / np.where(constant, 1.0, variation)
        r2[constant] = np.where(unexplained[constant] == 0, 1.0, 0.0)
        if self._count < 2:  # noqa: PLR2004 - one value has no variance
            r2[:] = np.nan
        return {
            "mae": absolute / self._count,
            "rmse": np.sqrt(unexplained / self._count),
            "r2": r2,
            "mean_residual": errors / self._count,
        }

    def overall(self) -> dict[str, float]:
        """Give the means over all outputs; ``rmse`` is the root of the mean over all squares."""
        columns = self.columns()
        return {
            "mae": float(columns["mae"].mean()),
            "rmse": math.sqrt(float(np.square(columns["rmse"]).mean())),
            "r2": float(columns["r2"].mean()),
        }
