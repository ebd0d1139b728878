"""Down by the same share again and again."""

from __future__ import annotations

from typing import ClassVar

from dltrainer_jupyter.core.schema import setting
from dltrainer_jupyter.schedules.warmup import LowestFactor, Mode, WarmedUp, WarmUp


class Exponential(WarmedUp):
    """Multiply the rate by ``gamma`` after each epoch, or a little in each step.

    Epochs are counted from the end of the warm-up. A run that is given more epochs goes on down.

    Parameters
    ----------
    config : Exponential.Config
        Settings.
    steps_per_epoch, epochs : int
        Length of an epoch in steps and of the run in epochs.
    mode : {"min", "max"}, default "min"
        Not used.

    Notes
    -----
    The same numbers as ``torch.optim.lr_scheduler.ExponentialLR``, stepped once an epoch.

    Examples
    --------
    >>> exponential = Exponential(Exponential.Config(gamma=0.5), steps_per_epoch=2, epochs=3)
    >>> [exponential.factor(step) for step in range(6)]
    [1.0, 1.0, 0.5, 0.5, 0.25, 0.25]
    """

    description: ClassVar[str] = "Multiply the rate by gamma after each epoch."

    class Config(WarmUp):
        """Settings."""

        gamma: float = setting(0.95, gt=0, le=1, step=0.01, description="What is left of the rate after an epoch.")
        smooth: bool = setting(
            default=False, description="Lower it a little in each step, instead of after each epoch.", advanced=True
        )
        min_factor: LowestFactor = setting(0.0, ge=0, le=1, description="Factor of the base rate it never falls below.")

    def __init__(self, config: Config, steps_per_epoch: int, epochs: int, mode: Mode = "min") -> None:
        super().__init__(config, steps_per_epoch, epochs, mode)
        self.config = config

    def _after_warmup(self, step: int) -> float:
        done = max(step - self.warmup_steps, 0)
        epochs = done / self.steps_per_epoch if self.config.smooth else done // self.steps_per_epoch
        return max(float(self.config.gamma**epochs), self.config.min_factor)
