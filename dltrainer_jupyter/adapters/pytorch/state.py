"""Weights, and what a recipe keeps besides, as named arrays, without pickle; and back, bit for bit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import torch
from torch import nn

from dltrainer_jupyter.adapters.pytorch.arrays import dtype_of, from_raw, to_raw
from dltrainer_jupyter.adapters.shared.checkpoints import check_array, check_names
from dltrainer_jupyter.core.protocols import NamedArrays, RawArray

_EXTRA = "$extra."
"""In front of the names of a recipe's own tensors; no optimizer is called that."""

# --- weights ------------------------------------------------------------------------------------------


class Place(NamedTuple):
    """Where a tensor hangs in a net; None is a buffer that is declared and not made yet."""

    module: nn.Module
    key: str
    tensor: torch.Tensor | None


def places(nets: Mapping[str, nn.Module]) -> dict[str, Place]:
    """Find every parameter and buffer, those outside ``state_dict`` too, once each even if it has several names."""
    found: dict[str, Place] = {}
    seen: set[int] = set()
    for net_name, net in nets.items():
        for module_name, module in net.named_modules():
            prefix = f"{net_name}.{module_name}." if module_name else f"{net_name}."
            for key, tensor in [*module.named_parameters(recurse=False), *module._buffers.items()]:  # noqa: SLF001
                if tensor is None:
                    found[prefix + key] = Place(module, key, None)
                elif id(tensor) not in seen:
                    seen.add(id(tensor))
                    found[prefix + key] = Place(module, key, tensor)
    return found


def save_weights(nets: Mapping[str, nn.Module]) -> NamedArrays:
    """Copy every parameter and buffer.

    Raises
    ------
    CheckpointError
        If one of them is of a kind that a checkpoint can't hold.
    """
    return {name: to_raw(place.tensor, name) for name, place in places(nets).items() if place.tensor is not None}


def check_weights(nets: Mapping[str, nn.Module], saved: NamedArrays) -> None:
    """Raise if saved values aren't those of these nets.

    Raises
    ------
    CheckpointError
        If names, or shapes or dtypes of parameters differ.
    """
    here = places(nets)
    missing = [name for name, place in here.items() if place.tensor is not None and name not in saved]
    check_names("model", missing=missing, surplus=saved.keys() - here)
    for name, raw in saved.items():
        dtype, tensor = dtype_of(raw), here[name].tensor
        if isinstance(tensor, nn.Parameter):
            there = f"{tuple(raw.shape)} {dtype}"
            check_array("model", name, there=there, here=f"{tuple(tensor.shape)} {tensor.dtype}")


def load_weights(nets: Mapping[str, nn.Module], saved: NamedArrays) -> None:
    """Write saved values into the nets' own tensors, so that optimizers keep pointing at them.

    Raises
    ------
    CheckpointError
        As :func:`check_weights` does; nothing has been written then.
    """
    check_weights(nets, saved)
    here = places(nets)
    for name, raw in saved.items():
        module, key, tensor = here[name]
        if tensor is not None and alike(tensor, raw):
            write(tensor, from_raw(raw))
        else:
            # A buffer may be made, or made anew with another shape, while a model trains.
            module._buffers[key] = from_raw(raw).to(device_of(module, nets))  # noqa: SLF001 - see put_back


def alike(tensor: torch.Tensor, raw: RawArray) -> bool:
    """Say whether a tensor has an array's shape and dtype."""
    return tuple(tensor.shape) == tuple(raw.shape) and tensor.dtype == dtype_of(raw)


def device_of(module: nn.Module, nets: Mapping[str, nn.Module]) -> torch.device:
    """Find out where a buffer of a module belongs: beside its parameters, else beside the net's."""
    parameters = (parameter for owner in (module, *nets.values()) for parameter in owner.parameters())
    return next((parameter.device for parameter in parameters), torch.device("cpu"))


def write(tensor: torch.Tensor, value: torch.Tensor) -> None:
    """Change a tensor's values and nothing else about it."""
    # An expanded tensor lies over itself and can be written to once only.
    once = tuple(0 if stride == 0 else slice(None) for stride in tensor.stride())
    with torch.no_grad():
        tensor[once].copy_(value[once])


class KeptBuffer(NamedTuple):
    """A buffer as it was: where it hung, which tensor it was, and its values."""

    place: Place
    tensor: torch.Tensor
    value: torch.Tensor


def keep_buffers(nets: Mapping[str, nn.Module]) -> list[KeptBuffer]:
    """Copy every buffer, for :func:`put_back`."""
    return [
        KeptBuffer(place, place.tensor, place.tensor.clone())
        for place in places(nets).values()
        if place.tensor is not None and not isinstance(place.tensor, nn.Parameter)
    ]


def put_back(kept: Sequence[KeptBuffer]) -> None:
    """Make buffers what they were, whether they were written to or replaced meanwhile."""
    for place, tensor, value in kept:
        place.module._buffers[place.key] = tensor  # noqa: SLF001 - setattr may be the model's own
        write(tensor, value)


@contextmanager
def unchanged_buffers(nets: Mapping[str, nn.Module]) -> Iterator[None]:
    """Put every buffer back at the end."""
    kept = keep_buffers(nets)
    try:
        yield
    finally:
        put_back(kept)


# --- what a recipe keeps besides ----------------------------------------------------------------------


def save_extra(extra: Mapping[str, Any]) -> tuple[NamedArrays, dict[str, Any]]:
    """Copy what a recipe keeps besides nets and optimizers: tensors, and separately everything else."""
    arrays = {f"{_EXTRA}{key}": to_raw(value, key) for key, value in extra.items() if isinstance(value, torch.Tensor)}
    return arrays, {key: value for key, value in extra.items() if not isinstance(value, torch.Tensor)}


def load_extra(arrays: NamedArrays, rest: Mapping[str, Any], device: torch.device) -> dict[str, Any]:
    """Give back what :func:`save_extra` copied."""
    tensors = {
        key.removeprefix(_EXTRA): from_raw(raw).to(device) for key, raw in arrays.items() if key.startswith(_EXTRA)
    }
    return tensors | dict(rest)
