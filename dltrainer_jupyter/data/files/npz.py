"""Arrays in NumPy's archives."""

from __future__ import annotations

import math
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.data.files.array_file import ArrayFile, ArrayFileSettings
from dltrainer_jupyter.data.files.bounds import refuse_bomb

if TYPE_CHECKING:
    from dltrainer_jupyter.core.protocols import Array

_ENDING = ".npy"


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
        with _telling(path), zipfile.ZipFile(path) as archive:
            return [name.removesuffix(_ENDING) for name in archive.namelist() if name.endswith(_ENDING)]

    def _size(self, path: Path, name: str) -> int:
        with _telling(path), zipfile.ZipFile(path) as archive:
            info = archive.getinfo(name + _ENDING)
            with archive.open(info) as file:
                shape, dtype = _header(file, f"data.path: '{name}' in {path.name}")
            size = math.prod(shape) * dtype.itemsize
            if info.file_size < size:
                msg = (
                    f"data.path: '{name}' in {path.name} says that it has {size:,} bytes of values, but holds "
                    f"{info.file_size:,} at most; it was cut off."
                )
                raise ConfigurationError(msg)
            refuse_bomb(info.compress_size, info.file_size, f"data.path: '{name}' in {path.name}")
            return size

    def _array(self, path: Path, name: str) -> Array:
        with _telling(path), zipfile.ZipFile(path) as archive, archive.open(name + _ENDING) as file:
            return np.asarray(np.lib.format.read_array(file, allow_pickle=False))


def _header(file: Any, what: str) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Read what an array says of itself.

    Raises
    ------
    ConfigurationError
        If it holds Python objects.
    """
    version = np.lib.format.read_magic(file)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, _, dtype = read(file)
    if dtype.hasobject:
        msg = (
            f"{what} holds Python objects, which only a pickle can say; save numbers or text, such as "
            "np.savez(file, y=y.astype(str))."
        )
        raise ConfigurationError(msg)
    return shape, dtype


@contextmanager
def _telling(path: Path) -> Iterator[None]:
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, EOFError, KeyError, NotImplementedError, RuntimeError) as error:
        msg = f"data.path: {path.name} can't be read as an NPZ file: {' '.join(str(error).split())}."
        raise ConfigurationError(msg) from error
    except ConfigurationError:
        raise
    except (ValueError, TypeError, SyntaxError, MemoryError, OverflowError) as error:
        msg = f"data.path: an array in {path.name} is damaged: {' '.join(str(error).split())[:200]}."
        raise ConfigurationError(msg) from error
    except OSError as error:
        msg = f"data.path: {path} can't be read: {error.strerror or error}."
        raise ConfigurationError(msg) from error
