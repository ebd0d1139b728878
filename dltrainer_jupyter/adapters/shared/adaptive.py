"""More optimizers by name: what each is and what can be set, the same on every framework. Building is the adapter's.

Settings are called, and mean, what they do in PyTorch.
"""

from __future__ import annotations

from typing import ClassVar

from dltrainer_jupyter.adapters.shared.optimizers import Beta, OptimizerConfig
from dltrainer_jupyter.core.schema import setting

_PENALTY = "L2 penalty: times a weight, added to its gradient."


class RMSprop:
    """Gradients divided by the root of their mean square.

    Parameters
    ----------
    config : RMSprop.Config
        Settings.

    Examples
    --------
    >>> RMSprop(RMSprop.Config(momentum=0.9)).config.alpha
    0.99
    """

    description: ClassVar[str] = "RMSprop: gradients over the root of their mean square (Hinton, 2012)."

    class Config(OptimizerConfig):
        """Settings."""

        alpha: float = setting(0.99, ge=0, lt=1, step=0.01, description="Decay of the mean square.")
        momentum: float = setting(0.0, ge=0, lt=1, step=0.1, description="Share of the last update that is kept.")
        weight_decay: float = setting(0.0, ge=0, step=0.01, description=_PENALTY)
        centered: bool = setting(
            default=False, description="Divide by the standard deviation instead (Graves, 2013).", advanced=True
        )
        eps: float = setting(1e-8, gt=0, description="Added to the denominator.", advanced=True)

    def __init__(self, config: Config) -> None:
        self.config = config


class Adagrad:
    """Gradients divided by the root of the sum of their squares.

    Parameters
    ----------
    config : Adagrad.Config
        Settings.

    Examples
    --------
    >>> Adagrad(Adagrad.Config()).config.eps
    1e-10
    """

    description: ClassVar[str] = "Adagrad: rates that shrink as gradients add up (Duchi et al., 2011)."

    class Config(OptimizerConfig):
        """Settings."""

        lr_decay: float = setting(0.0, ge=0, description="The rate is divided by 1 + this times the updates so far.")
        weight_decay: float = setting(0.0, ge=0, step=0.01, description=_PENALTY)
        initial_accumulator_value: float = setting(
            0.0, ge=0, description="What the sum of squares begins with.", advanced=True
        )
        eps: float = setting(1e-10, gt=0, description="Added to the denominator.", advanced=True)

    def __init__(self, config: Config) -> None:
        self.config = config


class Adadelta:
    """Steps as large as the last ones, so that a learning rate of 1, which it has if nobody says, is the usual one.

    Parameters
    ----------
    config : Adadelta.Config
        Settings.

    Examples
    --------
    >>> Adadelta(Adadelta.Config(rho=0.95)).config.rho
    0.95
    """

    description: ClassVar[str] = "Adadelta: steps as large as recent ones; learning rate 1 by default (Zeiler, 2012)."
    default_rate: ClassVar[float] = 1.0

    class Config(OptimizerConfig):
        """Settings."""

        rho: float = setting(0.9, ge=0, lt=1, step=0.05, description="Decay of both mean squares.")
        weight_decay: float = setting(0.0, ge=0, step=0.01, description=_PENALTY)
        eps: float = setting(1e-6, gt=0, description="Added under both roots.", advanced=True)

    def __init__(self, config: Config) -> None:
        self.config = config


class NAdam:
    """Adam that looks ahead along its momentum.

    Keras' and optax' own differ: they leave ``momentum_decay`` out, or fix it.

    Parameters
    ----------
    config : NAdam.Config
        Settings.

    Examples
    --------
    >>> NAdam(NAdam.Config()).config.momentum_decay
    0.004
    """

    description: ClassVar[str] = "NAdam: Adam with Nesterov's momentum (Dozat, 2016)."

    class Config(OptimizerConfig):
        """Settings."""

        weight_decay: float = setting(0.0, ge=0, step=0.01, description="L2 penalty, or decoupled weight decay.")
        decoupled_weight_decay: bool = setting(
            default=False, description="Take the weight decay apart from the gradient, as adamw does."
        )
        betas: tuple[Beta, Beta] = setting((0.9, 0.999), description="Decay of the two moments.", advanced=True)
        momentum_decay: float = setting(4e-3, ge=0, description="How fast the momentum grows.", advanced=True)
        eps: float = setting(1e-8, gt=0, description="Added to the denominator.", advanced=True)

    def __init__(self, config: Config) -> None:
        self.config = config


