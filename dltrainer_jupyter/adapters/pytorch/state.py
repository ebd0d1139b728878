"""The full state of nets and optimizers as named arrays, without pickle; and back, bit for bit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

import torch
from torch import nn

from dltrainer_jupyter.adapters.pytorch.arrays import dtype_of, from_raw, to_raw
from dltrainer_jupyter.core.errors import CheckpointError
from dltrainer_jupyter.core.protocols import NamedArrays, RawArray

_EXTRA = "$extra."
"""In front of the names of a recipe's own tensors; no optimizer is called that."""
_FEW = 3
"""So many names still fit into a message."""

# --- weights ------------------------------------------------------------------------------------------


class _Place(NamedTuple):
    """Where a tensor hangs in a net; None is a buffer that is declared and not made yet."""

    module: nn.Module
    key: str
    tensor: torch.Tensor | None


def _places(nets: Mapping[str, nn.Module]) -> dict[str, _Place]:
    """Find every parameter and buffer, those outside ``state_dict`` too, once each even if it has several names."""
    places: dict[str, _Place] = {}
    seen: set[int] = set()
    for net_name, net in nets.items():
        for module_name, module in net.named_modules():
            prefix = f"{net_name}.{module_name}." if module_name else f"{net_name}."
            for key, tensor in [*module.named_parameters(recurse=False), *module._buffers.items()]:  # noqa: SLF001
                if tensor is None:
                    places[prefix + key] = _Place(module, key, None)
                elif id(tensor) not in seen:
                    seen.add(id(tensor))
                    places[prefix + key] = _Place(module, key, tensor)
    return places


def save_weights(nets: Mapping[str, nn.Module]) -> NamedArrays:
    """Copy every parameter and buffer.

    Raises
    ------
    CheckpointError
        If one of them is of a kind that a checkpoint can't hold.
    """
    return {name: to_raw(place.tensor, name) for name, place in _places(nets).items() if place.tensor is not None}


def load_weights(nets: Mapping[str, nn.Module], saved: NamedArrays) -> None:
    """Write saved values into the nets' own tensors, so that optimizers keep pointing at them.

    Raises
    ------
    CheckpointError
        If names, or shapes or dtypes of parameters differ; nothing has been written then.
    """
    here = _places(nets)
    missing = [name for name, place in here.items() if place.tensor is not None and name not in saved]
    _refuse_other_names(missing, [name for name in saved if name not in here])
    for name, raw in saved.items():
        tensor = here[name].tensor
        if isinstance(tensor, nn.Parameter) and not _alike(tensor, raw):
            msg = (
                f"The checkpoint is of another model: '{name}' is {tuple(raw.shape)} {dtype_of(raw)} there and "
                f"{tuple(tensor.shape)} {tensor.dtype} here."
            )
            raise CheckpointError(msg)
    for name, raw in saved.items():
        module, key, tensor = here[name]
        if tensor is not None and _alike(tensor, raw):
            _write(tensor, from_raw(raw))
        else:
            # A buffer may be made, or made anew with another shape, while a model trains.
            module._buffers[key] = from_raw(raw).to(_device_of(module, nets))  # noqa: SLF001 - see unchanged_buffers


def _alike(tensor: torch.Tensor, raw: RawArray) -> bool:
    return tuple(tensor.shape) == tuple(raw.shape) and tensor.dtype == dtype_of(raw)


def _refuse_other_names(missing: list[str], surplus: list[str]) -> None:
    parts = [
        f"{what} {', '.join(names[:_FEW])}{' …' if len(names) > _FEW else ''}"
        for what, names in (("it lacks", sorted(missing)), ("it has besides", sorted(surplus)))
        if names
    ]
    if parts:
        msg = f"The checkpoint is of another model: {'; '.join(parts)}."
        raise CheckpointError(msg)


def _device_of(module: nn.Module, nets: Mapping[str, nn.Module]) -> torch.device:
    parameters = (parameter for owner in (module, *nets.values()) for parameter in owner.parameters())
    return next((parameter.device for parameter in parameters), torch.device("cpu"))


def _write(tensor: torch.Tensor, value: torch.Tensor) -> None:
    """Change a tensor's values and nothing else about it."""
    # An expanded tensor lies over itself and can be written to once only.
    once = tuple(0 if stride == 0 else slice(None) for stride in tensor.stride())
    with torch.no_grad():
        tensor[once].copy_(value[once])


@contextmanager
def unchanged_buffers(nets: Mapping[str, nn.Module]) -> Iterator[None]:
    """Put every buffer back at the end, whether it was written to or replaced meanwhile."""
    kept = [
        (place, place.tensor, place.tensor.clone())
        for place in _places(nets).values()
        if place.tensor is not None and not isinstance(place.tensor, nn.Parameter)
    ]
    try:
        yield
    finally:
        for place, tensor, value in kept:
            place.module._buffers[place.key] = tensor  # noqa: SLF001 - setattr may be the model's own
            _write(tensor, value)


