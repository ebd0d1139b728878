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
