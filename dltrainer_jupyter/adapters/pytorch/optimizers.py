"""Optimizers by name, and their learning rates. Importing this module does not import torch; building does."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

if TYPE_CHECKING:
    import torch

DEFAULT_RATE = 1e-3
"""The base learning rate where nobody gives one."""

Beta = Annotated[float, Field(ge=0, lt=1)]


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


class _Config(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


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

        @model_validator(mode="after")
        def _nesterov_needs_momentum(self) -> Self:
            if self.nesterov and (self.momentum == 0 or self.dampening != 0):
                msg = (
                    "nesterov needs a momentum above 0 and no dampening, "
                    f"got momentum {self.momentum:g} and dampening {self.dampening:g}"
                )
                raise ValueError(msg)
            return self


class Adam(_Optimizer):
    """Adam: adaptive moments (Kingma and Ba, 2015)."""

    torch_name = "Adam"

    class Config(_Config):
        """Settings."""

        betas: tuple[Beta, Beta] = Field(default=(0.9, 0.999), description="Decay of the two moments.")
        eps: float = Field(default=1e-8, gt=0, description="Added to the denominator.")
        weight_decay: float = Field(default=0.0, ge=0, description="L2 penalty.")
        amsgrad: bool = Field(default=False, description="Keep the largest second moment (Reddi et al., 2018).")


class AdamW(_Optimizer):
    """Adam with decoupled weight decay (Loshchilov and Hutter, 2019)."""

    torch_name = "AdamW"

    class Config(_Config):
        """Settings."""

        betas: tuple[Beta, Beta] = Field(default=(0.9, 0.999), description="Decay of the two moments.")
        eps: float = Field(default=1e-8, gt=0, description="Added to the denominator.")
        weight_decay: float = Field(default=0.01, ge=0, description="Decoupled weight decay.")
        amsgrad: bool = Field(default=False, description="Keep the largest second moment (Reddi et al., 2018).")
