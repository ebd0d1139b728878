"""The whole state of a training as arrays and plain values: what to copy, and what fits whom."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from dltrainer_jupyter.adapters.pytorch.memory import Memory
from dltrainer_jupyter.adapters.pytorch.ops import PyTorchOps
from dltrainer_jupyter.adapters.pytorch.precision import check_scales
from dltrainer_jupyter.adapters.pytorch.randomness import Generators
from dltrainer_jupyter.adapters.pytorch.slots import (
    check_optimizers,
    load_gradients,
    load_optimizers,
    save_gradients,
    save_optimizers,
)
from dltrainer_jupyter.adapters.pytorch.state import (
    check_weights,
    load_extra,
    load_weights,
    save_extra,
    save_weights,
)
from dltrainer_jupyter.adapters.shared.averages import apart, check_averages
from dltrainer_jupyter.core.protocols import FullState, TrainState


@dataclass(frozen=True)
class Surroundings:
    """What belongs to the state of a training besides its nets and optimizers."""

    ops: PyTorchOps
    generators: Generators
    memory: Memory
    losses: dict[str, nn.Module]
    """Those of the user's own that may hold tensors, by the name these have in a checkpoint."""
    device: torch.device
    owns_process: bool
    """Whether the global generators are the run's too."""


def save(state: TrainState, around: Surroundings) -> FullState:
    """Copy the state; later steps don't change the copy. In the middle of an evaluation it is that of the training."""
    with ExitStack() as stack:
        for average in state.averages.values():
            stack.enter_context(average.given_back())
        return _save(state, around)


def _save(state: TrainState, around: Surroundings) -> FullState:
    arrays, options = save_optimizers(state.optimizers)
    extra_arrays, extra = save_extra(state.extra)
    waiting = around.ops.accumulation.waiting
    arrays |= extra_arrays | save_weights(around.losses)
    if waiting or around.ops.keeps_gradients:
        arrays |= save_gradients(state.optimizers)
    weights = save_weights(state.nets)
    for average in state.averages.values():
        weights |= average.save()
    meta: dict[str, Any] = {
        "optimizers": options,
        "generators": around.generators.state(),
        "extra": extra,
        "waiting": waiting,
        "averages": {name: average.updates for name, average in state.averages.items()},
        "scales": {} if around.ops.scales is None else around.ops.scales.state(),
        "objects": around.memory.save(),
    }
    if around.owns_process:
        meta["global_generators"] = _global_states()
    return FullState(weights=weights, optimizer=arrays, meta=meta)


def load(state: TrainState, saved: FullState, around: Surroundings) -> TrainState:
    """Put a saved state into a freshly built one.

    Raises
    ------
    CheckpointError
        If it doesn't fit; nothing has been written then.
    """
    weights, averages = apart(saved.weights)
    meta, arrays = saved.meta, saved.optimizer
    waiting, scales = meta.get("waiting", {}), meta.get("scales", {})
    of_loss = {name: array for name, array in arrays.items() if name.partition(".")[0] in around.losses}
    check_averages(averages, wanted=bool(state.averages))
    check_weights(state.nets, weights)
    if averages:
        check_weights(state.nets, averages)
    check_weights(around.losses, of_loss)
    check_optimizers(state.optimizers, arrays, meta["optimizers"])
    around.ops.accumulation.check(waiting)
    check_scales(scales, scaling=around.ops.scales is not None)
    extra = load_extra(arrays, meta["extra"], around.device)

    load_weights(state.nets | around.losses, weights | of_loss)
    for name, average in state.averages.items():
        average.load(averages, meta["averages"][name])
    load_optimizers(state.optimizers, arrays, meta["optimizers"])
    load_gradients(state.optimizers, arrays)
    state.extra = extra
    around.ops.accumulation.load_state(waiting)
    if around.ops.scales is not None:
        around.ops.scales.load_state(scales)
    around.memory.load(meta.get("objects", {}))
    around.generators.load_state(meta["generators"])
    if around.owns_process and "global_generators" in meta:
        _load_global_states(meta["global_generators"])
    return state


def _global_states() -> dict[str, bytes]:
    states = {"cpu": torch.get_rng_state()}
    if torch.cuda.is_available() and torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
        states |= {f"cuda:{index}": state for index, state in enumerate(torch.cuda.get_rng_state_all())}
    return {device: state.numpy().tobytes() for device, state in states.items()}


def _load_global_states(states: Mapping[str, bytes]) -> None:
    for device, data in states.items():
        state = torch.frombuffer(bytearray(data), dtype=torch.uint8).clone()
        if device == "cpu":
            torch.set_rng_state(state)
        elif torch.cuda.is_available():
            torch.cuda.set_rng_state(state, device)
