"""Weights in files of PyTorch's, and what such files call the tensors of a net."""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from dltrainer_jupyter.adapters.pytorch.arrays import to_raw
from dltrainer_jupyter.adapters.pytorch.state import load_weights, places, save_weights
from dltrainer_jupyter.core.errors import CheckpointError, ConfigurationError, first_line
from dltrainer_jupyter.core.protocols import NamedArrays

_WITHIN = ("state_dict", "model_state_dict", "model")
"""Under these keys people put the weights among other things."""


def read_tensors(path: Path, key: str, expected: str) -> NamedArrays:
    """Read the tensors of a file that was looked through; only tensors and plain values are made.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    key : str
        What messages call it.
    expected : str
        What should be in it, as a half-sentence.

    Raises
    ------
    ConfigurationError
        If it is damaged or holds something else.
    """
    try:
        # Only ever with weights_only: without it a file may run anything.
        found = torch.load(path, map_location="cpu", weights_only=True)
    except (
        RuntimeError, pickle.UnpicklingError, EOFError, ValueError, TypeError, KeyError, IndexError, AttributeError,
        AssertionError, MemoryError, OverflowError, UnicodeError, OSError,
    ) as error:  # fmt: skip
        msg = f"{key}: {path.name} can't be read as a file of PyTorch's: {first_line(error)[:200]}."
        raise ConfigurationError(msg) from error
    arrays: NamedArrays = {}
    for name, tensor in _tensors(found):
        # A shape may say that a few values stand for as many as one likes.
        if tensor.layout == torch.strided and tensor.numel() > tensor.untyped_storage().nbytes() // tensor.itemsize:
            msg = f"{key}: '{name}' in {path.name} says that it has more values than there are; the file is damaged."
            raise ConfigurationError(msg)
        try:
            arrays[name] = to_raw(tensor, name)
        except CheckpointError as error:
            msg = f"{key}: {path.name}: {error}"
            raise ConfigurationError(msg) from error
    if not arrays:
        msg = f"{key}: {path.name} holds no tensors; {expected}."
        raise ConfigurationError(msg)
    return arrays


def _tensors(found: Any) -> Iterator[tuple[str, torch.Tensor]]:
    if not isinstance(found, Mapping):
        return
    inner = next((found[key] for key in _WITHIN if isinstance(found.get(key), Mapping)), found)
    for name, value in inner.items():
        if isinstance(value, torch.Tensor):
            yield str(name), value.detach()


def names_in_files(nets: Mapping[str, nn.Module]) -> dict[str, tuple[str, ...]]:
    """Say what ``state_dict`` calls each parameter and buffer; nothing where it leaves one out.

    Returns
    -------
    dict of str to tuple of str
        By the names that checkpoints use. A tensor that is shared has several names.
    """
    called: dict[int, list[str]] = {}
    for net_name, net in nets.items():
        for name, tensor in net.state_dict(keep_vars=True).items():
            if isinstance(tensor, torch.Tensor):
                called.setdefault(id(tensor), []).append(f"{net_name}.{name}")
    return {name: tuple(called.get(id(place.tensor), ())) for name, place in places(nets).items()}


class OwnWeights:
    """The weights of a module that somebody holds.

    Parameters
    ----------
    model : torch.nn.Module
        Is written to in place.
    """

    endings = (".pt", ".pth")
    has_shared = True

    def __init__(self, model: nn.Module) -> None:
        self._nets = {"model": model}

    def names(self) -> dict[str, tuple[str, ...]]:
        """Give what files call each of them."""
        return names_in_files(self._nets)

    def arrays(self) -> NamedArrays:
        """Copy them."""
        return save_weights(self._nets)

    def write(self, arrays: NamedArrays) -> None:
        """Give them other values."""
        load_weights(self._nets, arrays)

    def save(self, path: Path) -> None:
        """Write the ``state_dict``, on the processor, as ``torch.save`` does."""
        state = self._nets["model"].state_dict()
        on_host = {it: value.cpu() if isinstance(value, torch.Tensor) else value for it, value in state.items()}
        with path.open("xb") as file:  # of which PyTorch says no less than Python what is wrong
            torch.save(on_host, file)
