"""Arrays that are written piece by piece, before anybody knows how many rows there will be."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from dltrainer_jupyter.core import private
from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.data.files.bounds import in_words
from dltrainer_jupyter.data.files.downloading import refuse_full
from dltrainer_jupyter.data.files.fetching import most_bytes

if TYPE_CHECKING:
    from dltrainer_jupyter.core.protocols import Array


class RowsWriter:
    """Writes NumPy's ``.npy`` format, whose header has room for the number of rows, which is put in at the end.

    Parameters
    ----------
    path : pathlib.Path
        The file, in a folder that is there.
    dtype : numpy.dtype
        Of the values.
    shape : tuple of int
        Of a row.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "rows.npy"
    >>> with RowsWriter(path, np.dtype("float32"), (2,)) as writer:
    ...     writer.add(np.ones((3, 2)))
    >>> np.load(path).shape
    (3, 2)
    """

    def __init__(self, path: Path, dtype: np.dtype[Any], shape: tuple[int, ...]) -> None:
        self._path, self._dtype, self._shape = path, dtype, shape
        self._count = 0
        private.make_file(path)
        self._file = path.open("wb")
        self._head = self._header()
        self._file.write(self._head)

    def __enter__(self) -> Self:
        """Give itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Write down how many rows there are, unless something went wrong."""
        try:
            if kind is None:
                self._finish()
        finally:
            self._file.close()

    def add(self, rows: Array) -> None:
        """Write rows, one after the other.

        Raises
        ------
        ConfigurationError
            If the disk, or what is kept at all, has no room for them.
        """
        values = np.ascontiguousarray(rows, self._dtype)
        refuse_full(self._path.parent, values.nbytes, "a copy of its rows")
        self._file.write(values.data)
        self._count += len(values)
        if self._file.tell() > most_bytes():
            msg = (
                f"data: its rows take more than the {in_words(most_bytes())} that the cache holds; let it hold more "
                "(DLTRAINER_CACHE_GB), or choose columns."
            )
            raise ConfigurationError(msg)

    def _finish(self) -> None:
        head = self._header()
        if len(head) != len(self._head):
            msg = f"the header of {self._path} has no room for {self._count:,} rows"
            raise RuntimeError(msg)
        self._file.seek(0)
        self._file.write(head)

    def _header(self) -> bytes:
        written = io.BytesIO()
        shape = (self._count, *self._shape)
        head = {"descr": np.lib.format.dtype_to_descr(self._dtype), "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(written, head)
        return written.getvalue()
