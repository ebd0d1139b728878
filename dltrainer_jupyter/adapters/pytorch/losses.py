"""Losses by name. Importing this module does not import torch; building does."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

from dltrainer_jupyter.adapters.shared import losses as shared

if TYPE_CHECKING:
    import torch

    Loss = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


class _TorchLoss:
    """Common construction; a subclass names torch's class."""

    torch_name: ClassVar[str]
    config: Any

    def build(self) -> Loss:
        """Make the loss: a function of outputs and targets, averaged over the batch."""
        import torch

        module: Any = getattr(torch.nn, self.torch_name)(**self.config.model_dump())
        return module  # type: ignore[no-any-return]


class CrossEntropy(shared.CrossEntropy, _TorchLoss):
    """Softmax cross-entropy."""

    torch_name = "CrossEntropyLoss"


class BCE(shared.BCE, _TorchLoss):
    """Binary cross-entropy of logits."""

    torch_name = "BCEWithLogitsLoss"


class MSE(shared.MSE, _TorchLoss):
    """Mean squared error."""

    torch_name = "MSELoss"


class Huber(shared.Huber, _TorchLoss):
    """Huber's loss."""

    torch_name = "HuberLoss"


class Dice(shared.Dice):
    """Soft Dice loss, beside cross-entropy."""

    def build(self) -> Loss:
        """Make the loss: a function of logits (n, classes, ...) and class indices (n, ...), averaged over classes."""
        from torch.nn import functional

        weight, smooth = self.config.cross_entropy, self.config.smooth

        def compute(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
            # The whole batch at once: most classes are missing from most images.
            logits = outputs.float().transpose(0, 1).flatten(1)
            shares, there = logits.softmax(0), functional.one_hot(targets.flatten(), len(logits)).T
            overlap = (2 * (shares * there).sum(1) + smooth) / (shares.sum(1) + there.sum(1) + smooth)
            loss = 1 - overlap.mean()
            return loss + weight * functional.cross_entropy(outputs, targets) if weight else loss

        return compute
