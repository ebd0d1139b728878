"""The fused steps of PyTorch's optimizers: which kernels update a group of parameters, and with what."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import torch
from torch.optim import SGD, Adam, AdamW, Optimizer

_ONE = torch.ones((), device="cpu")

Kernels = list[Callable[[], Any]]
"""Calls to be made in order, without gradients."""


def fused_kernels(optimizer: Optimizer) -> Kernels:
    """Prepare the calls that a fused step of an optimizer comes to; nothing is changed yet.

    Returns
    -------
    list of callable
        Empty where it takes PyTorch's own step: that of another optimizer, a first one, which makes the slots, or one
        that is out of the ordinary.
    """
    prepare = _PREPARE.get(type(optimizer))
    if prepare is None or _unscales(optimizer):
        return []
    kernels: Kernels = []
    for group in optimizer.param_groups:
        parameters = [parameter for parameter in group["params"] if parameter.grad is not None]
        if not parameters:
            continue
        prepared = prepare(group, parameters, optimizer.state) if _is_ordinary(group, parameters) else []
        if not prepared:
            return []
        kernels += prepared
    return kernels


def _unscales(optimizer: Optimizer) -> bool:
    """Say whether somebody wants the step itself to divide gradients, or to leave out those that overflowed."""
    return getattr(optimizer, "grad_scale", None) is not None or getattr(optimizer, "found_inf", None) is not None


def _is_ordinary(group: Mapping[str, Any], parameters: list[torch.Tensor]) -> bool:
    """Say whether one call of a fused kernel, with a plain number for the rate, can update a group."""
    return (
        bool(group["fused"])
        and isinstance(group["lr"], float)
        and len({(parameter.dtype, parameter.device) for parameter in parameters}) == 1
        and not any(parameter.grad.is_sparse for parameter in parameters)  # type: ignore[union-attr] # was asked for
    )


def _adam(
    group: Mapping[str, Any], parameters: list[torch.Tensor], state: Mapping[Any, Any], *, decoupled: bool = False
) -> Kernels:
    slots: list[Any] = [state.get(parameter) for parameter in parameters]
    betas = group["betas"]
    if not all(slots) or isinstance(betas[0], torch.Tensor):
        return []
    steps = [slot["step"] for slot in slots]
    decoupled = group.get("decoupled_weight_decay", decoupled)
    return [
        # A number would be made a tensor again and again.
        partial(torch._foreach_add_, steps, _ONE if steps[0].is_cpu else 1),
        partial(
            torch._fused_adamw_ if decoupled else torch._fused_adam_,
            parameters,
            [parameter.grad for parameter in parameters],
            [slot["exp_avg"] for slot in slots],
            [slot["exp_avg_sq"] for slot in slots],
            [slot["max_exp_avg_sq"] for slot in slots] if group["amsgrad"] else [],
            steps,
            lr=group["lr"],
            beta1=betas[0],
            beta2=betas[1],
            weight_decay=group["weight_decay"],
            eps=group["eps"],
            amsgrad=group["amsgrad"],
            maximize=group["maximize"],
        ),
    ]


def _sgd(group: Mapping[str, Any], parameters: list[torch.Tensor], state: Mapping[Any, Any]) -> Kernels:
    momenta = []
    if group["momentum"]:
        momenta = [state.get(parameter, {}).get("momentum_buffer") for parameter in parameters]
        if any(momentum is None for momentum in momenta):
            return []
    options = {key: group[key] for key in ("lr", "momentum", "weight_decay", "dampening", "nesterov", "maximize")}
    gradients = [parameter.grad for parameter in parameters]
    return [partial(torch._fused_sgd_, parameters, gradients, momenta, is_first_step=False, **options)]


_PREPARE: dict[type[Optimizer], Callable[..., Kernels]] = {
    Adam: _adam,
    # Before PyTorch 2.7 its groups had no option that says so.
    AdamW: partial(_adam, decoupled=True),
    SGD: _sgd,
}
