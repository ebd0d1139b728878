"""Optimizers by name, and their learning rates. Importing this module does not import torch; building does."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar

from dltrainer_jupyter.adapters.shared import adaptive
from dltrainer_jupyter.adapters.shared import optimizers as shared

if TYPE_CHECKING:
    import torch


MULTIPLIER = "lr_multiplier"
"""What a parameter group's rate is of the base rate, where the specification says it."""


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
        if MULTIPLIER in group:
            group["lr"] = rate * group[MULTIPLIER]
        else:
            group["lr"] = rate * (group["initial_lr"] / base) if base else rate


class _TorchOptimizer:
    """Common construction; a subclass names torch's class."""

    torch_name: ClassVar[str]
    fused_on: ClassVar[tuple[str, ...]] = ()
    """Kinds of devices for which torch has a fused step of it."""
    config: Any

    def build(
        self,
        parameters: Iterable[torch.nn.Parameter] | Iterable[dict[str, Any]],
        learning_rate: float,
        *,
        fused: bool,
    ) -> Any:
        """Make the optimizer.

        Parameters
        ----------
        parameters : iterable of torch.nn.Parameter, or of dict
            What it updates, or groups of that with settings of their own.
        learning_rate : float
            Rate of the first step.
        fused : bool
            Use torch's fused step, one kernel for all parameters, where it has one; its bits differ from the others'.
        """
        given = list(parameters)
        settings = self.config.model_dump()
        if self.fused_on:
            settings["fused"] = fused and all(it.device.type in self.fused_on for it in _tensors(given))
        return self._kind()(given, lr=learning_rate, **settings)

    def _kind(self) -> Any:
        import torch

        return getattr(torch.optim, self.torch_name)


def _tensors(given: list[Any]) -> list[torch.Tensor]:
    return [tensor for it in given for tensor in (it["params"] if isinstance(it, dict) else [it])]


class SGD(shared.SGD, _TorchOptimizer):
    """Stochastic gradient descent."""

    torch_name = "SGD"
    fused_on = ("cpu", "cuda")


class Adam(shared.Adam, _TorchOptimizer):
    """Adaptive moments."""

    torch_name = "Adam"
    fused_on = ("cpu", "cuda")


class AdamW(shared.AdamW, _TorchOptimizer):
    """Adaptive moments and decoupled weight decay."""

    torch_name = "AdamW"
    fused_on = ("cpu", "cuda")


class RMSprop(adaptive.RMSprop, _TorchOptimizer):
    """Gradients divided by the root of their mean square."""

    torch_name = "RMSprop"


class Adagrad(adaptive.Adagrad, _TorchOptimizer):
    """Gradients divided by the root of the sum of their squares."""

    torch_name = "Adagrad"
    fused_on = ("cpu",)


class Adadelta(adaptive.Adadelta, _TorchOptimizer):
    """Steps as large as the last ones."""

    torch_name = "Adadelta"


class NAdam(adaptive.NAdam, _TorchOptimizer):
    """Adam that looks ahead along its momentum."""

    torch_name = "NAdam"


class RAdam(adaptive.RAdam, _TorchOptimizer):
    """Adam with a rectified beginning."""

    torch_name = "RAdam"


class Adamax(adaptive.Adamax, _TorchOptimizer):
    """Adam with the largest gradient of late in place of the second moment."""

    torch_name = "Adamax"


class Lion(adaptive.Lion, _TorchOptimizer):
    """Steps of one size, in the direction of a momentum's sign; torch has none."""

    def _kind(self) -> Any:
        from dltrainer_jupyter.adapters.pytorch.lion import Lion as Kind

        return Kind


class Lamb(adaptive.Lamb, _TorchOptimizer):
    """Adam's steps in proportion to each layer's weights; torch has none."""

    def _kind(self) -> Any:
        from dltrainer_jupyter.adapters.pytorch.lamb import Lamb as Kind

        return Kind
