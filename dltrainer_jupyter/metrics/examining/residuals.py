"""How residuals are distributed, of any number of them and on any scale."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float32]

BINS = 64
MOST_KEPT = 2**24
"""Residuals that are kept: 64 MiB."""
_SHIFT = 23 - 5
_FINE = 2**14
"""Bins for either sign once they aren't kept: 32 for each power of two."""


class Residuals:
    """A histogram whose edges are known only at the end.

    Up to :data:`MOST_KEPT` residuals are kept. Beyond that each is counted in the bin that its sign, exponent and five
    bits of its mantissa name, which tells it to within 3 percent.

    Examples
    --------
    >>> residuals = Residuals()
    >>> residuals.add(np.array([-1.0, 0.0, 1.0], np.float32))
    >>> sum(residuals.histogram()[0]["counts"])
    3
    """

    def __init__(self) -> None:
        self._parts: list[Floats] = []
        self._count = 0
        self._missing = 0
        self._fine: npt.NDArray[np.int64] | None = None

    def add(self, residuals: Floats) -> None:
        """Take in residuals of any shape; those that aren't finite are left out, and told of."""
        flat = residuals.ravel()
        finite = np.isfinite(flat)
        if not finite.all():
            self._missing += int(np.count_nonzero(~finite))
            flat = flat[finite]
        self._count += len(flat)
        if self._count <= MOST_KEPT:
            self._parts.append(flat)
            return
        if self._fine is None:
            self._fine = np.zeros(2 * _FINE, np.int64)
            for part in self._parts:
                self._bin(part)
            self._parts = []
        self._bin(flat)

    def _bin(self, flat: Floats) -> None:
        assert self._fine is not None  # noqa: S101 - made by the caller
        places = (np.abs(flat).view(np.int32) >> _SHIFT) + np.where(flat < 0, _FINE, 0)
        self._fine += np.bincount(places, minlength=2 * _FINE)

    def histogram(self) -> tuple[dict[str, list[Any]], list[str]]:
        """Give ``{"edges", "counts"}`` in :data:`BINS` bins of equal width, and notes; both empty without residuals."""
        notes = []
        if self._missing:
            notes.append(
                f"{self._missing:,} residuals aren't finite: averages over them aren't either, and the histogram "
                "leaves them out."
            )
        if not self._count:
            return {"edges": [], "counts": []}, notes
        values, weights = np.concatenate(self._parts or [np.zeros(0, np.float32)]), None
        if self._fine is not None:
            notes.append("There are more residuals than are kept: the histogram tells them to within 3 percent.")
            places = np.flatnonzero(self._fine)
            # The middle of each bin.
            sizes = (((places % _FINE) << _SHIFT) | (1 << (_SHIFT - 1))).astype(np.int32).view(np.float32)
            values, weights = np.where(places >= _FINE, -sizes, sizes), self._fine[places]
        counts, edges = np.histogram(values.astype(np.float64), BINS, weights=weights)
        return {"edges": edges.tolist(), "counts": counts.astype(np.int64).tolist()}, notes
