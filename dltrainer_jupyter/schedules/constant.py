"""The same rate throughout."""

from __future__ import annotations

from typing import ClassVar

from dltrainer_jupyter.schedules.warmup import Mode, WarmedUp, WarmUp


class Constant(WarmedUp):
    """The same rate throughout, after the warm-up.

    Parameters
    ----------
    config : Constant.Config
        Settings.
    steps_per_epoch, epochs : int
        Length of an epoch in steps and of the run in epochs.
    mode : {"min", "max"}, default "min"
        Not used.

    Examples
    --------
    >>> constant = Constant(Constant.Config(warmup_epochs=1, warmup_start=0), steps_per_epoch=4, epochs=3)
    >>> [constant.factor(step) for step in range(6)]
    [0.0, 0.25, 0.5, 0.75, 1.0, 1.0]
    """

    description: ClassVar[str] = "The same rate throughout, after a warm-up if there is one."

    class Config(WarmUp):
        """Settings."""

    def __init__(self, config: Config, steps_per_epoch: int, epochs: int, mode: Mode = "min") -> None:
        super().__init__(config, steps_per_epoch, epochs, mode)
        self.config = config

    def _after_warmup(self, step: int) -> float:  # noqa: ARG002 - the same for each
        return 1.0
