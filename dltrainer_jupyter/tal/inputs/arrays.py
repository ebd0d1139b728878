"""NumPy's files. No pickle is ever loaded, and no more memory taken than the file has bytes."""

from __future__ import annotations

import io
import math
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np

from dltrainer_jupyter.core.errors import ConfigurationError

if TYPE_CHECKING:
    import numpy.typing as npt

SUFFIXES = (".npy", ".npz")
_INPUTS = "x"
"""The array of an archive that is taken where there are several."""


def read_array(data: bytes, name: str) -> npt.NDArray[Any]:
    """Read a ``.npy`` file, or a ``.npz`` file with one array or one called ``x``.

    Raises
    ------
    ConfigurationError
        If it can't be read, or holds no numbers.
    """
    try:
        if data[:2] == b"PK":
            found = _from_archive(data, name)
        else:
            _check_size(data)
            found = np.load(io.BytesIO(data), allow_pickle=False)
    except ConfigurationError:
        raise
    except (ValueError, EOFError, OSError, zipfile.BadZipFile) as error:
        msg = f"{name}: expected numbers as numpy.save or numpy.savez writes them ({error})."
        raise ConfigurationError(msg) from error
    if found.dtype.kind not in "biuf":
        msg = f"{name}: expected numbers, got an array of {found.dtype}."
        raise ConfigurationError(msg)
    return found


def _from_archive(data: bytes, name: str) -> npt.NDArray[Any]:
    with np.load(io.BytesIO(data), allow_pickle=False) as loaded:
        names = loaded.files
        wanted = names[0] if len(names) == 1 else _INPUTS
        if wanted not in names:
            msg = f"{name}: expected one array, or one called '{_INPUTS}', got {', '.join(names) or 'none'}."
            raise ConfigurationError(msg)
        found: npt.NDArray[Any] = loaded[wanted]
        return found


def _check_size(data: bytes) -> None:
    """Compare what the header claims with what is there, before memory is taken for it."""
    file = io.BytesIO(data)
    version = np.lib.format.read_magic(file)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, _, dtype = read(file)
    claimed, there = math.prod(shape) * dtype.itemsize, len(data) - file.tell()
    if dtype.kind != "O" and claimed > there:
        msg = f"its header tells of {claimed:,} bytes, and there are {there:,}"
        raise ValueError(msg)
