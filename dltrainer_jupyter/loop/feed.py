"""The training samples, batch by batch, in an order that depends on seed and epoch alone."""

from __future__ import annotations

from collections.abc import Iterator

from dltrainer_jupyter.core.protocols import Adapter, Batch, Samples
from dltrainer_jupyter.data.cursor import batches, bounds, epoch_order


class Feed:
    """Cuts batches.

    Parameters
    ----------
    adapter : Adapter
        Places samples and cuts batches.
    samples : Samples
        What is trained on.
    seed : int
        The run's seed.
    batch_size : int
        Samples in a batch; the last one of an epoch may be smaller.
    """

    def __init__(self, adapter: Adapter, samples: Samples, seed: int, batch_size: int) -> None:
        self._adapter = adapter
        self._seed = seed
        self._batch_size = batch_size
        self._count = len(samples)
        self._placed = adapter.place(samples)
        self.steps_per_epoch = batches(self._count, batch_size)

    def epoch(self, epoch: int, consumed: int) -> Iterator[Batch]:
        """Yield the batches of an epoch that are not consumed yet.

        Parameters
        ----------
        epoch : int
            Counted from 1.
        consumed : int
            Batches of it that were consumed before.
        """
        order = self._adapter.order(self._placed, epoch_order(self._seed, epoch, self._count))
        for index in range(consumed, self.steps_per_epoch):
            start, stop = bounds(index, self._count, self._batch_size)
            yield self._adapter.batch(self._placed, order, start, stop)

    def samples(self) -> Iterator[Batch]:
        """Yield batches to try the model on: the first, and the last if it is a single sample.

        Layers that need statistics of a batch refuse a single sample; better now than at the end of an epoch.
        """
        yield next(self.epoch(1, 0))
        if self._count % self._batch_size == 1:
            yield next(self.epoch(1, self.steps_per_epoch - 1))
