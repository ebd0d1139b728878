from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from dltrainer_jupyter.store.extremes import EXTREMES, evenly, every, extremes_of, merged

VALUES = npst.arrays(np.float32, st.integers(0, 60), elements=st.floats(width=32))


def _by_hand(steps: np.ndarray, values: np.ndarray, edges: np.ndarray) -> list[tuple[object, ...]]:
    """Find the extremes one value after another."""
    found = []
    for begin, end in zip(edges, np.append(edges[1:], len(values)), strict=False):
        low = high = begin
        for at in range(begin, end):
            if not np.isnan(values[at]):
                low = at if np.isnan(values[low]) or values[at] < values[low] else low
                high = at if np.isnan(values[high]) or values[at] > values[high] else high
        found.append((steps[low], steps[high], values[low], values[high]))
    return found


@given(VALUES, st.integers(1, 9), st.integers(0, 2**40))
def test_extremes_are_the_first_least_and_greatest_of_each_bucket(values: np.ndarray, size: int, first: int) -> None:
    steps, edges = first + 3 * np.arange(len(values)), every(size, len(values))
    found = extremes_of(steps, values, edges)
    assert found.dtype == EXTREMES
    assert repr(found.tolist()) == repr(np.array(_by_hand(steps, values, edges), EXTREMES).tolist())


@given(VALUES, st.integers(1, 5), st.integers(1, 5))
def test_merging_gives_what_wider_buckets_would_have_given(values: np.ndarray, size: int, wider: int) -> None:
    steps = np.arange(len(values))
    narrow = extremes_of(steps, values, every(size, len(values)))
    found = merged(narrow, every(wider, len(narrow)))
    assert repr(found.tolist()) == repr(extremes_of(steps, values, every(size * wider, len(values))).tolist())


@pytest.mark.parametrize(("buckets", "count"), [(1, 1), (3, 3), (3, 4), (999, 2001), (7, 10**6)])
def test_even_buckets_differ_by_one_at_most(buckets: int, count: int) -> None:
    edges = evenly(buckets, count)
    sizes = np.diff(edges, append=count)
    assert (len(edges), edges[0], sizes.sum()) == (buckets, 0, count)
    assert sizes.min() >= 1
    assert sizes.max() - sizes.min() <= 1
