"""Optimizers by name, and their learning rates. Importing this module does not import torch; building does."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar

from dltrainer_jupyter.adapters.shared import optimizers as shared

if TYPE_CHECKING:
    import torch


def base_rate(optimizer: torch.optim.Optimizer) -> float:
    """Give the rate an optimizer came with: that of its first group that learns at all."""
    rates = [float(group.get("initial_lr", group["lr"])) for group in optimizer.param_groups]
    return next((rate for rate in rates if rate), 0.0)


def scale_rates(optimizer: torch.optim.Optimizer, rate: float) -> None:
    """Let an optimizer learn at another base rate; its groups keep their proportions."""
    for group in optimizer.param_groups:
        group.setdefault("initial_lr", float(group["lr"]))
    base = base_rate(optimizer)
    for group in optimizer.param_groups:
        group["lr"] = rate * (group["initial_lr"] / base) if base else rate


class _TorchOptimizer:
    """Common construction; a subclass names torch's class."""

    torch_name: ClassVar[str]
    config: Any

    def build(self, parameters: Iterable[torch.nn.Parameter], learning_rate: float, *, fused: bool) -> Any:
        """Make the optimizer.

        Parameters
        ----------
        parameters : iterable of torch.nn.Parameter
            What it updates.
        learning_rate : float
            Rate of the first step.
        fused : bool
            Use torch's fused step, one kernel for all parameters; its bits differ from the others'.
        """
        import torch

        settings = self.config.model_dump()
        return getattr(torch.optim, self.torch_name)(parameters, lr=learning_rate, fused=fused, **settings)


class SGD(shared.SGD, _TorchOptimizer):
    """Stochastic gradient descent."""

    torch_name = "SGD"


class Adam(shared.Adam, _TorchOptimizer):
    """Adaptive moments."""

    torch_name = "Adam"


class AdamW(shared.AdamW, _TorchOptimizer):
    """Adaptive moments and decoupled weight decay."""

    torch_name = "AdamW"
