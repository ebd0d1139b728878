"""Down a stair every so many epochs."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from dltrainer_jupyter.schedules.warmup import LowestFactor, Mode, WarmedUp, WarmUp


class Step(WarmedUp):
    """Multiply the rate by ``gamma`` every ``step_epochs`` epochs.

    Epochs are counted from the beginning of the run, so a warm-up doesn't delay a stair. A run that is given more
    epochs goes on down the same stairs.

    Parameters
    ----------
    config : Step.Config
        Settings.
    steps_per_epoch, epochs : int
        Length of an epoch in steps and of the run in epochs.
    mode : {"min", "max"}, default "min"
        Not used.

    Notes
    -----
    Without a warm-up the same numbers as ``torch.optim.lr_scheduler.StepLR``, stepped once an epoch.

    Examples
    --------
    >>> step = Step(Step.Config(step_epochs=2, gamma=0.5), steps_per_epoch=1, epochs=6)
    >>> [step.factor(number) for number in range(6)]
    [1.0, 1.0, 0.5, 0.5, 0.25, 0.25]
    """

    description: ClassVar[str] = "Multiply the rate by gamma every so many epochs."

    class Config(WarmUp):
        """Settings."""

        step_epochs: int = Field(default=10, ge=1, description="Epochs on one stair.")
        gamma: float = Field(default=0.1, gt=0, le=1, description="What the rate is multiplied by at each stair.")
        min_factor: LowestFactor = Field(
            default=0.0, ge=0, le=1, description="Factor of the base rate it never falls below."
        )

    def __init__(self, config: Config, steps_per_epoch: int, epochs: int, mode: Mode = "min") -> None:
        super().__init__(config, steps_per_epoch, epochs, mode)
        self.config = config

    def _after_warmup(self, step: int) -> float:
        epochs_done = step // self.steps_per_epoch
        # The exponent is a whole number: float ** int is repeatable, and exactly 1.0 on the first stair.
        factor = float(self.config.gamma ** (epochs_done // self.config.step_epochs))
        return max(factor, self.config.min_factor)
