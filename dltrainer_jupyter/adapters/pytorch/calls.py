"""How gradients are cleared and computed and weights are updated: by PyTorch's methods, or by its kernels directly.

Around its kernels PyTorch has layers for those who listen: hooks, profilers, compilers. A small network's kernels take
less time than these layers do.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.autograd import Variable, profiler
from torch.optim import Optimizer
from torch.optim import optimizer as hooks

from dltrainer_jupyter.adapters.pytorch.fused import fused_kernels

_PYTORCH = str(Path(torch.__file__).parent) + os.sep
_PROMISED_BY_NOBODY = (
    (Variable, "_execution_engine"),
    (profiler, "_is_profiler_enabled"),
    (hooks, "_global_optimizer_pre_hooks"),
    (hooks, "_global_optimizer_post_hooks"),
    (torch._C, "DisableTorchFunction"),  # noqa: SLF001 - as its name says
    (torch, "_foreach_add_"),
    (torch, "_fused_adam_"),
    (torch, "_fused_adamw_"),
    (torch, "_fused_sgd_"),
)
"""What direct calls use and another PyTorch may not have."""


class Calls:
    """PyTorch's own methods: the plain way that :class:`DirectCalls` must equal."""

    def clear(self, optimizer: Optimizer) -> None:
        """Forget the gradients of an optimizer's parameters."""
        optimizer.zero_grad()

    def backward(self, loss: torch.Tensor, inputs: Sequence[torch.Tensor] | None) -> None:
        """Add gradients to those that ``inputs``, or all leaves of the graph, have."""
        loss.backward(inputs=inputs)  # type: ignore[no-untyped-call]

    def step(self, optimizer: Optimizer) -> None:
        """Let an optimizer apply its gradients."""
        optimizer.step()


class DirectCalls(Calls):
    """The kernels these methods come to, called directly where nobody listens to the layers between.

    Whatever isn't plainly a case for that goes through PyTorch's own method. Optimizers are looked at anew in each
    step, since anybody may register a hook, or replace options and slots, at any time.
    """

    def clear(self, optimizer: Optimizer) -> None:
        """Forget the gradients of an optimizer's parameters."""
        if "zero_grad" in vars(optimizer) or not _is_pytorchs(type(optimizer).zero_grad) or _is_profiled():
            super().clear(optimizer)
            return
        with _no_modes():
            for group in optimizer.param_groups:
                for parameter in group["params"]:
                    parameter.grad = None

    def backward(self, loss: torch.Tensor, inputs: Sequence[torch.Tensor] | None) -> None:
        """Add gradients to those that ``inputs``, or all leaves of the graph, have."""
        if not _is_plain(loss) or (inputs is not None and not inputs) or not _is_pytorchs(torch.Tensor.backward):
            super().backward(loss, inputs)
            return
        Variable._execution_engine.run_backward(  # noqa: SLF001 - what Tensor.backward comes to
            tensors=(loss,),
            grad_tensors=(torch.ones_like(loss),),
            keep_graph=False,
            create_graph=False,
            inputs=() if inputs is None else tuple(inputs),
            allow_unreachable=True,
            accumulate_grad=True,
        )

    def step(self, optimizer: Optimizer) -> None:
        """Let an optimizer apply its gradients."""
        if _is_listened_to(optimizer) or not _is_standard(optimizer):
            super().step(optimizer)
            return
        with _no_modes():
            if kernels := fused_kernels(optimizer):
                with torch.no_grad():
                    for call in kernels:
                        call()
            else:
                super().step(optimizer)


def make_calls(*, direct: bool) -> Calls:
    """Give the direct calls if they are wanted and this PyTorch has what they use, else the plain ones."""
    works = direct and all(hasattr(owner, name) for owner, name in _PROMISED_BY_NOBODY)
    return DirectCalls() if works else Calls()


def _no_modes() -> AbstractContextManager[None]:
    """Set the mode aside that gives generators to what draws random numbers: nothing here does."""
    return torch._C.DisableTorchFunction()  # noqa: SLF001 - nothing public does it


def _is_plain(loss: torch.Tensor) -> bool:
    """Say whether a loss is one real number, on a device for which the engine has no threads of its own.

    For such threads PyTorch's method takes the context along.
    """
    return type(loss) is torch.Tensor and loss.is_cpu and loss.numel() == 1 and loss.is_floating_point()


def _is_profiled() -> bool:
    return profiler._is_profiler_enabled  # noqa: SLF001 - as PyTorch's own layers ask it


def _is_listened_to(optimizer: Optimizer) -> bool:
    """Say whether anybody would notice that ``step`` isn't called: by a hook, a wrapper or a profiler."""
    return bool(
        _is_profiled()
        or _is_wrapped(optimizer)
        # Without them it was made without PyTorch's constructor, and nobody knows what else is missing.
        or getattr(optimizer, "_optimizer_step_pre_hooks", True)
        or getattr(optimizer, "_optimizer_step_post_hooks", True)
        or hooks._global_optimizer_pre_hooks  # noqa: SLF001 - nothing public tells
        or hooks._global_optimizer_post_hooks  # noqa: SLF001 - as above
    )


def _is_wrapped(optimizer: Optimizer) -> bool:
    """Say whether an optimizer's ``step`` is another than PyTorch has given its class."""
    given = type(optimizer).step
    if not _is_pytorchs(given):
        return True
    own = vars(optimizer).get("step")
    if own is None:
        return False
    # A learning-rate scheduler's wrapper notes that there was a step; once it has, another says nothing new.
    by_scheduler = hasattr(own, "_wrapped_by_lr_sched") and getattr(own, "__wrapped__", None) is given
    return not (by_scheduler and getattr(optimizer, "_opt_called", False))


_known: set[Any] = set()
"""Methods that are PyTorch's. Others aren't noted, since that would keep whatever they hold."""


def _is_pytorchs(method: Any) -> bool:
    """Say whether a class's method, and all that it wraps, is PyTorch's code; anybody may have put in another."""
    if method in _known:
        return True
    code = getattr(method, "__code__", None)
    if code is None or not code.co_filename.startswith(_PYTORCH):
        return False
    inner = getattr(method, "__wrapped__", None)
    if inner is not None and not _is_pytorchs(inner):
        return False
    _known.add(method)
    return True


def _is_standard(optimizer: Optimizer) -> bool:
    """Say whether an optimizer, and each parameter of its, is of a class of PyTorch's own."""
    parameters = (parameter for group in optimizer.param_groups for parameter in group["params"])
    return type(optimizer).__module__.startswith("torch.optim.") and all(type(p) is nn.Parameter for p in parameters)
