"""Down when nothing improves any more."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import Field

from dltrainer_jupyter.schedules.warmup import LowestFactor, Mode, WarmedUp, WarmUp


class Plateau(WarmedUp):
    """Multiply the rate by ``factor`` when the monitored metric has stopped improving.

    A value counts as an improvement if it is better than the best so far by more than ``threshold`` times the best's
    size; one that is no finite number never does. The rate goes down with the first value after ``patience`` values in
    a row that were none. A run that is given more epochs goes on from where it stands.

    Parameters
    ----------
    config : Plateau.Config
        Settings.
    steps_per_epoch, epochs : int
        Length of an epoch in steps and of the run in epochs.
    mode : {"min", "max"}, default "min"
        Whether less or more of the monitored metric is better.

    Notes
    -----
    The same numbers as ``torch.optim.lr_scheduler.ReduceLROnPlateau`` for metrics that aren't negative; there, a
    relative threshold below zero takes slightly worse for better.

    Examples
    --------
    >>> plateau = Plateau(Plateau.Config(factor=0.5, patience=1), steps_per_epoch=10, epochs=5, mode="max")
    >>> for accuracy in (0.8, 0.9, 0.9, 0.9):
    ...     plateau.observe(accuracy)
    >>> plateau.factor(40)
    0.5
    """

    description: ClassVar[str] = "Multiply the rate by a factor when the monitored metric stops improving."
    needs_metric = True

    class Config(WarmUp):
        """Settings."""

        factor: float = Field(default=0.1, gt=0, lt=1, description="What the rate is multiplied by.")
        patience: int = Field(default=3, ge=0, description="Validations without improvement that are waited for.")
        threshold: float = Field(
            default=1e-4, ge=0, lt=1, description="Smallest improvement that counts, as a share of the best value."
        )
        min_factor: LowestFactor = Field(
            default=0.0, ge=0, le=1, description="Factor of the base rate it never falls below."
        )

    def __init__(self, config: Config, steps_per_epoch: int, epochs: int, mode: Mode = "min") -> None:
        super().__init__(config, steps_per_epoch, epochs, mode)
        self.config = config
        self._best: float | None = None
        self._waited = 0
        self._factor = 1.0

    def observe(self, value: float) -> None:
        """Take in the monitored metric after a validation."""
        if self._improves(value):
            self._best = value
            self._waited = 0
            return
        self._waited += 1
        if self._waited > self.config.patience:
            self._factor = max(self._factor * self.config.factor, self.config.min_factor)
            self._waited = 0

    def state(self) -> dict[str, Any]:
        """Give what :meth:`load_state` needs to go on."""
        return {"best": self._best, "waited": self._waited, "factor": self._factor}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Go on from a state."""
        self._best = None if state["best"] is None else float(state["best"])
        self._waited = int(state["waited"])
        self._factor = float(state["factor"])

    def _improves(self, value: float) -> bool:
        if not math.isfinite(value):
            return False
        if self._best is None:
            return True
        gain = value - self._best if self.mode == "max" else self._best - value
        return gain > self.config.threshold * abs(self._best)

    def _after_warmup(self, step: int) -> float:  # noqa: ARG002 - depends on what was observed
        return self._factor
