"""Samples that are read when they are due, as batches: in the run's own order, read ahead by threads."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.protocols import Lazy, ResumeKind
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.data.cursor import batches, bounds, epoch_order
from dltrainer_jupyter.data.lazy.reader import workers_for

if TYPE_CHECKING:
    import numpy.typing as npt

    from dltrainer_jupyter.core.protocols import Array

_MOST_AHEAD = 4
"""Batches that wait to be consumed, at most."""
_BYTES_AHEAD = 2**28
_LEAST_TOGETHER = 4
"""Samples below which it isn't worth dividing a batch among threads."""


class LazyStream:
    """Batches of :class:`~dltrainer_jupyter.core.protocols.Lazy` samples.

    Order is a function of seed and epoch, and begins at any batch, so a resumed run reads what comes next and nothing
    else. A few batches are read ahead: four at most, and 256 MiB. Samples that say how many of them are best read
    ``together`` are read so many at a time, by one thread.

    Parameters
    ----------
    samples : Lazy
        What is read.
    spec : RunSpec
        Its seed, batch size and length of an epoch.
    shuffled : bool
        Whether they are trained on. To measure, they come in the order they have, two batches in one.
    workers : int, optional
        Threads that read.

    Raises
    ------
    ConfigurationError
        If there is no sample, or an epoch is to have more batches than there are.

    Examples
    --------
    >>> class Squares:
    ...     def __len__(self):
    ...         return 5
    ...
    ...     def read(self, indices):
    ...         return indices[:, None].astype(np.float32), indices**2
    >>> stream = LazyStream(Squares(), RunSpec(model="mlp", data="x", batch_size=2), shuffled=False)
    >>> [targets.tolist() for _, targets in stream.epoch(1, 0)]
    [[0, 1, 4, 9], [16]]
    """

    resume: ResumeKind = "exact"

    def __init__(self, samples: Lazy, spec: RunSpec, *, shuffled: bool, workers: int | None = None) -> None:
        self._samples = samples
        self._seed = spec.seed if shuffled else None
        self._size = spec.batch_size if shuffled else 2 * spec.batch_size
        self._workers = workers_for(workers)
        self._doubt: str | None = None
        available = batches(len(samples), self._size)
        if not available:
            msg = "data: expected samples, but the data set is empty."
            raise ConfigurationError(msg)
        self.steps_per_epoch: int | None = available
        if shuffled and spec.steps_per_epoch is not None:
            if spec.steps_per_epoch > available:
                msg = f"steps_per_epoch: the data has no more than {available:,} batches, got {spec.steps_per_epoch:,}."
                raise ConfigurationError(msg)
            self.steps_per_epoch = spec.steps_per_epoch

    def __len__(self) -> int:
        """Count the samples."""
        return len(self._samples)

    @cached_property
    def first(self) -> tuple[Array, Array]:
        """The first batch, to try the model on."""
        return self._samples.read(self._order(1)[: self._size])

    def epoch(self, epoch: int, consumed: int) -> Iterator[tuple[Array, Array]]:
        """Yield the batches of an epoch, counted from 1, that are not consumed yet.

        Raises
        ------
        BadSampleError
            If a sample can't be read and isn't to be left out.
        """
        order, steps = self._order(epoch), self.steps_per_epoch or 0
        # Where a batch takes little, several are read in one go, and cut afterwards.
        together = max(1, getattr(self._samples, "together", 0) // self._size)
        room = max(1, _BYTES_AHEAD // max(1, together * sum(part.nbytes for part in self.first)))
        ahead: deque[list[Future[tuple[Array, Array]]]] = deque()
        pool = ThreadPoolExecutor(self._workers, thread_name_prefix="dltrainer-data")
        try:
            for index in range(consumed, steps, together):
                start, _ = bounds(index, len(order), self._size)
                _, stop = bounds(min(index + together, steps) - 1, len(order), self._size)
                ahead.append(self._divided(pool, order[start:stop]))
                if len(ahead) > min(room, _MOST_AHEAD):
                    yield from _joined(ahead.popleft(), self._size)
            while ahead:
                yield from _joined(ahead.popleft(), self._size)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    def as_they_came(self, indices: npt.NDArray[np.int64]) -> Array | None:
        """Read rows of a table as a person has them, by their places in an epoch that isn't shuffled.

        Returns
        -------
        numpy.ndarray or None
            None where samples don't tell.
        """
        tell = getattr(self._samples, "as_they_came", None)
        return None if tell is None or self._seed is not None else tell(indices)

    def _order(self, epoch: int) -> npt.NDArray[np.int64]:
        count = len(self._samples)
        return np.arange(count, dtype=np.int64) if self._seed is None else epoch_order(self._seed, epoch, count)

    def _divided(self, pool: ThreadPoolExecutor, rows: npt.NDArray[np.int64]) -> list[Future[tuple[Array, Array]]]:
        """Let several threads read a batch, each a piece of it."""
        if hasattr(self._samples, "together"):
            return [pool.submit(self._samples.read, rows)]
        pieces = max(1, min(self._workers, len(rows) // _LEAST_TOGETHER))
        return [pool.submit(self._samples.read, piece) for piece in np.array_split(rows, pieces)]

    def state(self) -> dict[str, Any]:
        """Give what tells whether a resumed run reads the same samples."""
        return {"count": len(self._samples), "fingerprint": getattr(self._samples, "fingerprint", None)}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Compare what there was with what there is."""
        if dict(state) != self.state():
            self._doubt = f"the data set has other samples than before ({state['count']:,} then, {len(self):,} now)"

    def inexact_because(self) -> str | None:
        """Say that other samples lie there than before, or None."""
        return self._doubt

    def close(self) -> None:
        """Do nothing: threads end with the epoch they read for."""


def _joined(pieces: list[Future[tuple[Array, Array]]], size: int) -> Iterator[tuple[Array, Array]]:
    """Put batches together; none if all samples were left out."""
    found = [piece.result() for piece in pieces]
    inputs = found[0][0] if len(found) == 1 else np.concatenate([inputs for inputs, _ in found])
    targets = found[0][1] if len(found) == 1 else np.concatenate([targets for _, targets in found])
    for start in range(0, len(inputs), size):
        yield inputs[start : start + size], targets[start : start + size]
