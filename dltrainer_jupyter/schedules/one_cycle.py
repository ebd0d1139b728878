"""Up to the base rate and far down again, once in a run."""

from __future__ import annotations

import math
from typing import ClassVar, Literal, Self

from pydantic import model_validator

from dltrainer_jupyter.core.schema import setting
from dltrainer_jupyter.schedules.warmup import LowestFactor, Mode, WarmedUp, WarmUp


class OneCycle(WarmedUp):
    """Raise the rate to the base rate, which is the highest, and lower it far below where it began.

    It rises by itself, so a warm-up is seldom needed beside it. Momentum stays as it is: PyTorch's schedule also lowers
    it while the rate is high, unless told not to (``cycle_momentum=False``). A run that is given more epochs follows
    the cycle of the longer run from where it stands.

    Parameters
    ----------
    config : OneCycle.Config
        Settings.
    steps_per_epoch, epochs : int
        Length of an epoch in steps and of the run in epochs.
    mode : {"min", "max"}, default "min"
        Not used.

    Notes
    -----
    L. N. Smith and N. Topin, "Super-Convergence: Very Fast Training of Neural Networks Using Large Learning Rates",
    2019. The same numbers as ``torch.optim.lr_scheduler.OneCycleLR`` with ``max_lr`` the base rate.

    Examples
    --------
    >>> cycle = OneCycle(OneCycle.Config(rising=0.5, anneal="linear"), steps_per_epoch=10, epochs=1)
    >>> [round(cycle.factor(step), 2) for step in (0, 2, 4, 9)]
    [0.04, 0.52, 1.0, 0.0]
    """

    description: ClassVar[str] = "Up to the base rate and far down again, once (Smith and Topin, 2019)."

    class Config(WarmUp):
        """Settings."""

        rising: float = setting(0.3, gt=0, lt=1, step=0.05, description="Share of the run in which the rate rises.")
        start_divisor: float = setting(
            25.0, ge=1, allow_inf_nan=False, description="The base rate divided by it is what the run begins with."
        )
        end_divisor: float = setting(
            1e4, ge=1, allow_inf_nan=False, description="That divided by it is what the run ends with.", advanced=True
        )
        anneal: Literal["cosine", "linear"] = setting("cosine", description="Along what it rises and falls.")
        three_phases: bool = setting(
            default=False,
            description="Fall as fast as it rose, and then on from there; at most half of the run may rise then.",
            advanced=True,
        )
        min_factor: LowestFactor = setting(0.0, ge=0, le=1, description="Factor of the base rate it never falls below.")

        @model_validator(mode="after")
        def _has_time_to_fall(self) -> Self:
            if self.three_phases and self.rising > 0.5:  # noqa: PLR2004 - half of the run
                msg = f"three_phases fall as long as they rise, so rising is at most 0.5, got {self.rising:g}"
                raise ValueError(msg)
            return self

    def __init__(self, config: Config, steps_per_epoch: int, epochs: int, mode: Mode = "min") -> None:
        super().__init__(config, steps_per_epoch, epochs, mode)
        self.config = config
        start = 1 / config.start_divisor
        end = start / config.end_divisor
        total = steps_per_epoch * epochs
        peak = config.rising * total - 1
        # Steps at which a phase ends, and the factor there.
        self._ends = [(peak, 1.0), (total - 1.0, end)]
        if config.three_phases:
            self._ends = [(peak, 1.0), (2 * peak, start), (total - 1.0, end)]
        self._first = start

    def _after_warmup(self, step: int) -> float:
        since, before = 0.0, self._first
        for until, factor in self._ends:
            if step <= until:
                share = (step - since) / (until - since) if until > since else 1.0
                return max(self._between(before, factor, share), self.config.min_factor)
            since, before = until, factor
        return max(before, self.config.min_factor)

    def _between(self, before: float, after: float, share: float) -> float:
        if self.config.anneal == "linear":
            return before + (after - before) * share
        return after + (before - after) / 2 * (1 + math.cos(math.pi * share))
