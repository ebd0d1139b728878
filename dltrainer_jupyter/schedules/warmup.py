"""What every schedule shares: its settings for a warm-up, and how that multiplies the rest."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, Field

from dltrainer_jupyter.core.validation import AlsoCalled

Mode = Literal["min", "max"]

LowestFactor = Annotated[float, AlsoCalled("min_lr"), AlsoCalled("eta_min")]
"""How far a schedule comes down, as a factor of the base rate, of which alone it knows."""


class WarmUp(BaseModel, frozen=True, extra="forbid"):
    """Settings of the warm-up."""

    warmup_epochs: float = Field(
        default=0.0, ge=0, allow_inf_nan=False, description="Epochs, or parts of one, in which the rate rises linearly."
    )
    warmup_start: float = Field(
        default=0.1, ge=0, le=1, description="Factor of the base rate that the warm-up begins with."
    )


class WarmedUp(ABC):
    """A schedule whose first steps are a linear warm-up.

    Step ``t`` of a warm-up of ``w`` steps has the factor ``start + (1 - start) * t / w``, on top of what the schedule
    says by itself; step ``w`` is the first one without it.

    A run that is given more epochs makes its schedule anew with the greater number and the saved state.

    Parameters
    ----------
    config : WarmUp
        Settings.
    steps_per_epoch : int
        Optimizer steps in an epoch.
    epochs : int
        Epochs the run is planned for.
    mode : {"min", "max"}, default "min"
        Whether less or more of the monitored metric is better.
    """

    description: ClassVar[str]
    needs_metric = False

    def __init__(self, config: WarmUp, steps_per_epoch: int, epochs: int, mode: Mode = "min") -> None:
        self.steps_per_epoch = steps_per_epoch
        self.epochs = epochs
        self.mode = mode
        self.warmup_steps = round(config.warmup_epochs * steps_per_epoch)
        self._start = config.warmup_start

    def factor(self, step: int) -> float:
        """Give the factor for the step about to be made.

        Parameters
        ----------
        step : int
            Counted from 0 over the whole run.

        Returns
        -------
        float
            Between 0 and 1.
        """
        factor = self._after_warmup(step)
        if step < self.warmup_steps:
            factor *= self._start + (1 - self._start) * step / self.warmup_steps
        return factor

    def observe(self, value: float) -> None:  # noqa: B027 - most schedules have nothing to do
        """Take in the monitored metric; only ``plateau`` looks at it."""

    def state(self) -> dict[str, Any]:
        """Give what :meth:`load_state` needs: nothing where the factor is a function of the step alone."""
        return {}

    def load_state(self, state: Mapping[str, Any]) -> None:  # noqa: B027 - most schedules have none
        """Go on from a state."""

    @abstractmethod
    def _after_warmup(self, step: int) -> float:
        """Give the factor without the warm-up; asked during it as well."""
