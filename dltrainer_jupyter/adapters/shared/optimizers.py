"""Optimizers by name: what each is and what can be set, the same on every framework. Building is the adapter's."""

from __future__ import annotations

from typing import Annotated, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from dltrainer_jupyter.core import registry
from dltrainer_jupyter.core.schema import setting
from dltrainer_jupyter.core.spec import RunSpec

DEFAULT_RATE = 1e-3
"""The base learning rate where nobody gives one."""


def first_rate(spec: RunSpec) -> float:
    """Give the base learning rate of an optimizer by name: the specification's, or the one it is used with."""
    if spec.learning_rate is not None:
        return spec.learning_rate
    if spec.optimizer.is_user_object:
        return DEFAULT_RATE
    named = registry.find("optimizers", spec.optimizer.type, spec.framework)
    return float(getattr(named, "default_rate", DEFAULT_RATE))


Beta = Annotated[float, Field(ge=0, lt=1)]


class OptimizerConfig(BaseModel):
    """What settings of optimizers have in common: they can't be changed, and take no others beside them."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class SGD:
    """Stochastic gradient descent.

    Parameters
    ----------
    config : SGD.Config
        Settings.

    Examples
    --------
    >>> SGD(SGD.Config(momentum=0.9)).config.nesterov
    False
    """

    description: ClassVar[str] = "Stochastic gradient descent with momentum (Sutskever et al., 2013)."

    class Config(OptimizerConfig):
        """Settings."""

        momentum: float = setting(0.0, ge=0, lt=1, description="Share of the last update that is kept.", step=0.1)
        dampening: float = setting(
            0.0, ge=0, lt=1, description="Share of the gradient left out of the momentum.", advanced=True
        )
        weight_decay: float = setting(0.0, ge=0, description="L2 penalty.", step=0.01)
        nesterov: bool = setting(default=False, description="Look ahead along the momentum.", advanced=True)

        @model_validator(mode="after")
        def _nesterov_needs_momentum(self) -> Self:
            if self.nesterov and (self.momentum == 0 or self.dampening != 0):
                msg = (
                    "nesterov needs a momentum above 0 and no dampening, "
                    f"got momentum {self.momentum:g} and dampening {self.dampening:g}"
                )
                raise ValueError(msg)
            return self

    def __init__(self, config: Config) -> None:
        self.config = config


class Adam:
    """Adaptive moments.

    Parameters
    ----------
    config : Adam.Config
        Settings.

    Examples
    --------
    >>> Adam(Adam.Config(betas=(0.8, 0.99))).config.betas
    (0.8, 0.99)
    """

    description: ClassVar[str] = "Adam: adaptive moments (Kingma and Ba, 2015)."

    class Config(OptimizerConfig):
        """Settings."""

        betas: tuple[Beta, Beta] = setting((0.9, 0.999), description="Decay of the two moments.", advanced=True)
        eps: float = setting(1e-8, gt=0, description="Added to the denominator.", advanced=True)
        weight_decay: float = setting(0.0, ge=0, description="L2 penalty.", step=0.01)
        amsgrad: bool = setting(
            default=False, description="Keep the largest second moment (Reddi et al., 2018).", advanced=True
        )

    def __init__(self, config: Config) -> None:
        self.config = config


class AdamW:
    """Adaptive moments and decoupled weight decay.

    Parameters
    ----------
    config : AdamW.Config
        Settings.

    Examples
    --------
    >>> AdamW(AdamW.Config(weight_decay=0.05)).config.weight_decay
    0.05
    """

    description: ClassVar[str] = "Adam with decoupled weight decay (Loshchilov and Hutter, 2019)."

    class Config(OptimizerConfig):
        """Settings."""

        betas: tuple[Beta, Beta] = setting((0.9, 0.999), description="Decay of the two moments.", advanced=True)
        eps: float = setting(1e-8, gt=0, description="Added to the denominator.", advanced=True)
        weight_decay: float = setting(0.01, ge=0, description="Decoupled weight decay.", step=0.01)
        amsgrad: bool = setting(
            default=False, description="Keep the largest second moment (Reddi et al., 2018).", advanced=True
        )

    def __init__(self, config: Config) -> None:
        self.config = config
