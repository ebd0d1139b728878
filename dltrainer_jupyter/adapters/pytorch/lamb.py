"""LAMB, which PyTorch doesn't have."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch


class Lamb(torch.optim.Optimizer):
    """Adam's steps, each made as long as the weights it changes.

    Parameters
    ----------
    params : iterable of torch.nn.Parameter, or of dict
        What it updates, or groups of that with settings of their own.
    lr : float, default 1e-3
        A step's length in proportion to the weights'.
    betas : tuple of float, default (0.9, 0.999)
        Decay of the two moments.
    eps : float, default 1e-6
        Added to the denominator.
    weight_decay : float, default 0.0
        Times a weight, it is added to the step before that is made as long.

    Notes
    -----
    Y. You et al., "Large Batch Optimization for Deep Learning: Training BERT in 76 minutes", ICLR 2020, algorithm 2,
    with the weights' norm itself as its function of that. Where a norm is 0 the step stays as it is.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-6,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Make one step."""
        with torch.enable_grad():
            loss = None if closure is None else closure()
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    self._step(parameter, parameter.grad, group)
        return loss

    def _step(self, parameter: torch.Tensor, gradient: torch.Tensor, group: dict[str, Any]) -> None:
        state = self.state[parameter]
        if not state:
            # On the host, where a number costs nothing to look at.
            state["step"] = torch.tensor(0.0)
            for slot in ("exp_avg", "exp_avg_sq"):
                state[slot] = torch.zeros_like(parameter, memory_format=torch.preserve_format)
        state["step"] += 1
        first, second = group["betas"]
        count = state["step"].item()
        state["exp_avg"].lerp_(gradient, 1 - first)
        state["exp_avg_sq"].mul_(second).addcmul_(gradient, gradient, value=1 - second)
        size = (state["exp_avg_sq"] / (1 - second**count)).sqrt_().add_(group["eps"])
        change = (state["exp_avg"] / (1 - first**count)).div_(size)
        if group["weight_decay"]:
            change.add_(parameter, alpha=group["weight_decay"])
        length, wanted = change.norm(), parameter.norm()
        # Chosen on the device: nobody waits for it.
        ratio = torch.where((length > 0) & (wanted > 0), wanted / length, 1.0)
        parameter.sub_(change.mul_(ratio * group["lr"]))
