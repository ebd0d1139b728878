"""Values of a module's own as what a checkpoint can hold, and back: tensors and arrays besides JSON types."""

from __future__ import annotations

from collections import deque
from typing import Any

import numpy as np
import torch

from dltrainer_jupyter.core.errors import CheckpointError

_TENSOR = "$tensor"
_DEQUE = "$deque"
_PAIRS = "$pairs"
_TAGS = {_TENSOR, _DEQUE, _PAIRS}
_ARRAY_KINDS = "biufcSUMm"
_PLAIN = (bool, int, float, str, bytes, type(None))


class UnsavableError(CheckpointError):
    """A value of another kind than a checkpoint can hold."""


def encode(value: Any, where: str = "value") -> Any:
    """Bring a value to NumPy arrays and JSON types; a copy, which later changes don't reach.

    Parameters
    ----------
    value : object
        Tensors outside of a graph, arrays, numbers, text, and lists, tuples, sets, deques and mappings of them.
    where : str, default "value"
        Its name, for messages.

    Raises
    ------
    UnsavableError
        If something else is in it; the message says what and where.
    """
    if type(value) in _PLAIN or isinstance(value, np.generic):
        return value
    if type(value) is torch.Tensor:
        return _tensor(value, where)
    if type(value) is np.ndarray and value.dtype.kind in _ARRAY_KINDS:
        return value.copy()
    return _container(value, where)


def _container(value: Any, where: str) -> Any:
    kind = type(value)
    if kind is list or kind is tuple:
        return kind(encode(item, f"{where}[{index}]") for index, item in enumerate(value))
    if kind is deque:
        return {_DEQUE: encode(list(value), where), "longest": value.maxlen}
    if kind in {set, frozenset} and all(type(item) in _PLAIN for item in value):
        return kind(value)
    if kind is dict and all(type(key) in {str, int, bool} for key in value):
        pairs = {key: encode(item, f"{where}[{key!r}]") for key, item in value.items()}
        return {_PAIRS: pairs} if _TAGS & pairs.keys() else pairs
    msg = (
        f"{where}: a checkpoint holds tensors, arrays, numbers, text and lists or mappings of them, not {_named(kind)}."
    )
    raise UnsavableError(msg)


def _named(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}".removeprefix("builtins.")


def _tensor(value: torch.Tensor, where: str) -> dict[str, Any]:
    if value.grad_fn is not None:
        msg = f"{where}: a tensor that belongs to a graph can't be kept in a checkpoint; detach() it."
        raise UnsavableError(msg)
    if value.layout is not torch.strided or value.is_quantized:
        msg = f"{where}: expected a dense tensor, got one with {value.layout}."
        raise UnsavableError(msg)
    # A host scalar stays on the host when it comes back: what is computed with it may depend on where it is.
    on_host = value.device.type == "cpu"
    data = value.detach().cpu().contiguous()
    # Bytes, for NumPy doesn't know every dtype.
    raw = data.reshape(-1).view(torch.uint8).numpy().tobytes()
    dtype = str(value.dtype).removeprefix("torch.")
    return {_TENSOR: raw, "dtype": dtype, "shape": list(value.shape), "on_host": on_host}


class Decoder:
    """Brings encoded values back.

    Parameters
    ----------
    device : torch.device
        Where tensors go that weren't on the host.
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device

    def __call__(self, value: Any) -> Any:
        """Give the value :func:`encode` was given."""
        if type(value) is list:
            return [self(item) for item in value]
        if type(value) is tuple:
            return tuple(self(item) for item in value)
        if type(value) is not dict:
            return value.copy() if isinstance(value, np.ndarray) else value
        if _TENSOR in value:
            return self._tensor(value)
        if _DEQUE in value:
            return deque((self(item) for item in value[_DEQUE]), maxlen=value["longest"])
        return {key: self(item) for key, item in value.get(_PAIRS, value).items()}

    def _tensor(self, value: dict[str, Any]) -> torch.Tensor:
        dtype = getattr(torch, value["dtype"])
        raw = torch.frombuffer(bytearray(value[_TENSOR]), dtype=torch.uint8) if value[_TENSOR] else torch.empty(0)
        made = (raw.view(dtype) if value[_TENSOR] else raw.to(dtype)).reshape(value["shape"]).clone()
        return made if value["on_host"] else made.to(self._device)
