"""What steps give back stays on the device until it is asked for; then it goes to the metrics and the store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from dltrainer_jupyter.core.errors import NonFiniteLossError
from dltrainer_jupyter.core.protocols import Adapter, Metric, StepOutput

_MOST_STEPS = 256
_MOST_BYTES = 32 * 2**20
"""Bounds of what waits on the device; reaching one brings it to the host."""


class Recorder:
    """Collects losses and outputs of training steps.

    The values it gives do not depend on when it brought them to the host.

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
        self._adapter = adapter
        self._metrics = metrics
        self._on_nan = on_nan
        self._deferred = deferred
        self._waiting: list[StepOutput] = []
        self._most = 1
        self._losses: list[npt.NDArray[np.float32]] = []
        self._first_step = 0
        self._sum = np.float64(0)
        self._count = 0

    def begin_epoch(self) -> None:
        """Forget the sums of the last epoch."""
        self._sum, self._count = np.float64(0), 0
        for metric in self._metrics:
            metric.reset()

    def begin_curve(self, step: int) -> None:
        """Expect the loss of this step next."""
        self._first_step = step

    def record(self, output: StepOutput) -> None:
        """Take in what a step gave back."""
        if not self._waiting:
            self._most = self._how_many(output)
        self._waiting.append(output)
        if len(self._waiting) >= self._most:
            self.drain()

    def _how_many(self, output: StepOutput) -> int:
        if not self._deferred:
            return 1
        size = int(getattr(output.outputs, "nbytes", 0)) + int(getattr(output.targets, "nbytes", 0))
        return max(1, min(_MOST_STEPS, _MOST_BYTES // max(size, 1)))

    def drain(self) -> None:
        """Bring everything that waits to the host.

        Raises
        ------
        NonFiniteLossError
            If a loss isn't finite and the run is to stop then; the losses up to it are in the curve.
        """
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return
        losses = self._adapter.losses([output.loss for output in waiting])
        finite = np.isfinite(losses)
        first = self._first_step + sum(len(part) for part in self._losses)
        if self._on_nan == "stop" and not finite.all():
            bad = int(np.argmin(finite))
            self._losses.append(losses[: bad + 1])
            msg = (
                f"The loss became {losses[bad]} at step {first + bad:,}. Lower the learning rate, check the data, or "
                "set on_nan: skip."
            )
            raise NonFiniteLossError(msg, first + bad)
        self._losses.append(losses)
        counted = [output for output, ok in zip(waiting, finite, strict=True) if ok or self._on_nan != "skip"]
        if not counted:
            return
        sizes = [output.size for output in counted]
        kept = losses if len(counted) == len(waiting) else losses[finite]
        # Added one after another, so that the sum is the same however the steps were grouped.
        self._sum = np.add.accumulate(np.concatenate([[self._sum], kept.astype(np.float64) * sizes]))[-1]
        self._count += sum(sizes)
        if self._metrics:
            outputs = self._adapter.arrays([output.outputs for output in counted])
            targets = self._adapter.arrays([output.targets for output in counted])
            for metric in self._metrics:
                metric.update(outputs, targets, sizes)

    def take_curve(self) -> dict[str, tuple[int, npt.NDArray[np.float32]]]:
        """Give the losses on the host that nobody has taken yet, as the store wants them."""
        if not self._losses:
            return {}
        losses, self._losses = np.concatenate(self._losses), []
        first, self._first_step = self._first_step, self._first_step + len(losses)
        return {"train_loss": (first, losses)}

    def epoch_values(self) -> dict[str, float]:
        """Give the epoch's training loss, averaged over samples, and its metrics."""
        values = {"train_loss": float(self._sum / self._count) if self._count else float("nan")}
        return values | {f"train_{metric.name}": metric.compute() for metric in self._metrics}

    def state(self) -> dict[str, Any]:
        """Give the sums of the epoch so far; :meth:`drain` comes first."""
        return {
            "sum": float(self._sum),
            "count": self._count,
            "metrics": {metric.name: metric.state() for metric in self._metrics},
        }

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Go on in the middle of an epoch."""
        self._sum, self._count = np.float64(state["sum"]), int(state["count"])
        for metric in self._metrics:
            if metric.name in state["metrics"]:
                metric.load_state(state["metrics"][metric.name])
