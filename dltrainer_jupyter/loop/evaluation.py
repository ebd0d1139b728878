"""One pass over the validation set."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from dltrainer_jupyter.core.protocols import Adapter, Batch, Course, Metric, Recipe, Samples, Stream, TrainState
from dltrainer_jupyter.data.cursor import batches, bounds
from dltrainer_jupyter.loop.collector import Collector
from dltrainer_jupyter.loop.following import follower_of
from dltrainer_jupyter.metrics.confusion import ConfusionMatrix


class Evaluation:
    """Measures a model on data held back from training.

    Parameters
    ----------
    adapter, recipe
        Who computes.
    source : Samples or Stream
        What is measured on.
    metrics : sequence of Metric
        Reset at the start of each pass.
    confusion : ConfusionMatrix, optional
        Counts classes in the same pass.
    batch_size : int
        Samples in a forward pass; a stream has batches of its own.
    """

    def __init__(
        self,
        adapter: Adapter,
        recipe: Recipe,
        source: Samples | Stream,
        *,
        metrics: Sequence[Metric],
        confusion: ConfusionMatrix | None,
        batch_size: int,
    ) -> None:
        self._adapter = adapter
        self._recipe = recipe
        self._follower = follower_of(recipe)
        self._collector = Collector(adapter, metrics, confusion)
        if isinstance(source, Samples):
            self._batches = _cut(adapter, source, batch_size)
        else:
            self._batches = lambda: map(adapter.to_batch, source.epoch(1, 0))

    def run(self, state: TrainState, course: Course, interrupted: Callable[[], bool]) -> dict[str, float] | None:
        """Measure.

        Parameters
        ----------
        state : TrainState
            Not changed.
        course : Course
            Where the training stands.
        interrupted : callable
            Asked after every batch; True ends the pass.

        Returns
        -------
        dict of str to float, or None
            ``val_loss``, ``val_<metric>`` and what the recipe measures; None if the pass was interrupted.
        """
        self._collector.reset()
        with self._adapter.evaluation(state) as measured:
            self._follower.begin_validation(measured, course)
            for batch in self._batches():
                if self._collector.add(self._adapter.eval_step(self._recipe, measured, batch)):
                    self._collector.count(self._collector.take())
                if interrupted():
                    return None
            self._collector.count(self._collector.take())
            return self._collector.values("val") | dict(self._follower.end_validation(measured, course))


def _cut(adapter: Adapter, samples: Samples, batch_size: int) -> Callable[[], Iterator[Batch]]:
    count = len(samples)
    placed = adapter.place(samples)
    order = adapter.order(placed, np.arange(count, dtype=np.int64))

    def cut() -> Iterator[Batch]:
        for index in range(batches(count, batch_size)):
            yield adapter.batch(placed, order, *bounds(index, count, batch_size))

    return cut
