"""Reading a file of weights, whatever its format."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

from dltrainer_jupyter.checkpoints.arrays import read_arrays
from dltrainer_jupyter.checkpoints.manifest import MANIFEST
from dltrainer_jupyter.checkpoints.reader import load_weights, read_manifest
from dltrainer_jupyter.core.errors import CheckpointError, ConfigurationError, brief
from dltrainer_jupyter.core.places import is_remote
from dltrainer_jupyter.core.protocols import NamedArrays
from dltrainer_jupyter.data.files.fetching import local_file, local_path
from dltrainer_jupyter.weights import keras_file, npz_file, torch_file
from dltrainer_jupyter.weights.room import refuse_too_large

_INDEX = ".safetensors.index.json"
_LARGEST_INDEX = 64 * 2**20
_TORCH = (".pt", ".pth", ".bin", ".ckpt")
_KERAS = (".keras", ".h5")
_ANYBODYS = (".safetensors", _INDEX, ".npz")
_FITTING = {"pytorch": (*_ANYBODYS, *_TORCH), "tensorflow": (*_ANYBODYS, *_KERAS)}
"""Endings that a framework's weights come in; of any other framework, :data:`_ANYBODYS`."""


class Found(NamedTuple):
    """What a file holds."""

    arrays: NamedArrays
    """By the names they have in the file."""
    digest: str
    """SHA-256 of the file, or of all of them one after the other; of a checkpoint its own digest."""
    name: str
    """What to call it in a sentence."""
    framework: str | None
    """Whose names they are, if the file says so."""


def read(place: str, *, sha256: str | None = None, key: str = "weights") -> Found:
    """Read a file of weights. Nothing in it is run, and what it says of its size is checked before it is believed.

    Parameters
    ----------
    place : str
        A path, or a URL that fsspec understands; the ending tells the format. Also a checkpoint's folder, and a folder
        with the index of a sharded model (``model.safetensors.index.json``).
    sha256 : str, optional
        What the file's checksum has to be.
    key : str, default "weights"
        What messages call it.

    Raises
    ------
    ConfigurationError
        If there is no such file, it is damaged, has another checksum, is of no format we read, holds code, or doesn't
        fit into memory.
    MissingPackageError
        If reading it takes a package that isn't installed.

    Examples
    --------
    >>> read("resnet18.pt")  # doctest: +SKIP
    """
    if not is_remote(place) and (folder := local_path(place, key)).is_dir():
        return _of_folder(folder, sha256, key)
    ending = _ending(place, key)
    if ending == _INDEX:
        return _of_shards(place, sha256, key)
    path = local_file(place, key)
    digest = _checked_digest([path], sha256, key)
    return Found(_READERS[ending](path, key), digest, path.name, None)


def look(place: str, framework: str, key: str = "weights") -> None:
    """See, without reading it, that a file is there and of a format that goes with a framework.

    Parameters
    ----------
    place : str
        As for :func:`read`; what lies elsewhere isn't asked for.
    framework : str
        The adapter that is to take the weights.

    Raises
    ------
    ConfigurationError
        If it isn't; the message says which formats fit.
    """
    if not is_remote(place) and (folder := local_path(place, key)).is_dir():
        if not (folder / MANIFEST).exists():
            _index_in(folder, key)
        return
    ending, fitting = _ending(place, key), _FITTING.get(framework, _ANYBODYS)
    if ending not in fitting:
        msg = (
            f"{key}: {_name(place)} holds weights as another framework than {framework} names them; expected a file "
            f"that ends in {', '.join(fitting)}."
        )
        raise ConfigurationError(msg)


def _ending(place: str, key: str) -> str:
    name = place.lower()
    if name.endswith(_INDEX):
        return _INDEX
    for ending in _READERS:
        if name.endswith(ending):
            return ending
    msg = f"{key}: expected a file that ends in {', '.join((*_READERS, _INDEX))}, got {brief(_name(place))}."
    raise ConfigurationError(msg)


def _name(place: str) -> str:
    return place.rstrip("/").rpartition("/")[2]


