"""Losses by name. Importing this module does not import torch; building does."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    import torch

    Loss = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


class _Config(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class _Loss:
    """Common construction; a subclass names torch's class and describes its settings."""

    torch_name: ClassVar[str]
    same_shape: ClassVar[bool] = True
    """Whether outputs and targets must have the same shape; else outputs have a class axis more."""
    Config: ClassVar[type[BaseModel]]

    def __init__(self, config: BaseModel) -> None:
        self.config = config

    def build(self) -> Loss:
        """Make the loss: a function of outputs and targets, averaged over the batch."""
        import torch

        module: Any = getattr(torch.nn, self.torch_name)(**self.config.model_dump())
        return module  # type: ignore[no-any-return]


class CrossEntropy(_Loss):
    """Softmax cross-entropy between logits (n, classes) and class indices (n,)."""

    torch_name = "CrossEntropyLoss"
    same_shape = False

    class Config(_Config):
        """Settings."""

        label_smoothing: float = Field(default=0.0, ge=0, lt=1, description="Share spread over all classes.")


class BCE(_Loss):
    """Binary cross-entropy between logits and 0/1 targets, both (n, outputs)."""

    torch_name = "BCEWithLogitsLoss"

    class Config(_Config):
        """Settings."""


class MSE(_Loss):
    """Mean squared error."""

    torch_name = "MSELoss"

    class Config(_Config):
        """Settings."""


class Huber(_Loss):
    """Squared near zero, linear beyond ``delta`` (Huber, 1964)."""

    torch_name = "HuberLoss"

    class Config(_Config):
        """Settings."""

        delta: float = Field(default=1.0, gt=0, description="Error at which it becomes linear.")
