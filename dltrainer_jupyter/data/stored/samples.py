"""Samples of arrays on the disk, in the form of training."""

from __future__ import annotations

import math
import zlib
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from dltrainer_jupyter.data.steps import Step
from dltrainer_jupyter.data.stored.rows import Stored, pieces

if TYPE_CHECKING:
    import numpy.typing as npt

    from dltrainer_jupyter.core.protocols import Array

_TOGETHER = 2**22
"""Bytes of prepared samples that are read in one go."""
_MOST_TOGETHER = 8192
_OF_A_TARGET = 64
"""Bytes that are reckoned for one."""
_LOOKED_AT = 64
"""Samples by which others are told from these."""


class StoredSamples:
    """A part of what is stored, preprocessed as it is read.

    Parameters
    ----------
    inputs : Stored
        Raw.
    targets : numpy.ndarray
        Encoded targets of all that is stored.
    rows : numpy.ndarray of int64, shape (n,)
        Which these are; sorted.
    chain : sequence of Step
        Fitted.
    """

    def __init__(self, inputs: Stored, targets: Array, rows: npt.NDArray[np.int64], chain: Sequence[Step]) -> None:
        self._inputs, self._targets, self._rows, self._chain = inputs, targets, rows, tuple(chain)

    def __len__(self) -> int:
        """Count the samples."""
        return len(self._rows)

    @cached_property
    def together(self) -> int:
        """How many are best read in one go."""
        one = self._inputs.prepared(self._rows[:1], self._chain)
        return max(1, min(_MOST_TOGETHER, _TOGETHER // max(one.nbytes, 1)))

    @cached_property
    def fingerprint(self) -> int:
        """Which samples these are, by their targets and some inputs."""
        some = self._rows[np.linspace(0, len(self._rows) - 1, min(_LOOKED_AT, len(self._rows))).astype(np.int64)]
        found = 0
        for rows in pieces(self._rows, _OF_A_TARGET):
            found = zlib.crc32(np.ascontiguousarray(self._targets[rows]).data, zlib.crc32(rows.data, found))
        return zlib.crc32(repr(self._inputs.take(some).tolist()).encode("utf-8", "surrogatepass"), found)

    def read(self, indices: npt.NDArray[np.int64]) -> tuple[Array, Array]:
        """Read, preprocess and encode."""
        rows = self._rows[indices]
        return self._inputs.prepared(rows, self._chain), self._targets[rows]

    def as_they_came(self, indices: npt.NDArray[np.int64]) -> Array | None:
        """Read rows of a table as a person has them; None of what is no table of numbers."""
        is_table = self._inputs.ndim == 2 and self._inputs.dtype.kind in "biuf"  # noqa: PLR2004 - samples and features
        return self._inputs.take(self._rows[indices]) if is_table else None


def bytes_of(shape: Sequence[int], dtype: np.dtype[Any]) -> int:
    """Give the bytes that a sample takes."""
    return math.prod(shape[1:]) * (8 if dtype.hasobject else dtype.itemsize)
