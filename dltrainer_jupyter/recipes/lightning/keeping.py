"""Weights and optimizers as they are, whatever somebody does to them meanwhile."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from typing import Any

import torch
from torch import nn


@contextmanager
def unharmed(module: nn.Module, optimizers: Sequence[torch.optim.Optimizer]) -> Iterator[None]:
    """Put weights, buffers and optimizers back at the end.

    A module's start hooks are called again when a training goes on; what they set up has been trained since.
    """
    tensors = [(tensor, tensor.detach().clone()) for tensor in chain(module.parameters(), module.buffers())]
    kept = [_options_and_slots(optimizer) for optimizer in optimizers]
    try:
        yield
    finally:
        with torch.no_grad():
            for tensor, value in tensors:
                tensor.copy_(value)
        for optimizer, (options, slots) in zip(optimizers, kept, strict=True):
            for group, before in zip(optimizer.param_groups, options, strict=True):
                group.update(before)
            optimizer.state.clear()
            optimizer.state.update(slots)


def _options_and_slots(optimizer: torch.optim.Optimizer) -> tuple[list[dict[str, Any]], dict[Any, Any]]:
    options = [{key: value for key, value in group.items() if key != "params"} for group in optimizer.param_groups]
    return options, {parameter: dict(slots) for parameter, slots in optimizer.state.items()}
