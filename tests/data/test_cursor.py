from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from dltrainer_jupyter.data.cursor import batches, bounds, epoch_order


def test_order_is_what_it_always_was() -> None:
    # A run resumed with a later version must see the order it was started with.
    assert epoch_order(0, 1, 10).tolist() == [0, 3, 1, 8, 9, 4, 6, 7, 2, 5]
    assert epoch_order(0, 2, 10).tolist() == [2, 1, 0, 9, 5, 7, 8, 4, 6, 3]


@settings(deadline=None)
@given(seed=st.integers(0, 2**63 - 1), epoch=st.integers(1, 10**6), n=st.integers(0, 300))
def test_order_is_a_permutation_and_touches_nothing_global(seed: int, epoch: int, n: int) -> None:
    np.random.seed(1)  # noqa: NPY002 - the global generator is what must stay untouched
    order = epoch_order(seed, epoch, n)
    drawn = np.random.random()  # noqa: NPY002
    np.random.seed(1)  # noqa: NPY002
    assert drawn == np.random.random()  # noqa: NPY002
    assert order.dtype == np.int64
    assert np.array_equal(np.sort(order), np.arange(n))
    assert np.array_equal(order, epoch_order(seed, epoch, n))


def test_epochs_and_seeds_differ() -> None:
    orders = [epoch_order(seed, epoch, 50).tobytes() for seed in (0, 1) for epoch in (1, 2, 3)]
    assert len(set(orders)) == 6


@settings(deadline=None)
@given(n=st.integers(1, 500), batch_size=st.integers(1, 100))
def test_batches_cover_every_sample_once(n: int, batch_size: int) -> None:
    slices = [bounds(consumed, n, batch_size) for consumed in range(batches(n, batch_size))]
    assert [index for start, stop in slices for index in range(start, stop)] == list(range(n))
    assert all(0 < stop - start <= batch_size for start, stop in slices)