class RAdam:
    """Adam that adapts only once it has seen enough gradients to know how much they vary.

    Parameters
    ----------
    config : RAdam.Config
        Settings.

    Examples
    --------
    >>> RAdam(RAdam.Config(decoupled_weight_decay=True, weight_decay=0.01)).config.betas
    (0.9, 0.999)
    """

    description: ClassVar[str] = "RAdam: Adam with a rectified beginning (Liu et al., 2020)."

    class Config(OptimizerConfig):
        """Settings."""

        weight_decay: float = setting(0.0, ge=0, step=0.01, description="L2 penalty, or decoupled weight decay.")
        decoupled_weight_decay: bool = setting(
            default=False, description="Take the weight decay apart from the gradient, as adamw does."
        )
        betas: tuple[Beta, Beta] = setting((0.9, 0.999), description="Decay of the two moments.", advanced=True)
        eps: float = setting(1e-8, gt=0, description="Added to the denominator.", advanced=True)

    def __init__(self, config: Config) -> None:
        self.config = config


class Adamax:
    """Adam with the largest gradient of late in place of the second moment.

    Parameters
    ----------
    config : Adamax.Config
        Settings.

    Examples
    --------
    >>> Adamax(Adamax.Config()).config.eps
    1e-08
    """

    description: ClassVar[str] = "Adamax: Adam by the largest gradient instead of the mean square (2015)."

    class Config(OptimizerConfig):
        """Settings."""

        weight_decay: float = setting(0.0, ge=0, step=0.01, description=_PENALTY)
        betas: tuple[Beta, Beta] = setting(
            (0.9, 0.999), description="Decay of the moment, and of the largest gradient.", advanced=True
        )
        eps: float = setting(1e-8, gt=0, description="Added to the size of each gradient.", advanced=True)

    def __init__(self, config: Config) -> None:
        self.config = config


class Lion:
    """Steps of one size, in the direction of a momentum's sign.

    It wants a learning rate 3 to 10 times smaller than Adam, and a weight decay as much larger.

    Parameters
    ----------
    config : Lion.Config
        Settings.

    Examples
    --------
    >>> Lion(Lion.Config(weight_decay=0.1)).config.betas
    (0.9, 0.99)
    """

    description: ClassVar[str] = "Lion: the sign of a momentum; wants a small rate (Chen et al., 2023)."
    default_rate: ClassVar[float] = 1e-4

    class Config(OptimizerConfig):
        """Settings."""

        weight_decay: float = setting(0.0, ge=0, step=0.01, description="Decoupled weight decay.")
        betas: tuple[Beta, Beta] = setting(
            (0.9, 0.99), description="Share of the momentum in a step, and its decay.", advanced=True
        )

    def __init__(self, config: Config) -> None:
        self.config = config


class Lamb:
    """Adam's steps made as long, layer by layer, as the layer's weights, for large batches.

    Parameters
    ----------
    config : Lamb.Config
        Settings.

    Examples
    --------
    >>> Lamb(Lamb.Config()).config.eps
    1e-06
    """

    description: ClassVar[str] = (
        "LAMB: Adam in proportion to each layer's weights, for large batches (You et al., 2020)."
    )

    class Config(OptimizerConfig):
        """Settings."""

        weight_decay: float = setting(
            0.0, ge=0, step=0.01, description="Times a weight, added to its step before the step is made as long."
        )
        betas: tuple[Beta, Beta] = setting((0.9, 0.999), description="Decay of the two moments.", advanced=True)
        eps: float = setting(1e-6, gt=0, description="Added to the denominator.", advanced=True)

    def __init__(self, config: Config) -> None:
        self.config = config
