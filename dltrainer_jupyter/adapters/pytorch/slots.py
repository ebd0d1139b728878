"""The state of optimizers as named arrays and plain values, without pickle; and back, bit for bit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from dltrainer_jupyter.adapters.pytorch.arrays import dtype_of, from_raw, to_raw
from dltrainer_jupyter.core.errors import CheckpointError
from dltrainer_jupyter.core.protocols import NamedArrays

_GRADIENT = "$gradient."
"""In front of the names of gradients; no optimizer is called that."""
_ON_HOST = ("step", "mu_product")
"""Numbers that steps need on the host, to compute with them there."""
_CURE = "Use the optimizer it was written with, or begin a new run with its weights."


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
        rest[name] = {
            "type": type(optimizer).__name__,
            "sizes": [len(group["params"]) for group in optimizer.param_groups],
            "groups": groups,
            "slots": slots,
        }
    return arrays, rest


def check_optimizers(
    optimizers: Mapping[str, torch.optim.Optimizer], arrays: NamedArrays, rest: Mapping[str, Any]
) -> None:
    """Raise if a saved state isn't one of these optimizers.

    Raises
    ------
    CheckpointError
        If they are other optimizers, or optimizers of other parameters.
    """
    if rest.keys() != optimizers.keys():
        msg = f"The checkpoint has the optimizers {sorted(rest)}, this run {sorted(optimizers)}. {_CURE}"
        raise CheckpointError(msg)
    for name, optimizer in optimizers.items():
        saved, here = rest[name], optimizer.param_groups
        if saved.get("type", type(optimizer).__name__) != type(optimizer).__name__:
            msg = f"The checkpoint's optimizer is {saved['type']}, this run's {type(optimizer).__name__}. {_CURE}"
            raise CheckpointError(msg)
        if len(saved["groups"]) != len(here):
            groups = len(saved["groups"])
            msg = f"The checkpoint's optimizer has {groups} parameter groups, this one {len(here)}. {_CURE}"
            raise CheckpointError(msg)
        sizes = [len(group["params"]) for group in here]
        if saved.get("sizes", sizes) != sizes:
            msg = f"The checkpoint's optimizer has {saved['sizes']} parameters in its groups, this one {sizes}. {_CURE}"
            raise CheckpointError(msg)
        slots = [key for key in arrays if key.startswith(f"{name}.")]
        for key in slots:
            dtype_of(arrays[key])
        indices = [int(key.removeprefix(f"{name}.").split(".")[0]) for key in slots]
        indices += [int(key.split(".")[0]) for key in saved["slots"]]
        if max(indices, default=-1) >= sum(sizes):
            msg = f"The checkpoint's optimizer has more parameters than this one, which has {sum(sizes)}. {_CURE}"
            raise CheckpointError(msg)


def load_optimizers(
    optimizers: Mapping[str, torch.optim.Optimizer], arrays: NamedArrays, rest: Mapping[str, Any]
) -> None:
    """Put slots and options back, each slot with its parameter's strides and its own dtype.

    ``Optimizer.load_state_dict`` casts slots to the parameter's dtype and loses strides, which fused steps rely on.

    Raises
    ------
    CheckpointError
        As :func:`check_optimizers` does; nothing has been written then.
    """
    check_optimizers(optimizers, arrays, rest)
    for name, optimizer in optimizers.items():
        for group, options in zip(optimizer.param_groups, rest[name]["groups"], strict=True):
            group.update({key: _restored(value) for key, value in options.items()})
        parameters = _parameters(optimizer)
        optimizer.state.clear()
        for key, raw in arrays.items():
            if key.startswith(f"{name}."):
                index, slot = key.removeprefix(f"{name}.").split(".", 1)
                parameter, group = parameters[int(index)]
                optimizer.state[parameter][slot] = _placed(slot, from_raw(raw), parameter, group)
        for key, value in rest[name]["slots"].items():
            index, slot = key.split(".", 1)
            optimizer.state[parameters[int(index)][0]][slot] = value


def lay_out_slots(optimizers: Mapping[str, torch.optim.Optimizer]) -> None:
    """Give slots that were made with an optimizer the strides that their parameters were given after it."""
    for optimizer in optimizers.values():
        for parameter, slots in optimizer.state.items():
            for slot, value in slots.items():
                if slot not in _ON_HOST and isinstance(value, torch.Tensor) and value.shape == parameter.shape:
                    slots[slot] = like(parameter, value)


# --- gradients that wait for an update ----------------------------------------------------------------


def save_gradients(optimizers: Mapping[str, torch.optim.Optimizer]) -> NamedArrays:
    """Copy the gradients of some optimizers' parameters."""
    gradients = {
        f"{_GRADIENT}{name}.{index}": parameter.grad
        for name, optimizer in optimizers.items()
        for index, (parameter, _) in enumerate(_parameters(optimizer))
    }
    return {name: to_raw(gradient, name) for name, gradient in gradients.items() if gradient is not None}


def load_gradients(optimizers: Mapping[str, torch.optim.Optimizer], arrays: NamedArrays) -> None:
    """Put gradients back, each with its parameter's strides; parameters without one have none."""
    for name, optimizer in optimizers.items():
        for index, (parameter, _) in enumerate(_parameters(optimizer)):
            raw = arrays.get(f"{_GRADIENT}{name}.{index}")
            parameter.grad = None if raw is None else like(parameter, from_raw(raw))


# --- one value ----------------------------------------------------------------------------------------


def _parameters(optimizer: torch.optim.Optimizer) -> list[tuple[torch.Tensor, dict[str, Any]]]:
    return [(parameter, group) for group in optimizer.param_groups for parameter in group["params"]]


def like(parameter: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
    """Bring a value to its parameter's device and strides."""
    return torch.empty_like(parameter, dtype=value.dtype, requires_grad=False).copy_(value)


def _placed(slot: str, value: torch.Tensor, parameter: torch.Tensor, group: Mapping[str, Any]) -> torch.Tensor:
    """Bring a slot to where its optimizer expects it."""
    if slot in _ON_HOST:
        # Beside the parameter where the step is fused or captured, else on the CPU.
        return value.to(parameter.device) if group.get("fused") or group.get("capturable") else value
    if value.shape != parameter.shape:
        return value.to(parameter.device)
    return like(parameter, value)


def _plain(value: Any) -> Any:
    """Mark a tensor among the options (a learning rate can be one), which JSON has no word for."""
    if isinstance(value, torch.Tensor):
        return {"$tensor": value.item(), "dtype": str(value.dtype)}
    return tuple(map(_plain, value)) if type(value) is tuple else value


def _restored(value: Any) -> Any:
    if isinstance(value, dict) and "$tensor" in value:
        return torch.tensor(value["$tensor"], dtype=getattr(torch, value["dtype"].removeprefix("torch.")))
    return tuple(map(_restored, value)) if type(value) is tuple else value