def _checked_digest(paths: Iterable[Path], sha256: str | None, key: str) -> str:
    checksum = hashlib.sha256()
    for path in paths:
        # Before all of it is gone through: a file may be nothing but a hole.
        refuse_too_large(path.stat().st_size, path.name, key)
        try:
            with path.open("rb") as file:
                while piece := file.read(2**20):
                    checksum.update(piece)
        except OSError as error:
            msg = f"{key}: {path} can't be read: {error.strerror or error}."
            raise ConfigurationError(msg) from error
    return _as_expected(checksum.hexdigest(), sha256, key)


def _as_expected(digest: str, sha256: str | None, key: str) -> str:
    if sha256 not in (None, digest):
        msg = f"{key}.sha256: expected {sha256}, got a file with {digest}; it is damaged or another one."
        raise ConfigurationError(msg)
    return digest


# --- folders ------------------------------------------------------------------------------------------


def _of_folder(folder: Path, sha256: str | None, key: str) -> Found:
    if not (folder / MANIFEST).exists():
        return _of_shards(str(_index_in(folder, key)), sha256, key)
    try:
        refuse_too_large(read_manifest(folder).parts["weights.safetensors"].size, folder.name, key)
        arrays, manifest = load_weights(folder)
    except CheckpointError as error:
        msg = f"{key}: {error}"
        raise ConfigurationError(msg) from error
    digest = _as_expected(manifest.digest, sha256, key)
    return Found(arrays, digest, folder.name, manifest.versions.get("framework"))


def _index_in(folder: Path, key: str) -> Path:
    found = sorted(folder.glob(f"*{_INDEX}"))
    if len(found) != 1:
        msg = (
            f"{key}: expected a file, a checkpoint, or a folder with one *{_INDEX}, got {folder}, which has "
            f"{len(found)}; name the file."
        )
        raise ConfigurationError(msg)
    return found[0]


def _of_shards(place: str, sha256: str | None, key: str) -> Found:
    """Read a model that was written in several files, which an index names."""
    index = local_file(place, key)
    try:
        if index.stat().st_size > _LARGEST_INDEX:
            msg = f"{key}: {index.name} is larger than any index."
            raise ConfigurationError(msg)
        listed = json.loads(index.read_bytes())["weight_map"]
        names = sorted({str(name) for name in listed.values()})
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        msg = f"{key}: {index.name} is no index of a sharded model: expected {{weight_map: {{NAME: FILE}}}}."
        raise ConfigurationError(msg) from error
    beside = place.rpartition("/")[0]
    for name in names:
        # Never a path: the index is somebody else's.
        if "/" in name or "\\" in name or not name.endswith(".safetensors"):
            msg = f"{key}: {index.name} names {brief(name)}; expected the name of a .safetensors file beside it."
            raise ConfigurationError(msg)
    paths = [local_file(f"{beside}/{name}" if beside else name, key) for name in names]
    digest = _checked_digest(paths, sha256, key)
    refuse_too_large(sum(path.stat().st_size for path in paths), index.name, key)
    arrays: NamedArrays = {}
    for path in paths:
        arrays |= _safetensors(path, key)
    if missing := sorted(listed.keys() - arrays):
        msg = f"{key}: {index.name} lists {missing[0]}, which isn't in {listed[missing[0]]}; fetch the files again."
        raise ConfigurationError(msg)
    return Found(arrays, digest, index.name, None)


# --- files --------------------------------------------------------------------------------------------


def _safetensors(path: Path, key: str) -> NamedArrays:
    try:
        return read_arrays(path.read_bytes())
    except CheckpointError as error:
        msg = f"{key}: {path.name} can't be read: {' '.join(str(error).split())}."
        raise ConfigurationError(msg) from error
    except OSError as error:
        msg = f"{key}: {path} can't be read: {error.strerror or error}."
        raise ConfigurationError(msg) from error


_READERS: dict[str, Callable[[Path, str], NamedArrays]] = {
    ".safetensors": _safetensors,
    **dict.fromkeys(_TORCH, torch_file.read),
    ".npz": npz_file.read,
    **dict.fromkeys(_KERAS, keras_file.read),
}
