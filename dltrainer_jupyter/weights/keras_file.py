"""Weights that Keras wrote. Only arrays are read: the description of a model, which may hold code, is never opened."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np

from dltrainer_jupyter.core.errors import ConfigurationError, MissingPackageError
from dltrainer_jupyter.core.protocols import NamedArrays, RawArray
from dltrainer_jupyter.data.files.bounds import refuse_bomb
from dltrainer_jupyter.data.files.hdf5 import dataset, hard, opened
from dltrainer_jupyter.weights.raw import from_numpy
from dltrainer_jupyter.weights.room import refuse_too_large

_MEMBER = "model.weights.h5"
_NO_WEIGHTS = ("optimizer", "optimizer_weights")
"""Groups at the top that hold the state of an optimizer."""
_OF_WHOLE_MODEL = "model_weights"
_MOST = 200_000
_DEEPEST = 64


def read(path: Path, key: str) -> NamedArrays:
    """Read the arrays of a ``.keras``, ``.weights.h5`` or ``.h5`` file.

    Returns
    -------
    dict of str to RawArray
        Named as in the file, ``layers/dense/vars/0``; in files of Keras 2, ``dense/kernel``.

    Raises
    ------
    ConfigurationError
        If it is damaged, leads to other files, holds anything but numbers, or doesn't fit into memory.
    MissingPackageError
        If h5py isn't installed.
    """
    try:
        import h5py  # noqa: F401 - to say so before anything is opened
    except ImportError as error:
        msg = f'{key}: {path.name} is read by h5py, which isn\'t installed: pip install "dltrainer-jupyter[hdf5]"'
        raise MissingPackageError(msg) from error
    with _inner(path, key) as file, opened(file, path.name, key) as whole:
        is_older = "layer_names" in whole.attrs or _OF_WHOLE_MODEL in whole
        found = dict(_arrays(whole, path, key))
        size = sum(_size(array, path, name, key) for name, array in found.items())
        refuse_too_large(size, path.name, key)
        named = {_older_name(name) if is_older else name: array for name, array in found.items()}
        return {name: _raw(array, name, path, key) for name, array in named.items()}


@contextmanager
def _inner(path: Path, key: str) -> Iterator[Path | IO[bytes]]:
    """Give what HDF5 is to open: the file itself, or the one in an archive."""
    if path.suffix.lower() != ".keras":
        yield path
        return
    try:
        with zipfile.ZipFile(path) as archive:
            if _MEMBER not in archive.namelist():
                msg = f"{key}: {path.name} has no {_MEMBER}; expected a file that model.save wrote, in one piece."
                raise ConfigurationError(msg)
            info = archive.getinfo(_MEMBER)
            refuse_bomb(info.compress_size, info.file_size, f"{key}: {path.name}")
            refuse_too_large(info.file_size, path.name, key)
            content = archive.read(info)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError) as error:
        msg = f"{key}: {path.name} can't be read as a file of Keras: {' '.join(str(error).split())}."
        raise ConfigurationError(msg) from error
    yield io.BytesIO(content)


def _arrays(whole: Any, path: Path, key: str) -> Iterator[tuple[str, Any]]:
    """Go through what lies in the file, each thing once: hard links may lead in circles."""
    import h5py

    left: list[tuple[str, Any, int]] = [("", whole, 0)]
    seen = {_address(whole)}
    while left:
        prefix, group, depth = left.pop()
        for part in group:
            name = f"{prefix}{part}"
            if not prefix and part in _NO_WEIGHTS:
                continue
            found = hard(group, part)
            if isinstance(found, h5py.Group) and depth < _DEEPEST:
                if (address := _address(found)) not in seen:
                    seen.add(address)
                    left.append((f"{name}/", found, depth + 1))
            else:
                yield name, dataset(whole, name, path.name, key)
            if len(seen) > _MOST:
                msg = f"{key}: {path.name} has more than {_MOST:,} groups; expected the weights of a model."
                raise ConfigurationError(msg)


def _address(group: Any) -> Any:
    import h5py

    return h5py.h5o.get_info(group.id).addr


def _size(array: Any, path: Path, name: str, key: str) -> int:
    size = int(array.size or 0) * int(array.dtype.itemsize)
    stored = int(array.id.get_storage_size())
    refuse_bomb(max(stored, 1), size, f"{key}: '{name}' in {path.name}")
    return size


def _raw(array: Any, name: str, path: Path, key: str) -> RawArray:
    values = np.asarray(array[()])
    if array.attrs.get("dtype") == "bfloat16" and values.dtype.itemsize == 2:  # noqa: PLR2004 - half a word
        # HDF5 has no such type; Keras writes its bytes.
        return RawArray("BF16", values.shape, values.tobytes())
    return from_numpy(values, f"{key}: '{name}' in {path.name}")


def _older_name(name: str) -> str:
    """Name an array of an older file by its layer and what it is there.

    Examples
    --------
    >>> _older_name("model_weights/dense/sequential/dense/kernel:0")
    'dense/kernel'
    """
    layer, *rest = name.removeprefix(f"{_OF_WHOLE_MODEL}/").split("/")
    while layer in rest:
        rest = rest[rest.index(layer) + 1 :]
    return "/".join([layer, *rest]).removesuffix(":0")
