"""Down as one over the root of the steps."""

from __future__ import annotations

import math
from typing import ClassVar

from dltrainer_jupyter.core.schema import setting
from dltrainer_jupyter.schedules.warmup import LowestFactor, Mode, WarmedUp, WarmUp


class InverseSqrt(WarmedUp):
    """Lower the rate as ``1 / sqrt(1 + t / timescale)``, ``t`` counted from the end of the warm-up.

    With a timescale as long as the warm-up that is the transformer's schedule, ``sqrt(warm-up / step)``. A run that is
    given more epochs goes on down.

    Parameters
    ----------
    config : InverseSqrt.Config
        Settings.
    steps_per_epoch, epochs : int
        Length of an epoch in steps and of the run in epochs.
    mode : {"min", "max"}, default "min"
        Not used.

    Notes
    -----
    A. Vaswani et al., "Attention Is All You Need", NeurIPS 2017, section 5.3.

    Examples
    --------
    >>> inverse = InverseSqrt(InverseSqrt.Config(timescale_epochs=1), steps_per_epoch=1, epochs=9)
    >>> [round(inverse.factor(step), 3) for step in (0, 3, 8)]
    [1.0, 0.5, 0.333]
    """

    description: ClassVar[str] = "Lower the rate as one over the root of the steps (Vaswani et al., 2017)."

    class Config(WarmUp):
        """Settings."""

        timescale_epochs: float = setting(
            1.0, gt=0, allow_inf_nan=False, description="Epochs after which it has come down to 71 %."
        )
        min_factor: LowestFactor = setting(0.0, ge=0, le=1, description="Factor of the base rate it never falls below.")

    def __init__(self, config: Config, steps_per_epoch: int, epochs: int, mode: Mode = "min") -> None:
        super().__init__(config, steps_per_epoch, epochs, mode)
        self.config = config

    def _after_warmup(self, step: int) -> float:
        done = max(step - self.warmup_steps, 0) / (self.config.timescale_epochs * self.steps_per_epoch)
        return max(1 / math.sqrt(1 + done), self.config.min_factor)
