"""One pass over the validation set."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from dltrainer_jupyter.core.protocols import Adapter, Metric, Recipe, Samples, StepOutput, TrainState
from dltrainer_jupyter.data.cursor import batches, bounds
from dltrainer_jupyter.metrics.confusion import ConfusionMatrix

_MOST_BATCHES = 64
"""Batches whose outputs wait on the device before they are brought to the host together."""


class Evaluation:
    """Measures a model on samples held back from training.

    Parameters
    ----------
    adapter, recipe
        Who computes.
    samples : Samples
        What is measured on.
    metrics : sequence of Metric
        Reset at the start of each pass.
    confusion : ConfusionMatrix, optional
        Counts classes in the same pass.
    batch_size : int
        Samples in a forward pass.
    """

    def __init__(
        self,
        adapter: Adapter,
        recipe: Recipe,
        samples: Samples,
        *,
        metrics: Sequence[Metric],
        confusion: ConfusionMatrix | None,
        batch_size: int,
    ) -> None:
        self._adapter = adapter
        self._recipe = recipe
        self._metrics = metrics
        self._observers: list[Metric | ConfusionMatrix] = [*metrics, *([confusion] if confusion else [])]
        self._batch_size = batch_size
        self._count = len(samples)
        self._placed = adapter.place(samples)
        self._order = adapter.order(self._placed, np.arange(self._count, dtype=np.int64))

    def run(self, state: TrainState, interrupted: Callable[[], bool]) -> dict[str, float] | None:
        """Measure.

        Parameters
        ----------
        state : TrainState
            Not changed.
        interrupted : callable
            Asked after every batch; True ends the pass.

        Returns
        -------
        dict of str to float, or None
            ``val_loss`` and ``val_<metric>``; None if the pass was interrupted.
        """
        for metric in self._observers:
            metric.reset()
        total, waiting = np.float64(0), list[StepOutput]()
        with self._adapter.evaluation(state):
            for index in range(batches(self._count, self._batch_size)):
                start, stop = bounds(index, self._count, self._batch_size)
                batch = self._adapter.batch(self._placed, self._order, start, stop)
                waiting.append(self._adapter.eval_step(self._recipe, state, batch))
                if interrupted():
                    return None
                if len(waiting) == _MOST_BATCHES or stop == self._count:
                    total = self._take_in(waiting, total)
                    waiting.clear()
        values = {f"val_{metric.name}": metric.compute() for metric in self._metrics}
        return {"val_loss": float(total / self._count), **values}

    def _take_in(self, waiting: Sequence[StepOutput], total: np.float64) -> np.float64:
        sizes = [out.size for out in waiting]
        losses = self._adapter.losses([out.loss for out in waiting]).astype(np.float64)
        if self._observers:
            outputs = self._adapter.arrays([out.outputs for out in waiting])
            targets = self._adapter.arrays([out.targets for out in waiting])
            for metric in self._observers:
                metric.update(outputs, targets, sizes)
        return np.add.accumulate(np.concatenate([[total], losses * sizes]))[-1]  # type: ignore[no-any-return]
