"""An array on the disk, of which rows are cut by number."""

from __future__ import annotations

import math
import mmap
import os
import weakref
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.data.files.bounds import free_memory
from dltrainer_jupyter.data.steps import Step

if TYPE_CHECKING:
    import numpy.typing as npt

    from dltrainer_jupyter.core.protocols import Array

TOGETHER = 2**24
"""Bytes of rows that are gone through at a time."""


class Stored(Protocol):
    """Raw inputs that stay on the disk."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    @property
    def ndim(self) -> int:
        """Number of axes."""

    @property
    def size(self) -> int:
        """Number of values."""

    def __len__(self) -> int:
        """Count the samples."""

    def take(self, indices: npt.NDArray[np.int64]) -> Array:
        """Read samples as a person has them, shape (n, ...); called from several threads at a time."""

    def prepared(self, indices: npt.NDArray[np.int64], chain: Sequence[Step]) -> Array:
        """Read samples and apply fitted steps."""

    def fitted(self, step: Step, indices: npt.NDArray[np.int64]) -> Step | None:
        """Give the first step of a chain as fitted to samples, or None where that takes the samples themselves."""


def pieces(indices: npt.NDArray[np.int64], row_bytes: int) -> Iterator[npt.NDArray[np.int64]]:
    """Give row numbers, so many at a time that their values can be looked at together.

    Examples
    --------
    >>> [len(piece) for piece in pieces(np.arange(5), TOGETHER // 2)]
    [2, 2, 1]
    """
    each = max(1, TOGETHER // max(1, row_bytes))
    for start in range(0, len(indices), each):
        yield indices[start : start + each]


class Mapped:
    """Rows of an array that lies in a file, uncompressed and in C order.

    Rows are cut as bytes, since an array within another file may begin anywhere, and NumPy copies the whole of what
    isn't aligned. The kernel brings pages in and lets go of them; nothing of the file is kept here.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    dtype : numpy.dtype
        Of the values, whatever their byte order.
    shape : tuple of int
        (n, ...).
    offset : int, default 0
        Where values begin.

    Raises
    ------
    ConfigurationError
        If the file is too short.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "x.npy"
    >>> np.save(path, np.arange(6.0).reshape(3, 2))
    >>> Mapped.npy(path).take(np.array([2, 0]))
    array([[4., 5.],
           [0., 1.]])
    """

    def __init__(self, path: Path, dtype: np.dtype[Any], shape: tuple[int, ...], offset: int = 0) -> None:
        self.dtype, self.shape = dtype, shape
        self._path = path
        self._row = math.prod(shape[1:]) * dtype.itemsize
        self._handle = os.open(path, os.O_RDONLY)
        weakref.finalize(self, os.close, self._handle)
        self._seen = self._now()
        needs = offset + self._row * shape[0]
        if needs > self._seen[0]:
            msg = f"data: {path.name} was cut off: it holds {self._seen[0]:,} of {needs:,} bytes; get it anew."
            raise ConfigurationError(msg)
        if not self.size:  # of nothing there is no map
            self._bytes = np.empty((shape[0], self._row), np.uint8)
            return
        with os.fdopen(os.dup(self._handle), "rb") as file:
            found: np.memmap[Any, Any] = np.memmap(file, np.uint8, "r", offset, (shape[0], self._row))
        if found.nbytes > free_memory() and hasattr(mmap, "MADV_RANDOM"):
            # What is read ahead of a row by chance would push out rows that are still wanted.
            found._mmap.madvise(mmap.MADV_RANDOM)  # type: ignore[attr-defined]  # noqa: SLF001 - NumPy offers no other way
        self._bytes = np.asarray(found)

    @classmethod
    def npy(cls, path: Path) -> Mapped:
        """Map a file of NumPy's own format."""
        with path.open("rb") as file:
            np.lib.format.read_magic(file)
            shape, _, dtype = np.lib.format.read_array_header_1_0(file)
            return cls(path, dtype, shape, file.tell())

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of values."""
        return math.prod(self.shape)

    def __len__(self) -> int:
        """Count the rows."""
        return self.shape[0]

    def take(self, indices: npt.NDArray[np.int64]) -> Array:
        """Read rows, shape (n, ...); called from several threads at a time.

        Raises
        ------
        ConfigurationError
            If the file was written to meanwhile.
        """
        if self._now() != self._seen:
            # What is mapped and no longer there would end the process without a word.
            msg = f"data: {self._path} was changed while it is read; start again, and leave it as it is meanwhile."
            raise ConfigurationError(msg)
        found = np.take(self._bytes, indices, axis=0)
        return found.view(self.dtype).reshape(len(found), *self.shape[1:])

    def prepared(self, indices: npt.NDArray[np.int64], chain: Sequence[Step]) -> Array:
        """Read rows and apply fitted steps."""
        inputs = self.take(indices)
        for step in chain:
            inputs = step.apply(inputs)
        return inputs

    def fitted(self, step: Step, indices: npt.NDArray[np.int64]) -> Step | None:  # noqa: ARG002 - of other arrays
        """Give None: steps are fitted to the rows themselves."""
        return None

    def _now(self) -> tuple[int, int]:
        state = os.fstat(self._handle)
        return state.st_size, state.st_mtime_ns
