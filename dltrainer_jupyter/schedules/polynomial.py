"""Down along a power of what is left of the run; with the first power, along a straight line."""

from __future__ import annotations

from typing import ClassVar

from dltrainer_jupyter.core.schema import setting
from dltrainer_jupyter.schedules.warmup import LowestFactor, Mode, WarmedUp, WarmUp


class Linear(WarmedUp):
    """Lower the rate along a straight line, step by step, from the end of the warm-up to the end of the run.

    A run that is given more epochs follows the line of the longer run from where it stands.

    Parameters
    ----------
    config : Linear.Config
        Settings.
    steps_per_epoch, epochs : int
        Length of an epoch in steps and of the run in epochs.
    mode : {"min", "max"}, default "min"
        Not used.

    Notes
    -----
    The same numbers as ``torch.optim.lr_scheduler.LinearLR`` with ``start_factor=1``, ``end_factor=min_factor`` and
    ``total_iters`` the steps after the warm-up, stepped every step.

    Examples
    --------
    >>> linear = Linear(Linear.Config(), steps_per_epoch=2, epochs=2)
    >>> [linear.factor(step) for step in range(5)]
    [1.0, 0.75, 0.5, 0.25, 0.0]
    """

    description: ClassVar[str] = "Lower the rate along a straight line to the end of the run."

    class Config(WarmUp):
        """Settings."""

        min_factor: LowestFactor = setting(0.0, ge=0, le=1, description="Factor of the base rate at the end.")

    def __init__(self, config: Config, steps_per_epoch: int, epochs: int, mode: Mode = "min") -> None:
        super().__init__(config, steps_per_epoch, epochs, mode)
        self._lowest = config.min_factor
        self._power = 1.0

    def _after_warmup(self, step: int) -> float:
        # A warm-up as long as the run leaves nothing to come down in.
        length = max(self.steps_per_epoch * self.epochs - self.warmup_steps, 1)
        left = 1 - min(max(step - self.warmup_steps, 0) / length, 1.0)
        return self._lowest + (1 - self._lowest) * float(left**self._power)


class Polynomial(Linear):
    """Lower the rate along a power of the share of the run that is left, step by step, after the warm-up.

    A run that is given more epochs follows the curve of the longer run from where it stands.

    Parameters
    ----------
    config : Polynomial.Config
        Settings.
    steps_per_epoch, epochs : int
        Length of an epoch in steps and of the run in epochs.
    mode : {"min", "max"}, default "min"
        Not used.

    Notes
    -----
    With a ``min_factor`` of 0 the same numbers as ``torch.optim.lr_scheduler.PolynomialLR`` with ``total_iters`` the
    steps after the warm-up, stepped every step.

    Examples
    --------
    >>> polynomial = Polynomial(Polynomial.Config(power=2), steps_per_epoch=2, epochs=2)
    >>> [polynomial.factor(step) for step in range(5)]
    [1.0, 0.5625, 0.25, 0.0625, 0.0]
    """

    description: ClassVar[str] = "Lower the rate along a power of what is left of the run."

    class Config(Linear.Config):
        """Settings."""

        power: float = setting(2.0, gt=0, le=100, step=0.5, description="Of the share that is left; 1 is a line.")

    def __init__(self, config: Config, steps_per_epoch: int, epochs: int, mode: Mode = "min") -> None:
        super().__init__(config, steps_per_epoch, epochs, mode)
        self._power = config.power
