"""How long modules take, by hooks that are there for a few passes."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import Any

import torch
from torch import nn

from dltrainer_jupyter.adapters.pytorch.inspection import layers_of, refuse_compiled, unchanged
from dltrainer_jupyter.adapters.shared.timing import medians

_WAITS: Mapping[str, Callable[[], None]] = {"cuda": torch.cuda.synchronize, "mps": torch.mps.synchronize}
"""Who waits until a device has computed what it was asked to."""


def time_layers(
    nets: Mapping[str, nn.Module], compute: Callable[[], Any], device: torch.device, seconds: float
) -> dict[str, float]:
    """Time the modules of some nets, all their calls of a pass together, and those inside them as well.

    Parameters
    ----------
    nets : mapping of str to torch.nn.Module
        In evaluation mode.
    compute : callable
        Makes a pass.
    device : torch.device
        On which it is made; it is waited for around each call.
    seconds : float
        About how long all of it may take.

    Returns
    -------
    dict of str to float
        Milliseconds by name, with slashes.
    """
    refuse_compiled(nets)
    wait = _WAITS.get(device.type, _nothing)
    spent: dict[str, float] = {}
    running: list[float] = []

    def one_pass() -> dict[str, float]:
        spent.clear()
        running.clear()
        compute()
        return dict(spent)

    with unchanged(nets), ExitStack() as stack:
        for name, module in layers_of(nets):

            def begin(_: nn.Module, __: Any) -> None:
                wait()
                running.append(time.perf_counter())

            def end(_: nn.Module, __: Any, ___: Any, name: str = name.replace(".", "/")) -> None:
                wait()
                spent[name] = spent.get(name, 0.0) + time.perf_counter() - running.pop()

            try:
                hooks = [module.register_forward_pre_hook(begin), module.register_forward_hook(end)]
            except RuntimeError:  # of a scripted module: it isn't seen, and what it computes is in the one around it
                continue
            for hook in hooks:
                stack.callback(hook.remove)
        return medians(one_pass, seconds)


def _nothing() -> None:
    """Wait for nobody: a processor computes at once."""
