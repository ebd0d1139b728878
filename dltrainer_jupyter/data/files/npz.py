"""Arrays in NumPy's archives."""

from __future__ import annotations

import math
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.data.files.array_file import ArrayFile, ArrayFileSettings
from dltrainer_jupyter.data.files.array_on_disk import Layout
from dltrainer_jupyter.data.files.bounds import refuse_bomb
from dltrainer_jupyter.data.files.downloading import refuse_full
from dltrainer_jupyter.data.files.fetching import cache_folder
from dltrainer_jupyter.data.stored.rows import TOGETHER

if TYPE_CHECKING:
    import numpy.typing as npt

    from dltrainer_jupyter.core.protocols import Array

_ENDING = ".npy"
_LOCAL_HEADER = struct.Struct("<26xHH")
"""Of a member: the lengths of its name and of a field behind it."""


class NPZ(ArrayFile):
    """Arrays that ``np.savez`` wrote: inputs and targets by name, and those to validate on if they are there.

    No pickle is loaded: arrays of Python objects are refused.

    Parameters
    ----------
    config : NPZ.Config
        Settings.

    Examples
    --------
    >>> source = NPZ(NPZ.Config(path="mnist.npz", x="x_train", y="y_train", scale=255))
    >>> source.load(RunSpec(model="cnn", data="npz"), {})  # doctest: +SKIP
    """

    description: ClassVar[str] = "Arrays in a file of NumPy's (.npz): inputs and targets by name."
    tags: ClassVar[tuple[str, ...]] = ("array", "file")

    class Config(ArrayFileSettings, frozen=True, extra="forbid"):
        """Settings."""

    def _names(self, path: Path) -> list[str]:
        return names_in(path)

    def _size(self, path: Path, name: str) -> int:
        return size_of(path, name)

    def _array(self, path: Path, name: str) -> Array:
        return array_of(path, name)

    def layout(self, path: Path, name: str) -> Layout:
        """Say how an array lies in an archive."""
        with _telling(path, "data.path"), zipfile.ZipFile(path) as archive:
            info = archive.getinfo(name + _ENDING)
            with archive.open(info) as file:
                shape, fortran, dtype = header_of(file, f"data.path: '{name}' in {path.name}")
                begins = file.tell()
            is_plain = info.compress_type == zipfile.ZIP_STORED and not fortran
            return Layout(shape, dtype, _values_at(path, info) + begins if is_plain else None)

    def blocks(self, path: Path, name: str, layout: Layout) -> Iterator[Array]:
        """Read an array, some rows at a time, the archive's checksum included."""
        what = f"data.path: '{name}' in {path.name}"
        with _telling(path, "data.path"), zipfile.ZipFile(path) as archive, archive.open(name + _ENDING) as file:
            _, fortran, _ = header_of(file, what)
            if fortran:
                yield from _turned(file, layout, what)
                return
            for start in range(0, layout.shape[0], layout.rows_together):
                rows = min(layout.shape[0] - start, layout.rows_together)
                yield _values(file, rows * layout.row_bytes, what).view(layout.dtype).reshape(rows, *layout.shape[1:])
            # The checksum is looked at where the end is seen.
            file.read(1)


def _turned(file: Any, layout: Layout, what: str) -> Iterator[Array]:
    """Give rows of an array whose columns lie one after the other, by way of a file without a name."""
    folder, size = cache_folder("rows"), layout.row_bytes * layout.shape[0]
    refuse_full(folder, 2 * size, what)
    with tempfile.TemporaryFile(dir=folder) as unpacked:
        for start in range(0, size, TOGETHER):
            unpacked.write(_values(file, min(TOGETHER, size - start), what).data)
        file.read(1)
        unpacked.flush()
        whole = np.memmap(unpacked, layout.dtype, "r", shape=layout.shape, order="F")
        for start in range(0, layout.shape[0], layout.rows_together):
            yield np.ascontiguousarray(whole[start : start + layout.rows_together])


def _values(file: Any, size: int, what: str) -> npt.NDArray[np.uint8]:
    found = file.read(size)
    if len(found) < size:
        msg = f"{what} was cut off."
        raise ConfigurationError(msg)
    return np.frombuffer(found, np.uint8)


def names_in(path: Path, key: str = "data.path") -> list[str]:
    """List the arrays in an archive.

    Parameters
    ----------
    path : pathlib.Path
        The archive.
    key : str, default "data.path"
        What messages call it.
    """
    with _telling(path, key), zipfile.ZipFile(path) as archive:
        return [name.removesuffix(_ENDING) for name in archive.namelist() if name.endswith(_ENDING)]


def size_of(path: Path, name: str, key: str = "data.path") -> int:
    """Give the bytes that an array takes, without reading it.

    Raises
    ------
    ConfigurationError
        If it holds Python objects, was cut off, or becomes suspiciously larger when it is unpacked.
    """
    what = f"{key}: '{name}' in {path.name}"
    with _telling(path, key), zipfile.ZipFile(path) as archive:
        info = archive.getinfo(name + _ENDING)
        with archive.open(info) as file:
            shape, _, dtype = header_of(file, what)
        size = math.prod(shape) * dtype.itemsize
        if info.file_size < size:
            msg = (
                f"{what} says that it has {size:,} bytes of values, but holds {info.file_size:,} at most; it was cut "
                "off."
            )
            raise ConfigurationError(msg)
        refuse_bomb(info.compress_size, info.file_size, what)
        return size


def array_of(path: Path, name: str, key: str = "data.path") -> Array:
    """Read an array whose size was looked at."""
    with _telling(path, key), zipfile.ZipFile(path) as archive, archive.open(name + _ENDING) as file:
        return np.asarray(np.lib.format.read_array(file, allow_pickle=False))


def _values_at(path: Path, info: zipfile.ZipInfo) -> int:
    """Give where a member begins that isn't compressed: behind its header, which says how long its fields are."""
    with path.open("rb") as file:
        file.seek(info.header_offset)
        head = file.read(_LOCAL_HEADER.size)
    name, extra = _LOCAL_HEADER.unpack(head)
    return int(info.header_offset + _LOCAL_HEADER.size + name + extra)


def header_of(file: Any, what: str) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Read what an array says of itself: its shape, whether it is in Fortran order, and its type.

    Raises
    ------
    ConfigurationError
        If it holds Python objects.
    """
    version = np.lib.format.read_magic(file)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, fortran, dtype = read(file)
    if dtype.hasobject:
        msg = (
            f"{what} holds Python objects, which only a pickle can say; save numbers or text, such as "
            "np.savez(file, y=y.astype(str))."
        )
        raise ConfigurationError(msg)
    return shape, fortran, dtype


@contextmanager
def _telling(path: Path, key: str) -> Iterator[None]:
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, EOFError, KeyError, NotImplementedError, RuntimeError) as error:
        msg = f"{key}: {path.name} can't be read as an NPZ file: {' '.join(str(error).split())}."
        raise ConfigurationError(msg) from error
    except ConfigurationError:
        raise
    except (ValueError, TypeError, SyntaxError, MemoryError, OverflowError) as error:
        msg = f"{key}: an array in {path.name} is damaged: {' '.join(str(error).split())[:200]}."
        raise ConfigurationError(msg) from error
    except OSError as error:
        msg = f"{key}: {path} can't be read: {error.strerror or error}."
        raise ConfigurationError(msg) from error
