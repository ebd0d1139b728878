"""NumPy's files. No pickle is ever loaded, and no more memory taken than what it holds has bytes."""

from __future__ import annotations

import io
import math
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dltrainer_jupyter.core.errors import ConfigurationError

if TYPE_CHECKING:
    import numpy.typing as npt

ARCHIVE = ".npz"
SUFFIXES = (".npy", ARCHIVE)
_INPUTS, _TARGETS = "x", "y"
"""The arrays of an archive that are taken where there are several."""
_ZIP, _NPY = b"PK", ".npy"
MOST_BYTES = 1 << 30
"""Of an array that somebody packed to be predicted: it may be far larger than its file."""


def read_array(data: bytes, name: str) -> npt.NDArray[Any]:
    """Read a ``.npy`` file, or a ``.npz`` file with one array or one called ``x``.

    Raises
    ------
    ConfigurationError
        If it can't be read, or holds no numbers.
    """
    with _understood(name):
        found = _from_archive(data, name) if data[:2] == _ZIP else _loaded(data)
    return _numbers(found, name)


def _numbers(found: npt.NDArray[Any], name: str) -> npt.NDArray[Any]:
    if found.dtype.kind not in "biuf":
        msg = f"{name}: expected numbers, got an array of {found.dtype}."
        raise ConfigurationError(msg)
    return found


def read_several(data: bytes, name: str, inputs: Sequence[str | int]) -> Any:
    """Read several inputs from a ``.npz`` file: by their names, or ``arr_0``, ``arr_1`` … as ``numpy.savez`` counts.

    Raises
    ------
    ConfigurationError
        If it can't be read, or holds other arrays, or no numbers.
    """
    wanted = names_of(inputs)
    with _understood(name), zipfile.ZipFile(io.BytesIO(data)) as archive:
        there = _names(archive)
        if set(there) != set(wanted):
            msg = f"{name}: expected the arrays {', '.join(wanted)}, got {', '.join(there) or 'none'}."
            raise ConfigurationError(msg)
        found = [_numbers(_unpacked(archive, one, name), f"{name}, {one}") for one in wanted]
    return tuple(found) if isinstance(inputs[0], int) else dict(zip(wanted, found, strict=True))


def names_of(inputs: Sequence[str | int]) -> list[str]:
    """Say what several inputs are called in a file."""
    return [f"arr_{name}" if isinstance(name, int) else name for name in inputs]


def read_pair(path: str | Path) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Read inputs and targets, the arrays ``x`` and ``y`` of a ``.npz`` file.

    Raises
    ------
    ConfigurationError
        If it can't be read, or they aren't there.
    """
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        msg = f"{path} can't be read: {error.strerror or error}."
        raise ConfigurationError(msg) from error
    with _understood(str(path)), zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = _names(archive)
        if not {_INPUTS, _TARGETS} <= set(names):
            msg = f"{path}: expected the arrays {_INPUTS} and {_TARGETS}, got {', '.join(names) or 'none'}."
            raise ConfigurationError(msg)
        inputs, targets = (_loaded(archive.read(_member(archive, one))) for one in (_INPUTS, _TARGETS))
        return inputs, targets


@contextmanager
def _understood(name: str) -> Iterator[None]:
    """Turn what is raised for a file that is damaged, or isn't NumPy's, into one sentence."""
    try:
        yield
    except ConfigurationError:
        raise
    except (ValueError, EOFError, OSError, zipfile.BadZipFile, zlib.error, NotImplementedError, MemoryError) as error:
        why = str(error).rstrip(".") or type(error).__name__
        msg = f"{name}: expected numbers as numpy.save or numpy.savez writes them ({why})."
        raise ConfigurationError(msg) from error


def _from_archive(data: bytes, name: str) -> npt.NDArray[Any]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = _names(archive)
        wanted = names[0] if len(names) == 1 else _INPUTS
        if wanted not in names:
            msg = f"{name}: expected one array, or one called '{_INPUTS}', got {', '.join(names) or 'none'}."
            raise ConfigurationError(msg)
        return _unpacked(archive, wanted, name)


def _unpacked(archive: zipfile.ZipFile, wanted: str, name: str) -> npt.NDArray[Any]:
    info = _member(archive, wanted)
    if info.file_size > MOST_BYTES:
        msg = f"{name}: expected an array of at most {MOST_BYTES:,} bytes, got {info.file_size:,}."
        raise ConfigurationError(msg)
    return _loaded(archive.read(info))


def _names(archive: zipfile.ZipFile) -> list[str]:
    return [name.removesuffix(_NPY) for name in archive.namelist()]


def _member(archive: zipfile.ZipFile, name: str) -> zipfile.ZipInfo:
    return next(one for one in archive.infolist() if one.filename.removesuffix(_NPY) == name)


def _loaded(data: bytes) -> npt.NDArray[Any]:
    _check_size(data)
    found: npt.NDArray[Any] = np.load(io.BytesIO(data), allow_pickle=False)
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
