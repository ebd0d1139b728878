"""Arrays in HDF5 files."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, ClassVar

import numpy as np

from dltrainer_jupyter.core.errors import ConfigurationError, brief
from dltrainer_jupyter.data.files.array_file import ArrayFile, ArrayFileSettings
from dltrainer_jupyter.data.files.array_on_disk import Layout
from dltrainer_jupyter.data.files.bounds import refuse_bomb, refuse_too_large

if TYPE_CHECKING:
    from dltrainer_jupyter.core.protocols import Array

_MOST_LISTED = 1000
_TEXT = 64
"""Bytes that are reckoned for a text whose length isn't told."""


class HDF5(ArrayFile):
    """Arrays in an HDF5 file: inputs and targets by name, such as ``x`` or ``train/x``.

    What would be read from other files (external links and storage, virtual data sets) is refused.

    Parameters
    ----------
    config : HDF5.Config
        Settings.

    Examples
    --------
    >>> source = HDF5(HDF5.Config(path="cells.h5", x="train/images", y="train/labels"))
    >>> source.load(RunSpec(model="cnn", data="hdf5"), {})  # doctest: +SKIP
    """

    description: ClassVar[str] = "Arrays in an HDF5 file: inputs and targets by name."
    tags: ClassVar[tuple[str, ...]] = ("array", "file")

    class Config(ArrayFileSettings, frozen=True, extra="forbid"):
        """Settings."""

    def _names(self, path: Path) -> list[str]:
        with opened(path, path.name) as file:
            names: list[str] = []
            left = [("", file, 0)]
            while left and len(names) < _MOST_LISTED:
                prefix, group, depth = left.pop(0)
                for key in group:
                    name = f"{prefix}{key}"
                    found = hard(group, key)
                    if hasattr(found, "keys") and depth < 8:  # noqa: PLR2004 - a hard link may lead in a circle
                        left.append((f"{name}/", found, depth + 1))
                    else:
                        # A link counts as there, so that it is refused by name when it is asked for.
                        names.append(name)
            return names

    def _size(self, path: Path, name: str) -> int:
        with opened(path, path.name) as file:
            found = dataset(file, name, path.name)
            item = _TEXT if found.dtype.hasobject else found.dtype.itemsize
            size = int(found.size or 0) * item
            stored = int(found.id.get_storage_size())
            refuse_bomb(max(stored, path.stat().st_size // 1000), size, f"data.path: '{name}' in {path.name}")
            return size

    def _array(self, path: Path, name: str) -> Array:
        import h5py

        with opened(path, path.name) as file:
            found = dataset(file, name, path.name)
            if h5py.check_string_dtype(found.dtype) is not None:
                return np.asarray(found.asstr()[()]).astype(np.str_)
            return np.asarray(found[()])

    def layout(self, path: Path, name: str) -> Layout:
        """Say how an array lies in a file."""
        with opened(path, path.name) as file:
            found = dataset(file, name, path.name)
            is_whole = found.chunks is None and file.userblock_size == 0 and found.dtype.kind in "iuf"
            layout = Layout(found.shape, found.dtype, found.id.get_offset() if is_whole else None)
            if found.chunks is not None:
                size = math.prod(found.chunks) * found.dtype.itemsize * layout.rows_together
                size = max(size // max(found.chunks[0], 1), math.prod(found.chunks) * found.dtype.itemsize)
                what = f"data.path: a chunk of '{name}' in {path.name}"
                refuse_too_large(size, what, "store it in smaller ones")
            return layout

    def blocks(self, path: Path, name: str, layout: Layout) -> Iterator[Array]:
        """Read an array, some rows at a time: whole chunks, where it is stored in some."""
        with opened(path, path.name) as file:
            found = dataset(file, name, path.name)
            least = 1 if found.chunks is None else found.chunks[0]
            each = max(1, layout.rows_together // least) * least
            for start in range(0, layout.shape[0], each):
                yield np.asarray(found[start : start + each])


def hard(group: Any, key: str) -> Any:
    """Give what a name in a group stands for, or None if it leads elsewhere."""
    import h5py

    return group[key] if isinstance(group.get(key, getlink=True), h5py.HardLink) else None


def dataset(file: Any, name: str, called: str, key: str = "data.path") -> Any:
    """Give an array of a file, whose values lie in it.

    Parameters
    ----------
    file : h5py.File
        Open.
    name : str
        Path of the array in it.
    called : str
        What messages call the file.
    key : str, default "data.path"
        The setting it belongs to.

    Raises
    ------
    ConfigurationError
        If it isn't there, leads to another file, or holds neither numbers nor text.
    """
    import h5py

    what, found = f"{key}: '{name}' in {called}", file
    for part in name.strip("/").split("/"):
        if not isinstance(found, h5py.Group) or part not in found:
            msg = f"{what} isn't there."
            raise ConfigurationError(msg)
        found = hard(found, part)
        if found is None:
            msg = f"{what} is a link, which may lead to another file; store the array itself."
            raise ConfigurationError(msg)
    if not isinstance(found, h5py.Dataset) or found.shape is None:
        msg = f"{what} is no array."
        raise ConfigurationError(msg)
    if found.is_virtual or found.external:
        msg = f"{what} takes its values from other files; store them in it."
        raise ConfigurationError(msg)
    if found.dtype.hasobject and h5py.check_string_dtype(found.dtype) is None:
        msg = f"{what} holds {brief(found.dtype)}; expected numbers or text."
        raise ConfigurationError(msg)
    return found


@contextmanager
def opened(file: Path | IO[bytes], called: str, key: str = "data.path") -> Iterator[Any]:
    """Open a file, and say in one line what is wrong with it."""
    import h5py

    try:
        with h5py.File(file, "r") as found:
            yield found
    except ConfigurationError:
        raise
    except (OSError, RuntimeError, KeyError, ValueError, TypeError, UnicodeError, MemoryError) as error:
        said = " ".join(str(error).split())[:200].rstrip(".")
        msg = f"{key}: {called} can't be read as HDF5: {said}."
        raise ConfigurationError(msg) from error
