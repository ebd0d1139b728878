"""Weights that ``torch.save`` wrote: looked through before PyTorch sees them.

A pickle is a program. ``torch.load(weights_only=True)`` runs but a few words of that language; here a file with any
other word than weights need is refused first, and sizes are checked, so that a hole in the one is no way through.
"""

from __future__ import annotations

import pickletools
import zipfile
import zlib
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import IO

from dltrainer_jupyter.core.errors import ConfigurationError, MissingPackageError, brief
from dltrainer_jupyter.core.protocols import NamedArrays
from dltrainer_jupyter.data.files.bounds import refuse_bomb
from dltrainer_jupyter.weights.room import refuse_too_large

_STORAGES = (
    *("Double", "Float", "Half", "BFloat16", "Long", "Int", "Short", "Char", "Byte", "Bool"),
    *("ComplexFloat", "ComplexDouble"),
)
_KNOWN = {
    "collections OrderedDict",
    "torch Size",
    "torch device",
    "torch.serialization _get_layout",
    "torch._utils _rebuild_tensor",
    "torch._utils _rebuild_tensor_v2",
    "torch._utils _rebuild_parameter",
    "torch.storage TypedStorage",
    "torch.storage UntypedStorage",
    *(f"torch {kind}Storage" for kind in _STORAGES),
    *(f"torch {kind}{bits}" for kind in ("float", "int", "uint") for bits in (8, 16, 32, 64)),
    "torch bfloat16",
    "torch bool",
    "torch complex64",
}
_CALLS = {"STACK_GLOBAL", "INST", "OBJ", "NEWOBJ", "NEWOBJ_EX", "EXT1", "EXT2", "EXT4"}
"""Other words that find or make objects; weights are written without them."""
_OLDER_PARTS = 5
"""Pickles at the beginning of a file of PyTorch's format before 1.6."""
_WRITE = "expected tensors by name, as torch.save(model.state_dict(), file) writes them"


def read(path: Path, key: str) -> NamedArrays:
    """Read the tensors of a file: a ``state_dict``, or a mapping with one.

    Raises
    ------
    ConfigurationError
        If it holds code or anything but tensors, is damaged, or doesn't fit into memory.
    MissingPackageError
        If PyTorch isn't installed.
    """
    try:
        if zipfile.is_zipfile(path):
            _check_archive(path, key)
        else:
            _check_older(path, key)
    except ConfigurationError:
        raise
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError, RuntimeError) as error:
        msg = f"{key}: {path.name} can't be read as a file of PyTorch's: {' '.join(str(error).split())[:200]}."
        raise ConfigurationError(msg) from error
    except OSError as error:
        msg = f"{key}: {path} can't be read: {error.strerror or error}."
        raise ConfigurationError(msg) from error
    if find_spec("torch") is None:
        msg = f'{key}: {path.name} is read by PyTorch, which isn\'t installed: pip install "dltrainer-jupyter[torch]"'
        raise MissingPackageError(msg)
    # Its framework is imported once there is something to be read.
    from dltrainer_jupyter.adapters.pytorch.weight_files import read_tensors

    return read_tensors(path, key, _WRITE)


def _check_archive(path: Path, key: str) -> None:
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        unpacked = sum(info.file_size for info in members)
        refuse_bomb(sum(info.compress_size for info in members), unpacked, f"{key}: {path.name}")
        refuse_too_large(unpacked, path.name, key)
        pickles = [info for info in members if info.filename.endswith(".pkl")]
        if not pickles:
            msg = f"{key}: {path.name} is an archive without tensors; {_WRITE}."
            raise ConfigurationError(msg)
        for info in pickles:
            with archive.open(info) as file:
                _refuse_code(file, path, key)


def _check_older(path: Path, key: str) -> None:
    with path.open("rb") as file:
        for _ in range(_OLDER_PARTS):
            _refuse_code(file, path, key)


def _refuse_code(file: IO[bytes], path: Path, key: str) -> None:
    """Raise if a pickle names anything but what tensors are made of."""
    for word in _named(file):
        if word not in _KNOWN:
            msg = f"{key}: {path.name} holds objects or code ({brief(word)}), which isn't run; {_WRITE}."
            raise ConfigurationError(msg)


def _named(file: IO[bytes]) -> Iterator[str]:
    for word, argument, _ in pickletools.genops(file):
        if word.name == "GLOBAL":
            yield str(argument)
        elif word.name in _CALLS:
            yield str(argument or word.name)
