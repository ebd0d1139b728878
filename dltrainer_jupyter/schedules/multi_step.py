"""Down a stair at chosen epochs."""

from __future__ import annotations

from bisect import bisect_right
from typing import Annotated, ClassVar

from pydantic import Field

from dltrainer_jupyter.core.schema import setting
from dltrainer_jupyter.schedules.warmup import LowestFactor, Mode, WarmedUp, WarmUp


class MultiStep(WarmedUp):
    """Multiply the rate by ``gamma`` after each of the epochs in ``milestones``.

    Epochs are counted from the beginning of the run, so a warm-up doesn't delay a stair. A run that is given more
    epochs keeps stairs that were named; those that weren't lie at half and three quarters of the longer run.

    Parameters
    ----------
    config : MultiStep.Config
        Settings.
    steps_per_epoch, epochs : int
        Length of an epoch in steps and of the run in epochs.
    mode : {"min", "max"}, default "min"
        Not used.

    Notes
    -----
    Without a warm-up the same numbers as ``torch.optim.lr_scheduler.MultiStepLR``, stepped once an epoch.

    Examples
    --------
    >>> stairs = MultiStep(MultiStep.Config(milestones=(1, 3), gamma=0.5), steps_per_epoch=1, epochs=5)
    >>> [stairs.factor(step) for step in range(5)]
    [1.0, 0.5, 0.5, 0.25, 0.25]
    """

    description: ClassVar[str] = "Multiply the rate by gamma after chosen epochs."

    class Config(WarmUp):
        """Settings."""

        milestones: tuple[Annotated[int, Field(ge=1)], ...] = setting(
            (), description="Epochs after which it goes down; half and three quarters of the run if there are none."
        )
        gamma: float = setting(0.1, gt=0, le=1, step=0.1, description="What the rate is multiplied by at each of them.")
        min_factor: LowestFactor = setting(0.0, ge=0, le=1, description="Factor of the base rate it never falls below.")

    def __init__(self, config: Config, steps_per_epoch: int, epochs: int, mode: Mode = "min") -> None:
        super().__init__(config, steps_per_epoch, epochs, mode)
        self.config = config
        self._milestones = sorted(config.milestones) or sorted({max(epochs // 2, 1), max(epochs * 3 // 4, 1)})

    def _after_warmup(self, step: int) -> float:
        passed = bisect_right(self._milestones, step // self.steps_per_epoch)
        return max(float(self.config.gamma**passed), self.config.min_factor)
