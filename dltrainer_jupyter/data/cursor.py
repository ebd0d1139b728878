"""The order of the samples, and how far into it a run is.

Order is a pure function of the seed and the epoch, so a cursor of two numbers is all that has to be saved:
it counts batches the step has consumed, not batches somebody has prefetched.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dltrainer_jupyter.core import seeds

if TYPE_CHECKING:
    import numpy.typing as npt


def epoch_order(seed: int, epoch: int, n: int) -> npt.NDArray[np.int64]:
    """Give the order in which an epoch visits the training samples.

    Parameters
    ----------
    seed : int
        The run's seed.
    epoch : int
        Epoch, counted from 1.
    n : int
        Number of training samples.

    Returns
    -------
    numpy.ndarray of int64, shape (n,)
        A permutation of ``0 … n - 1``; the same for the same arguments, whatever was drawn before.

    Examples
    --------
    >>> order = epoch_order(0, 1, 5)
    >>> sorted(order.tolist())
    [0, 1, 2, 3, 4]
    >>> bool((order == epoch_order(0, 1, 5)).all())
    True
    """
    # Philox is counter-based: no two seeds share a stream, and nothing global is touched.
    generator = np.random.Generator(np.random.Philox(seeds.derive(seed, "order", epoch)))
    return generator.permutation(np.arange(n, dtype=np.int64))


def batches(n: int, batch_size: int) -> int:
    """Count the batches of an epoch; the last one may be smaller.

    Examples
    --------
    >>> batches(10, 4)
    3
    """
    return -(-n // batch_size)


def bounds(consumed: int, n: int, batch_size: int) -> tuple[int, int]:
    """Give the slice of an epoch's order that makes the next batch.

    Parameters
    ----------
    consumed : int
        Batches consumed before it in this epoch.
    n : int
        Number of samples.
    batch_size : int
        Samples in a full batch.

    Returns
    -------
    (int, int)
        Start and stop in the epoch's order.

    Examples
    --------
    >>> bounds(2, 10, 4)
    (8, 10)
    """
    start = consumed * batch_size
    return start, min(start + batch_size, n)


@dataclass(frozen=True)
class Cursor:
    """How far a run is: the epoch it stands in, and the batches consumed in it.

    The end of an epoch is ``consumed == batches``: trained but not yet closed, so that a run killed before
    its validation was recorded validates again. :meth:`after_epoch` closes it.

    Parameters
    ----------
    epoch : int, default 1
        Epoch the run stands in, counted from 1.
    consumed : int, default 0
        Batches of that epoch the step has consumed.

    Examples
    --------
    >>> cursor = Cursor().after_batch().after_batch()
    >>> cursor.step(per_epoch=3), cursor.finished(per_epoch=3)
    (2, False)
    >>> cursor.after_batch().after_epoch()
    Cursor(epoch=2, consumed=0)
    """

    epoch: int = 1
    consumed: int = 0

    @classmethod
    def at_step(cls, step: int, per_epoch: int) -> Cursor:
        """Stand where ``step`` optimizer steps are done; at an epoch's end, at the beginning of the next."""
        return cls(epoch=1 + step // per_epoch, consumed=step % per_epoch)

    def step(self, per_epoch: int) -> int:
        """Count the optimizer steps done, with ``per_epoch`` batches in an epoch."""
        return (self.epoch - 1) * per_epoch + self.consumed

    def finished(self, per_epoch: int) -> bool:
        """Say whether every batch of the epoch is consumed."""
        return self.consumed >= per_epoch

    def after_batch(self) -> Cursor:
        """Give the cursor one batch further."""
        return Cursor(self.epoch, self.consumed + 1)

    def after_epoch(self) -> Cursor:
        """Give the cursor at the beginning of the next epoch."""
        return Cursor(self.epoch + 1, 0)
