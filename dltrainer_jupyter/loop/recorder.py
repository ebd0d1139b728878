"""What training steps give back: the loss of each for the curve, their average and metrics for the epoch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from dltrainer_jupyter.core.errors import NonFiniteLossError
from dltrainer_jupyter.core.protocols import Adapter, Metric, StepOutput
from dltrainer_jupyter.loop.collector import Collector


class Recorder:
    """Records steps.

    Parameters
    ----------
    adapter : Adapter
        Brings values to the host.
    metrics : sequence of Metric
        Updated with every step's outputs.
    on_nan : {"stop", "skip", "continue"}
        What a loss that isn't finite means: an error, a batch that doesn't count, or a batch like others.
    deferred : bool
        Wait with bringing values to the host; else every step is brought at once.
    """

    def __init__(self, adapter: Adapter, metrics: Sequence[Metric], on_nan: str, *, deferred: bool) -> None:
        self._collector = Collector(adapter, metrics, deferred=deferred)
        self._on_nan = on_nan
        self._losses: list[npt.NDArray[np.float32]] = []
        self._first_step = 0
        self._has_losses = False

    def begin_epoch(self) -> None:
        """Forget the sums of the last epoch."""
        self._collector.reset()

    def begin_curve(self, step: int) -> None:
        """Expect the loss of this step next."""
        self._first_step = step

    def record(self, output: StepOutput) -> None:
        """Take in what a step gave back, or several made in one call."""
        if self._collector.add(output):
            self.drain()

    def drain(self) -> None:
        """Bring everything that waits to the host.

        Raises
        ------
        NonFiniteLossError
            If a loss isn't finite and the run is to stop then; the losses up to it are in the curve.
        """
        taken = self._collector.take()
        self._has_losses |= bool(taken.measured.any())
        # A step may have no loss at all, which is no reason to stop.
        finite = np.isfinite(taken.losses) | ~taken.measured
        if self._on_nan == "stop" and not finite.all():
            self._refuse(taken.losses, int(np.argmin(finite)))
        self._losses.append(taken.losses)
        self._collector.count(taken._replace(counts=finite) if self._on_nan == "skip" else taken)

    def _refuse(self, losses: npt.NDArray[np.float32], bad: int) -> None:
        step = self._first_step + sum(len(part) for part in self._losses) + bad
        self._losses.append(losses[: bad + 1])
        msg = (
            f"The loss became {losses[bad]} at step {step:,}. Lower the learning rate, check the data, or set "
            "on_nan: skip."
        )
        raise NonFiniteLossError(msg, step)

    def take_curve(self) -> dict[str, tuple[int, npt.NDArray[np.float32]]]:
        """Give the losses on the host that nobody has taken yet, as the store wants them; empty if there are none.

        Steps of a recipe that gives no losses are counted all the same.
        """
        losses = np.concatenate([np.empty(0, np.float32), *self._losses])
        self._losses.clear()
        first, self._first_step = self._first_step, self._first_step + len(losses)
        return {"train_loss": (first, losses)} if len(losses) and self._has_losses else {}

    def epoch_values(self) -> dict[str, float]:
        """Give the epoch's training loss, averaged over samples, and its metrics."""
        return self._collector.values("train")

    def state(self) -> dict[str, Any]:
        """Give the sums of the epoch so far; :meth:`drain` comes first."""
        return self._collector.state()

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Go on in the middle of an epoch."""
        self._collector.load_state(state)
