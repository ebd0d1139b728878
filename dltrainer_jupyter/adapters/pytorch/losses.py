"""Losses by name. Importing this module does not import torch; building does."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from dltrainer_jupyter.adapters.shared import losses as shared
from dltrainer_jupyter.adapters.shared import value_losses as values

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


class CrossEntropy(shared.CrossEntropy):
    """Softmax cross-entropy."""

    def build(self, class_weights: Sequence[float] | None = None) -> Loss:
        """Make the loss: a function of outputs and targets, averaged over the batch, or over the weights in it."""
        import torch

        module: Any = torch.nn.CrossEntropyLoss(label_smoothing=self.config.label_smoothing)
        if class_weights is None:
            return module  # type: ignore[no-any-return]
        weights = _Weights(class_weights)
        smoothing = self.config.label_smoothing

        def compute(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
            return torch.nn.functional.cross_entropy(
                outputs, targets, weights.beside(outputs), label_smoothing=smoothing
            )

        return compute


class NLL(shared.NLL):
    """Negative log-likelihood of log-probabilities."""

    def build(self, class_weights: Sequence[float] | None = None) -> Loss:
        """Make the loss: a function of outputs and targets, averaged over the batch, or over the weights in it."""
        import torch

        weights = None if class_weights is None else _Weights(class_weights)

        def compute(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
            weighed = None if weights is None else weights.beside(outputs)
            return torch.nn.functional.nll_loss(outputs, targets, weighed)

        return compute


class BCE(shared.BCE):
    """Binary cross-entropy of logits."""

    def build(self, class_weights: Sequence[float] | None = None) -> Loss:
        """Make the loss: a function of outputs and targets, averaged over all values, or over the weights of them."""
        import torch

        weights = None if class_weights is None else shared.of_two(class_weights)
        factor = self.config.pos_weight

        def compute(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
            more = None if factor == 1 else torch.full((), factor, device=outputs.device)
            if weights is None:
                return torch.nn.functional.binary_cross_entropy_with_logits(outputs, targets, pos_weight=more)
            each = torch.nn.functional.binary_cross_entropy_with_logits(
                outputs, targets, pos_weight=more, reduction="none"
            )
            share = weights[0] + (weights[1] - weights[0]) * targets
            return (share * each).sum() / share.sum()

        return compute


class Hinge(shared.Hinge):
    """By how much the right class misses its lead."""

    def build(self) -> Loss:
        """Make the loss: a function of outputs and targets, averaged over the batch."""
        import torch

        margin = self.config.margin

        def compute(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
            if targets.is_floating_point():
                return (margin - (2 * targets - 1) * outputs).clamp(min=0).mean()
            return torch.nn.functional.multi_margin_loss(outputs, targets, margin=margin)

        return compute


class Focal(shared.Focal):
    """Cross-entropy that counts easy samples little."""

    def build(self, class_weights: Sequence[float] | None = None) -> Loss:
        """Make the loss: a function of outputs and targets, averaged over the batch, or over the weights in it."""
        import torch

        weights = None if class_weights is None else _Weights(class_weights)
        gamma, alpha = self.config.gamma, self.config.alpha

        def doubt(missed: torch.Tensor) -> torch.Tensor:
            return missed.clamp(min=shared.LEAST_DOUBT) ** gamma

        def binary(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
            each = torch.nn.functional.binary_cross_entropy_with_logits(outputs, targets, reduction="none")
            likely = outputs.sigmoid()
            each = each * doubt(likely + targets - 2 * likely * targets)
            if alpha is not None:
                each = each * (1 - alpha + (2 * alpha - 1) * targets)
            if class_weights is None:
                return each.mean()
            two = shared.of_two(class_weights)
            share = two[0] + (two[1] - two[0]) * targets
            return (share * each).sum() / share.sum()

        def compute(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
            if outputs.shape[1] == 1:
                return binary(outputs, targets)
            logs = outputs.log_softmax(1)
            if targets.is_floating_point():
                each = -targets * doubt(1 - logs.exp()) * logs
                return (each if weights is None else each * weights.along(outputs)).sum(1).mean()
            found = logs.gather(1, targets.unsqueeze(1)).squeeze(1)
            each = -doubt(1 - found.exp()) * found
            if weights is None:
                return each.mean()
            share = weights.beside(outputs)[targets]
            return (share * each).sum() / share.sum()

        return compute


class _Weights:
    """Weights of classes, beside the outputs that they are used with."""

    def __init__(self, values: Sequence[float]) -> None:
        self._values = tuple(values)
        self._made: Any = None

    def beside(self, outputs: torch.Tensor) -> torch.Tensor:
        """Give them on the outputs' device and as precise."""
        import torch

        if self._made is None or self._made.device != outputs.device or self._made.dtype != outputs.dtype:
            self._made = torch.tensor(self._values, dtype=outputs.dtype, device=outputs.device)
        return self._made  # type: ignore[no-any-return]

    def along(self, outputs: torch.Tensor) -> torch.Tensor:
        """Give them along the outputs' axis of classes."""
        return self.beside(outputs).view(1, -1, *(1 for _ in outputs.shape[2:]))


class MSE(shared.MSE, _TorchLoss):
    """Mean squared error."""

    torch_name = "MSELoss"


class Huber(shared.Huber, _TorchLoss):
    """Huber's loss."""

    torch_name = "HuberLoss"


class MAE(values.MAE, _TorchLoss):
    """Mean absolute error."""

    torch_name = "L1Loss"


class SmoothL1(values.SmoothL1, _TorchLoss):
    """Squared near zero, absolute beyond."""

    torch_name = "SmoothL1Loss"


class Poisson(values.Poisson, _TorchLoss):
    """Negative log-likelihood of counts."""

    torch_name = "PoissonNLLLoss"


class LogCosh(values.LogCosh):
    """Logarithm of the error's hyperbolic cosine."""

    def build(self) -> Loss:
        """Make the loss: a function of outputs and targets, averaged over all values."""
        import torch

        def compute(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
            error = (outputs - targets).abs()
            return (error + torch.nn.functional.softplus(-2 * error) - math.log(2)).mean()

        return compute


class KLDiv(values.KLDiv):
    """Divergence of the softmax from given shares."""

    def build(self) -> Loss:
        """Make the loss: a function of outputs and targets, summed over classes and averaged over the batch."""
        import torch

        def compute(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
            return torch.nn.functional.kl_div(outputs.log_softmax(1), targets, reduction="batchmean")

        return compute


class Dice(shared.Dice):
    """Soft Dice loss, beside cross-entropy."""

    def build(self, class_weights: Sequence[float] | None = None) -> Loss:
        """Make the loss: a function of logits (n, classes, ...) and class indices (n, ...), averaged over classes.

        Weights of classes are those of the cross-entropy.
        """
        from torch.nn import functional

        weights = None if class_weights is None else _Weights(class_weights)
        weight, smooth = self.config.cross_entropy, self.config.smooth

        def compute(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
            # The whole batch at once: most classes are missing from most images.
            logits = outputs.float().transpose(0, 1).flatten(1)
            shares, there = logits.softmax(0), functional.one_hot(targets.flatten(), len(logits)).T
            overlap = (2 * (shares * there).sum(1) + smooth) / (shares.sum(1) + there.sum(1) + smooth)
            loss = 1 - overlap.mean()
            weighed = None if weights is None else weights.beside(outputs)
            return loss + weight * functional.cross_entropy(outputs, targets, weighed) if weight else loss

        return compute