# --- optimizers ---------------------------------------------------------------------------------------


def save_optimizers(optimizers: Mapping[str, torch.optim.Optimizer]) -> tuple[NamedArrays, dict[str, Any]]:
    """Copy every slot; what is no tensor (options of the groups, plain numbers) comes separately.

    Returns
    -------
    arrays : dict of str to RawArray
        Named ``<optimizer>.<index of the parameter>.<slot>``.
    rest : dict
        By optimizer: ``groups``, the options of each, and ``slots``, the plain values.
    """
    arrays: NamedArrays = {}
    rest: dict[str, Any] = {}
    for name, optimizer in optimizers.items():
        slots: dict[str, Any] = {}
        for index, (parameter, _) in enumerate(_parameters(optimizer)):
            for slot, value in optimizer.state.get(parameter, {}).items():
                if isinstance(value, torch.Tensor):
                    key = f"{name}.{index}.{slot}"
                    arrays[key] = to_raw(value, key)
                else:
                    slots[f"{index}.{slot}"] = value
        groups = [{k: _plain(v) for k, v in group.items() if k != "params"} for group in optimizer.param_groups]
        rest[name] = {"groups": groups, "slots": slots}
    return arrays, rest


def load_optimizers(
    optimizers: Mapping[str, torch.optim.Optimizer], arrays: NamedArrays, rest: Mapping[str, Any]
) -> None:
    """Put slots and options back, each slot with its parameter's strides and its own dtype.

    ``Optimizer.load_state_dict`` casts slots to the parameter's dtype and loses strides, which fused steps rely on.

    Raises
    ------
    CheckpointError
        If they are other optimizers, or optimizers of other parameters.
    """
    if rest.keys() != optimizers.keys():
        msg = f"The checkpoint has the optimizers {sorted(rest)}, this run {sorted(optimizers)}."
        raise CheckpointError(msg)
    for name, optimizer in optimizers.items():
        _load_groups(optimizer, rest[name]["groups"])
        parameters = _parameters(optimizer)
        optimizer.state.clear()
        for key, raw in arrays.items():
            if key.startswith(f"{name}."):
                index, slot = key[len(name) + 1 :].split(".", 1)
                parameter, group = _at(parameters, int(index), name)
                optimizer.state[parameter][slot] = _placed(slot, from_raw(raw), parameter, group)
        for key, value in rest[name]["slots"].items():
            index, slot = key.split(".", 1)
            optimizer.state[_at(parameters, int(index), name)[0]][slot] = value


def _load_groups(optimizer: torch.optim.Optimizer, saved: list[dict[str, Any]]) -> None:
    here = optimizer.param_groups
    if len(saved) != len(here):
        msg = f"The checkpoint's optimizer has {len(saved)} parameter groups, this one {len(here)}."
        raise CheckpointError(msg)
    for group, options in zip(here, saved, strict=True):
        group.update({key: _restored(value) for key, value in options.items()})


def _parameters(optimizer: torch.optim.Optimizer) -> list[tuple[torch.Tensor, dict[str, Any]]]:
    return [(parameter, group) for group in optimizer.param_groups for parameter in group["params"]]


def _at(
    parameters: list[tuple[torch.Tensor, dict[str, Any]]], index: int, name: str
) -> tuple[torch.Tensor, dict[str, Any]]:
    if index >= len(parameters):
        msg = f"The checkpoint's optimizer '{name}' has more parameters than this one, which has {len(parameters)}."
        raise CheckpointError(msg)
    return parameters[index]


def _placed(slot: str, value: torch.Tensor, parameter: torch.Tensor, group: Mapping[str, Any]) -> torch.Tensor:
    """Bring a slot to where its optimizer expects it."""
    if slot == "step":
        # Beside the parameter where the step is fused or captured, else on the CPU.
        return value.to(parameter.device) if group.get("fused") or group.get("capturable") else value
    if value.shape != parameter.shape:
        return value.to(parameter.device)
    return torch.empty_like(parameter, dtype=value.dtype, requires_grad=False).copy_(value)


def _plain(value: Any) -> Any:
    """Mark a tensor among the options (a learning rate can be one), which JSON has no word for."""
    if isinstance(value, torch.Tensor):
        return {"$tensor": value.item(), "dtype": str(value.dtype)}
    return tuple(map(_plain, value)) if type(value) is tuple else value


def _restored(value: Any) -> Any:
    if isinstance(value, dict) and "$tensor" in value:
        return torch.tensor(value["$tensor"], dtype=getattr(torch, value["dtype"].removeprefix("torch.")))
    return tuple(map(_restored, value)) if type(value) is tuple else value


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
