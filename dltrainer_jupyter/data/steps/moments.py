"""Mean and deviation of values that don't lie in memory together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from dltrainer_jupyter.core.protocols import Array


class Moments:
    """Mean and standard deviation along the first axis, put together from pieces.

    Each piece's mean and sum of squared differences are computed by themselves in float64 and merged with those of all
    before it, which loses no digits where the mean is large beside the deviation.

    Notes
    -----
    T. F. Chan, G. H. Golub and R. J. LeVeque, "Updating Formulae and a Pairwise Algorithm for Computing Sample
    Variances", Technical Report STAN-CS-79-773, Stanford University (1979).

    Examples
    --------
    >>> moments = Moments()
    >>> moments.add(np.array([1.0, 3.0]))
    >>> moments.add(np.array([5.0]))
    >>> float(moments.mean), round(float(moments.deviation) ** 2, 12)
    (3.0, 2.666666666667)
    """

    def __init__(self) -> None:
        self._count = 0
        self.mean: npt.NDArray[np.float64] = np.zeros(())
        self._squares: npt.NDArray[np.float64] = np.zeros(())

    def add(self, values: Array) -> None:
        """Take in a piece, shape (n, ...), of at least one value."""
        count = len(values)
        mean = values.mean(axis=0, dtype=np.float64)
        squares = np.square(values - mean, dtype=np.float64).sum(axis=0)
        total = self._count + count
        apart = mean - self.mean
        self.mean = self.mean + apart * (count / total)
        self._squares = self._squares + squares + np.square(apart) * (self._count * count / total)
        self._count = total

    @property
    def deviation(self) -> npt.NDArray[np.float64]:
        """The deviation of all values, by their number and not one less."""
        found: npt.NDArray[np.float64] = np.sqrt(self._squares / max(self._count, 1))
        return found
