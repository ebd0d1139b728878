"""The full state of nets and optimizers as named arrays, without pickle; and back, bit for bit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import nn

from dltrainer_jupyter.adapters.pytorch.arrays import from_raw, to_raw
from dltrainer_jupyter.core.errors import CheckpointError
from dltrainer_jupyter.core.protocols import NamedArrays


def tensors(nets: Mapping[str, nn.Module]) -> Iterator[tuple[str, torch.Tensor]]:
    """Yield every parameter and buffer, those outside ``state_dict`` too, once each even if it has several names."""
    seen: set[int] = set()
    for net_name, net in nets.items():
        for name, tensor in [*net.named_parameters(), *net.named_buffers()]:
            if id(tensor) not in seen:
                seen.add(id(tensor))
                yield f"{net_name}.{name}", tensor


def save_weights(nets: Mapping[str, nn.Module]) -> NamedArrays:
    """Copy every parameter and buffer."""
    return {name: to_raw(tensor) for name, tensor in tensors(nets)}


def load_weights(nets: Mapping[str, nn.Module], saved: NamedArrays) -> None:
    """Write saved values into the nets' own tensors, so that optimizers keep pointing at them.

    Raises
    ------
    CheckpointError
        If names, shapes or dtypes differ.
    """
    here = dict(tensors(nets))
    missing, surplus = sorted(here.keys() - saved.keys()), sorted(saved.keys() - here.keys())
    if missing or surplus:
        msg = (
            "The checkpoint is of another model: "
            + "; ".join(
                f"{what} {', '.join(names[:3])}{' …' if len(names) > 3 else ''}"  # noqa: PLR2004
                for what, names in (("it lacks", missing), ("it has besides", surplus))
                if names
            )
            + "."
        )
        raise CheckpointError(msg)
    with torch.no_grad():
        for name, tensor in here.items():
            value = from_raw(saved[name])
            if value.shape != tensor.shape or value.dtype != tensor.dtype:
                msg = (
                    f"The checkpoint is of another model: '{name}' is {tuple(value.shape)} {value.dtype} there and "
                    f"{tuple(tensor.shape)} {tensor.dtype} here."
                )
                raise CheckpointError(msg)
            tensor.copy_(value)


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
        for index, parameter in enumerate(_parameters(optimizer)):
            for slot, value in optimizer.state.get(parameter, {}).items():
                if isinstance(value, torch.Tensor):
                    arrays[f"{name}.{index}.{slot}"] = to_raw(value)
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
    """
    for name, optimizer in optimizers.items():
        parameters = _parameters(optimizer)
        optimizer.state.clear()
        saved = {key: raw for key, raw in arrays.items() if key.startswith(f"{name}.")}
        for key, raw in saved.items():
            index, slot = key[len(name) + 1 :].split(".", 1)
            parameter = _at(parameters, int(index), name)
            optimizer.state[parameter][slot] = _like(parameter, from_raw(raw), optimizer)
        for key, value in rest[name]["slots"].items():
            index, slot = key.split(".", 1)
            optimizer.state[_at(parameters, int(index), name)][slot] = value
        groups = rest[name]["groups"]
        if len(groups) != len(optimizer.param_groups):
            msg = f"The checkpoint's optimizer has {len(groups)} parameter groups, this one {len(optimizer.param_groups)}."
            raise CheckpointError(msg)
        for group, options in zip(optimizer.param_groups, groups, strict=True):
            group.update({key: _restored(value) for key, value in options.items()})


def _parameters(optimizer: torch.optim.Optimizer) -> list[torch.Tensor]:
    return [parameter for group in optimizer.param_groups for parameter in group["params"]]


def _at(parameters: list[torch.Tensor], index: int, name: str) -> torch.Tensor:
    if index >= len(parameters):
        msg = f"The checkpoint's optimizer '{name}' has more parameters than this one, which has {len(parameters)}."
        raise CheckpointError(msg)
    return parameters[index]


def _like(parameter: torch.Tensor, value: torch.Tensor, optimizer: torch.optim.Optimizer) -> torch.Tensor:
    if value.shape != parameter.shape:
        # A step counter: beside the parameter where the step is fused or captured, else on the CPU.
        on_device = any(group.get("fused") or group.get("capturable") for group in optimizer.param_groups)
        return value.to(parameter.device) if on_device else value
    placed = torch.empty_like(parameter, dtype=value.dtype, requires_grad=False)
    return placed.copy_(value)


def _plain(value: Any) -> Any:
    """Mark a tensor among the options (a learning rate can be one), which JSON has no word for."""
    return {"$tensor": value.item(), "dtype": str(value.dtype)} if isinstance(value, torch.Tensor) else value


def _restored(value: Any) -> Any:
    if isinstance(value, dict) and "$tensor" in value:
        return torch.tensor(value["$tensor"], dtype=getattr(torch, value["dtype"].removeprefix("torch.")))
    return value
