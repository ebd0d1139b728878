"""Optimizers by name. Importing this module does not import torch; building does."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    import torch


class _Config(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _Optimizer:
    """Common construction; a subclass names torch's class and describes its settings."""

    torch_name: ClassVar[str]
    Config: ClassVar[type[BaseModel]]

    def __init__(self, config: BaseModel) -> None:
        self.config = config

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


class SGD(_Optimizer):
    """Stochastic gradient descent with momentum (Sutskever et al., 2013)."""

    torch_name = "SGD"

    class Config(_Config):
        """Settings."""

        momentum: float = Field(default=0.0, ge=0, lt=1, description="Share of the last update that is kept.")
        dampening: float = Field(default=0.0, ge=0, lt=1, description="Share of the gradient left out of the momentum.")
        weight_decay: float = Field(default=0.0, ge=0, description="L2 penalty.")
        nesterov: bool = Field(default=False, description="Look ahead along the momentum.")


class Adam(_Optimizer):
    """Adam: adaptive moments (Kingma and Ba, 2015)."""

    torch_name = "Adam"

    class Config(_Config):
        """Settings."""

        betas: tuple[float, float] = Field(default=(0.9, 0.999), description="Decay of the two moments.")
        eps: float = Field(default=1e-8, gt=0, description="Added to the denominator.")
        weight_decay: float = Field(default=0.0, ge=0, description="L2 penalty.")
        amsgrad: bool = Field(default=False, description="Keep the largest second moment (Reddi et al., 2018).")


class AdamW(_Optimizer):
    """Adam with decoupled weight decay (Loshchilov and Hutter, 2019)."""

    torch_name = "AdamW"

    class Config(_Config):
        """Settings."""

        betas: tuple[float, float] = Field(default=(0.9, 0.999), description="Decay of the two moments.")
        eps: float = Field(default=1e-8, gt=0, description="Added to the denominator.")
        weight_decay: float = Field(default=0.01, ge=0, description="Decoupled weight decay.")
        amsgrad: bool = Field(default=False, description="Keep the largest second moment (Reddi et al., 2018).")
