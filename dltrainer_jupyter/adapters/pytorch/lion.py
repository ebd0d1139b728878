"""Lion, which PyTorch doesn't have."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch


class Lion(torch.optim.Optimizer):
    """Steps of one size, in the direction of the sign of a momentum mixed with the gradient.

    Parameters
    ----------
    params : iterable of torch.nn.Parameter, or of dict
        What it updates, or groups of that with settings of their own.
    lr : float, default 1e-4
        Size of a step.
    betas : tuple of float, default (0.9, 0.99)
        Share of the momentum in a step, and its decay.
    weight_decay : float, default 0.0
        Decoupled weight decay.

    Notes
    -----
    X. Chen et al., "Symbolic Discovery of Optimization Algorithms", NeurIPS 2023, algorithm 2.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-4,
        betas: tuple[float, float] = (0.9, 0.99),
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(params, {"lr": lr, "betas": betas, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Make one step."""
        with torch.enable_grad():
            loss = None if closure is None else closure()
        for group in self.param_groups:
            parameters = [parameter for parameter in group["params"] if parameter.grad is not None]
            if not parameters:
                continue
            for parameter in parameters:
                if not self.state[parameter]:
                    self.state[parameter]["exp_avg"] = torch.zeros_like(parameter, memory_format=torch.preserve_format)
            gradients = [parameter.grad for parameter in parameters]
            averages = [self.state[parameter]["exp_avg"] for parameter in parameters]
            first, second = group["betas"]
            changes = torch._foreach_lerp(averages, gradients, 1 - first)  # noqa: SLF001 - nothing public does it
            torch._foreach_sign_(changes)
            if group["weight_decay"]:
                torch._foreach_mul_(parameters, 1 - group["lr"] * group["weight_decay"])
            torch._foreach_add_(parameters, changes, alpha=-group["lr"])
            torch._foreach_lerp_(averages, gradients, 1 - second)
        return loss
