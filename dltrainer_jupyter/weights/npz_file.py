"""Weights that ``np.savez`` wrote."""

from __future__ import annotations

from pathlib import Path

from dltrainer_jupyter.core.protocols import NamedArrays
from dltrainer_jupyter.data.files.npz import array_of, names_in, size_of
from dltrainer_jupyter.weights.raw import from_numpy
from dltrainer_jupyter.weights.room import refuse_too_large


def read(path: Path, key: str) -> NamedArrays:
    """Read every array of an archive; nothing is unpickled.

    Raises
    ------
    ConfigurationError
        If it is damaged, holds anything but numbers, or doesn't fit into memory.
    """
    names = names_in(path, key)
    size = sum(size_of(path, name, key) for name in names)
    refuse_too_large(size, path.name, key)
    return {name: from_numpy(array_of(path, name, key), f"{key}: '{name}' in {path.name}") for name in names}
