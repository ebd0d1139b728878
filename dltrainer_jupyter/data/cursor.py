"""The order of the samples, and how far into it a run is.

Order is a pure function of the seed and the epoch, so a cursor of two numbers is all that has to be saved:
it counts batches the step has consumed, not batches somebody has prefetched.
"""

from __future__ import annotations

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
