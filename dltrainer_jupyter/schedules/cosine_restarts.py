"""Down half a cosine wave, and up again, time after time."""

from __future__ import annotations

import math
from typing import ClassVar

from dltrainer_jupyter.core.schema import setting
from dltrainer_jupyter.schedules.warmup import LowestFactor, Mode, WarmedUp, WarmUp


class CosineRestarts(WarmedUp):
    """Lower the rate along half a cosine wave of some epochs, begin anew at the base rate, and so on.

    Each wave is ``period_factor`` times as long as the one before it. They begin after the warm-up. A run that is given
    more epochs goes on with the same waves.

    Parameters
    ----------
    config : CosineRestarts.Config
        Settings.
    steps_per_epoch, epochs : int
        Length of an epoch in steps and of the run in epochs.
    mode : {"min", "max"}, default "min"
        Not used.

    Notes
    -----
    I. Loshchilov and F. Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts", ICLR 2017. The same numbers as
    ``torch.optim.lr_scheduler.CosineAnnealingWarmRestarts`` with ``T_0`` the steps of a period, stepped every step.

    Examples
    --------
    >>> waves = CosineRestarts(CosineRestarts.Config(period_epochs=1), steps_per_epoch=4, epochs=2)
    >>> [round(waves.factor(step), 3) for step in range(8)]
    [1.0, 0.854, 0.5, 0.146, 1.0, 0.854, 0.5, 0.146]
    """

    description: ClassVar[str] = "Lower the rate along half a cosine wave, again and again (warm restarts)."

    class Config(WarmUp):
        """Settings."""

        period_epochs: int = setting(10, ge=1, description="Epochs of the first wave.")
        period_factor: int = setting(1, ge=1, le=100, description="How many times as long each next wave is.")
        min_factor: LowestFactor = setting(0.0, ge=0, le=1, description="Factor of the base rate at a wave's end.")

    def __init__(self, config: Config, steps_per_epoch: int, epochs: int, mode: Mode = "min") -> None:
        super().__init__(config, steps_per_epoch, epochs, mode)
        self.config = config

    def _after_warmup(self, step: int) -> float:
        done, period = max(step - self.warmup_steps, 0), self.config.period_epochs * self.steps_per_epoch
        if self.config.period_factor == 1:
            done %= period
        while done >= period:
            done, period = done - period, period * self.config.period_factor
        lowest = self.config.min_factor
        return lowest + (1 - lowest) * (1 + math.cos(math.pi * done / period)) / 2
