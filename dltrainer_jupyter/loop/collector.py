"""Outputs of many batches, kept on the device until it is worth bringing them to the host together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from dltrainer_jupyter.core.protocols import Adapter, Metric, StepOutput
from dltrainer_jupyter.metrics.confusion import ConfusionMatrix

_MOST_BATCHES = 256
_MOST_BYTES = 32 * 2**20
"""Bounds of what waits on the device."""


class Collector:
    """Averages the loss over samples and updates metrics.

    The values do not depend on when outputs were brought to the host: sums are added batch by batch, in order.

    Parameters
    ----------
    adapter : Adapter
        Brings values to the host.
    metrics : sequence of Metric
        Updated with every batch that counts.
    confusion : ConfusionMatrix, optional
        Counts classes along with them.
    deferred : bool, default True
        Let outputs wait; else every batch is brought at once.
    """

    def __init__(
        self,
        adapter: Adapter,
        metrics: Sequence[Metric],
        confusion: ConfusionMatrix | None = None,
        *,
        deferred: bool = True,
    ) -> None:
        self._adapter = adapter
        self._metrics = metrics
        self._observers: list[Metric | ConfusionMatrix] = [*metrics, *([confusion] if confusion else [])]
        self._deferred = deferred
        self._waiting: list[StepOutput] = []
        self._most = 1
        self._sum = np.float64(0)
        self._count = 0

    def reset(self) -> None:
        """Forget everything."""
        self._waiting.clear()
        self._sum, self._count = np.float64(0), 0
        for observer in self._observers:
            observer.reset()

    def add(self, output: StepOutput) -> bool:
        """Take in a batch; say whether it is time to :meth:`take` what waits."""
        if not self._waiting:
            size = int(getattr(output.outputs, "nbytes", 0)) + int(getattr(output.targets, "nbytes", 0))
            self._most = max(1, min(_MOST_BATCHES, _MOST_BYTES // max(size, 1))) if self._deferred else 1
        self._waiting.append(output)
        return len(self._waiting) >= self._most

    def take(self) -> tuple[list[StepOutput], npt.NDArray[np.float32]]:
        """Give what waits, with the losses on the host; nothing waits afterwards.

        Returns
        -------
        outputs : list of StepOutput
        losses : numpy.ndarray of float32, shape (len(outputs),)
            NaN where a recipe gave none.
        """
        waiting, self._waiting = self._waiting, []
        losses = np.full(len(waiting), np.nan, np.float32)
        if given := [index for index, output in enumerate(waiting) if output.loss is not None]:
            losses[given] = self._adapter.losses([waiting[index].loss for index in given])
        return waiting, losses

    def count(self, outputs: Sequence[StepOutput], losses: npt.NDArray[np.float32]) -> None:
        """Add batches to the sums."""
        if not outputs:
            return
        given = [index for index, output in enumerate(outputs) if output.loss is not None]
        weights = [outputs[index].size for index in given]
        # Added one after another, so that the sum is the same however the batches were grouped.
        self._sum = np.add.accumulate(np.concatenate([[self._sum], losses[given].astype(np.float64) * weights]))[-1]
        self._count += sum(weights)
        shown = [output for output in outputs if output.outputs is not None]
        if self._observers and shown:
            host_outputs = self._adapter.arrays([output.outputs for output in shown])
            host_targets = self._adapter.arrays([output.targets for output in shown])
            for observer in self._observers:
                observer.update(host_outputs, host_targets, [output.size for output in shown])

    def values(self, part: str) -> dict[str, float]:
        """Give ``<part>_loss``, unless no batch counted or had one, and ``<part>_<metric>``."""
        loss = {f"{part}_loss": float(self._sum / self._count)} if self._count else {}
        return loss | {f"{part}_{metric.name}": metric.compute() for metric in self._metrics}

    def state(self) -> dict[str, Any]:
        """Give the sums so far; nothing may wait."""
        return {
            "sum": float(self._sum),
            "count": self._count,
            "metrics": {metric.name: metric.state() for metric in self._metrics},
        }

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Go on from a state."""
        self._sum, self._count = np.float64(state["sum"]), int(state["count"])
        for metric in self._metrics:
            if metric.name in state["metrics"]:
                metric.load_state(state["metrics"][metric.name])
