"""Down half a cosine wave."""

from __future__ import annotations

import math
from typing import ClassVar

from pydantic import Field

from dltrainer_jupyter.schedules.warmup import LowestFactor, Mode, WarmedUp, WarmUp


class Cosine(WarmedUp):
    """Lower the rate along half a cosine wave, step by step, from the end of the warm-up to the end of the run.

    A run that is given more epochs follows the wave of the longer run from where it stands: its rate rises again to
    what that wave has there, since one that has come down to ``min_factor`` would teach nothing more.

    Parameters
    ----------
    config : Cosine.Config
        Settings.
    steps_per_epoch, epochs : int
        Length of an epoch in steps and of the run in epochs.
    mode : {"min", "max"}, default "min"
        Not used.

    Notes
    -----
    I. Loshchilov and F. Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts", ICLR 2017, without restarts.
    The same numbers as ``torch.optim.lr_scheduler.CosineAnnealingLR`` with ``T_max`` the steps after the warm-up,
    stepped every step.

    Examples
    --------
    >>> cosine = Cosine(Cosine.Config(), steps_per_epoch=2, epochs=2)
    >>> [round(cosine.factor(step), 3) for step in range(5)]
    [1.0, 0.854, 0.5, 0.146, 0.0]
    """

    description: ClassVar[str] = "Lower the rate along half a cosine wave to the end of the run."

    class Config(WarmUp):
        """Settings."""

        min_factor: LowestFactor = Field(default=0.0, ge=0, le=1, description="Factor of the base rate at the end.")

    def __init__(self, config: Config, steps_per_epoch: int, epochs: int, mode: Mode = "min") -> None:
        super().__init__(config, steps_per_epoch, epochs, mode)
        self.config = config

    def _after_warmup(self, step: int) -> float:
        # A warm-up as long as the run leaves no wave.
        length = max(self.steps_per_epoch * self.epochs - self.warmup_steps, 1)
        done = min(max(step - self.warmup_steps, 0) / length, 1.0)
        lowest = self.config.min_factor
        return lowest + (1 - lowest) * (1 + math.cos(math.pi * done)) / 2
