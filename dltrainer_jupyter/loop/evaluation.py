"""One pass over the validation set."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from dltrainer_jupyter.core.protocols import Adapter, Metric, Recipe, Samples, TrainState
from dltrainer_jupyter.data.cursor import batches, bounds
from dltrainer_jupyter.loop.collector import Collector
from dltrainer_jupyter.metrics.confusion import ConfusionMatrix


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
        self._collector = Collector(adapter, metrics, confusion)
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
        self._collector.reset()
        with self._adapter.evaluation(state):
            for index in range(batches(self._count, self._batch_size)):
                start, stop = bounds(index, self._count, self._batch_size)
                batch = self._adapter.batch(self._placed, self._order, start, stop)
                if self._collector.add(self._adapter.eval_step(self._recipe, state, batch)):
                    self._collector.count(*self._collector.take())
                if interrupted():
                    return None
        self._collector.count(*self._collector.take())
        return self._collector.values("val")
