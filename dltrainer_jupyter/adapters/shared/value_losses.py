"""Losses by name that compare values: what each is and what can be set. Computing is the adapter's."""

from __future__ import annotations

from typing import ClassVar

from dltrainer_jupyter.adapters.shared.losses import LossConfig
from dltrainer_jupyter.core.schema import setting


class MAE:
    """Absolute error.

    Parameters
    ----------
    config : MAE.Config
        There is nothing to set.

    Examples
    --------
    >>> MAE(MAE.Config()).same_shape
    True
    """

    description: ClassVar[str] = "Mean absolute error, also called l1."
    same_shape: ClassVar[bool] = True
    task: ClassVar[tuple[str, ...]] = ("regression",)

    class Config(LossConfig):
        """Settings."""

    def __init__(self, config: Config) -> None:
        self.config = config


class SmoothL1:
    """Squared error over ``2 beta`` for small ones, absolute for large ones: Huber's loss over its delta.

    Parameters
    ----------
    config : SmoothL1.Config
        Settings.

    Examples
    --------
    >>> SmoothL1(SmoothL1.Config(beta=0.5)).config.beta
    0.5
    """

    description: ClassVar[str] = "Squared near zero, of slope 1 beyond ``beta`` (Girshick, 2015)."
    same_shape: ClassVar[bool] = True
    task: ClassVar[tuple[str, ...]] = ("regression",)

    class Config(LossConfig):
        """Settings."""

        beta: float = setting(1.0, gt=0, step=0.1, description="Error at which it becomes linear.")

    def __init__(self, config: Config) -> None:
        self.config = config


class LogCosh:
    """The logarithm of the error's hyperbolic cosine: squared for small ones, absolute for large ones, and smooth.

    Parameters
    ----------
    config : LogCosh.Config
        There is nothing to set.

    Examples
    --------
    >>> LogCosh(LogCosh.Config()).same_shape
    True
    """

    description: ClassVar[str] = "Logarithm of the error's hyperbolic cosine, a smooth absolute error."
    same_shape: ClassVar[bool] = True
    task: ClassVar[tuple[str, ...]] = ("regression",)

    class Config(LossConfig):
        """Settings."""

    def __init__(self, config: Config) -> None:
        self.config = config


class Poisson:
    """Negative log-likelihood of counts, for a model whose outputs are logarithms of the expected ones.

    Parameters
    ----------
    config : Poisson.Config
        Settings.

    Examples
    --------
    >>> Poisson(Poisson.Config()).config.log_input
    True
    """

    description: ClassVar[str] = "Negative log-likelihood of counts from 0 on, by the logarithm of their mean."
    same_shape: ClassVar[bool] = True
    task: ClassVar[tuple[str, ...]] = ("regression",)

    class Config(LossConfig):
        """Settings."""

        log_input: bool = setting(default=True, description="Whether outputs are logarithms of the expected counts.")
        eps: float = setting(
            1e-8, gt=0, description="Added under the logarithm, where outputs are the counts themselves.", advanced=True
        )

    def __init__(self, config: Config) -> None:
        self.config = config


class KLDiv:
    """Kullback and Leibler's divergence of what is predicted from given shares of the classes.

    Parameters
    ----------
    config : KLDiv.Config
        There is nothing to set.

    Examples
    --------
    >>> KLDiv(KLDiv.Config()).same_shape
    True
    """

    description: ClassVar[str] = "Divergence of the softmax of logits from given shares, both (n, classes)."
    same_shape: ClassVar[bool] = True
    task: ClassVar[tuple[str, ...]] = ("regression",)

    class Config(LossConfig):
        """Settings."""

    def __init__(self, config: Config) -> None:
        self.config = config
