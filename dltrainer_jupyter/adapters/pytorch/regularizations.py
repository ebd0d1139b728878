"""Regularizations by name. Importing this module does not import torch; building and computing do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from dltrainer_jupyter.adapters.shared import regularizations as shared

if TYPE_CHECKING:
    import torch

    OfParameters = Callable[[Mapping[str, torch.Tensor]], Any]
    OfValue = Callable[[torch.Tensor], torch.Tensor]


class L1(shared.L1):
    """Absolute values of parameters."""

    def build(self) -> OfParameters:
        """Make a function of parameters by name."""
        return lambda named: sum(parameter.abs().sum() for parameter in named.values())


class L2(shared.L2):
    """Squares of parameters."""

    def build(self) -> OfParameters:
        """Make a function of parameters by name."""
        return lambda named: sum(parameter.square().sum() for parameter in named.values())


class Orthogonal(shared.Orthogonal):
    """Distance from orthonormal matrices."""

    def build(self) -> OfParameters:
        """Make a function of parameters by name; those that are no matrices are passed over."""
        import torch

        def distance(weight: torch.Tensor) -> torch.Tensor:
            rows = weight.flatten(1)
            rows = rows if rows.shape[0] <= rows.shape[1] else rows.T
            return (rows @ rows.T - torch.eye(len(rows), dtype=rows.dtype, device=rows.device)).square().sum()

        return lambda named: sum(distance(parameter) for parameter in named.values() if parameter.dim() > 1)


class ActivityL1(shared.ActivityL1):
    """Absolute values of what a layer gives."""

    def build(self) -> OfValue:
        """Make a function of what it gives."""
        return lambda value: value.float().abs().sum() / max(len(value), 1)


class ActivityL2(shared.ActivityL2):
    """Squares of what a layer gives."""

    def build(self) -> OfValue:
        """Make a function of what it gives."""
        return lambda value: value.float().square().sum() / max(len(value), 1)


class ConfidencePenalty(shared.ConfidencePenalty):
    """Negative entropy of outputs."""

    def build(self) -> OfValue:
        """Make a function of logits (n,), (n, 1) or (n, classes, ...)."""
        import torch
        from torch.nn import functional

        def compute(logits: torch.Tensor) -> torch.Tensor:
            logits = logits.float()
            if logits.dim() == 1:
                logits = logits[:, None]
            if logits.shape[1] == 1:
                # Of two classes, the other of which has logit 0.
                logits = torch.cat([torch.zeros_like(logits), logits], dim=1)
            logarithms = functional.log_softmax(logits, dim=1)
            return (logarithms.exp() * logarithms).sum(dim=1).mean()

        return compute
