"""Writing weights to files that others read."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from dltrainer_jupyter.checkpoints.arrays import write_arrays
from dltrainer_jupyter.core.errors import CheckpointError, ConfigurationError, brief
from dltrainer_jupyter.core.protocols import NamedArrays, OwnWeights, SavesWeights
from dltrainer_jupyter.weights.raw import to_numpy

_ANYBODYS = (".safetensors", ".npz")


def write(own: OwnWeights, path: Path, key: str = "path") -> None:
    """Write the weights of a model under the names that files of its framework have, whole or not at all.

    Parameters
    ----------
    own : OwnWeights
        The model's.
    path : pathlib.Path
        The ending tells the format; a file that is there is written over.
    key : str, default "path"
        What messages call it.

    Raises
    ------
    ConfigurationError
        If the ending is none of those for the model's framework, or the file can't be written.
    """
    name = path.name.lower()
    saver = own if isinstance(own, SavesWeights) and name.endswith(own.endings) else None
    if saver is None and not name.endswith(_ANYBODYS):
        endings = (*_ANYBODYS, *(own.endings if isinstance(own, SavesWeights) else ()))
        msg = f"{key}: expected a file that ends in {', '.join(endings)}, got {brief(path.name)}."
        raise ConfigurationError(msg)
    # Beside its place, and with its ending, by which frameworks tell the format.
    partial = path.with_name(f".{secrets.token_hex(8)}-{path.name}")
    try:
        if saver is not None:
            saver.save(partial)
        elif name.endswith(".safetensors"):
            write_arrays(partial, _named(own))
        else:
            np.savez(partial, **_as_numpy(_named(own), path, key))  # type: ignore[arg-type] # any name is an array's
        os.replace(partial, path)  # noqa: PTH105 - a Path's is the same
    except CheckpointError as error:
        msg = f"{key}: {error}"
        raise ConfigurationError(msg) from error
    except OSError as error:
        msg = f"{key}: {path} can't be written: {error.strerror or error}."
        raise ConfigurationError(msg) from error
    finally:
        partial.unlink(missing_ok=True)


def _named(own: OwnWeights) -> NamedArrays:
    """Name weights as files of PyTorch, and those of one model do; a shared one stands under each of its names."""
    arrays = own.arrays()
    names: Mapping[str, tuple[str, ...]] = own.names()
    return {
        called.partition(".")[2]: array
        for weight, array in arrays.items()
        for called in (names[weight] if own.has_shared else names[weight][:1])
    }


def _as_numpy(arrays: NamedArrays, path: Path, key: str) -> dict[str, np.ndarray]:
    found = {}
    for name, raw in arrays.items():
        values = to_numpy(raw)
        if values is None:
            msg = f"{key}: '{name}' is of {raw.dtype}, which {path.name} can't hold; write a .safetensors file."
            raise ConfigurationError(msg)
        found[name] = values
    return found
