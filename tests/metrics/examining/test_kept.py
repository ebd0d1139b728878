"""Which examples are kept depends on the run's seed and their position alone."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from dltrainer_jupyter.metrics.examining.kept import Kept, chosen, priorities


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**40), st.integers(0, 30), st.lists(st.integers(0, 40), max_size=20))
def test_what_comes_in_parts_is_chosen_as_what_is_known_beforehand(seed: int, most: int, sizes: list[int]) -> None:
    kept = Kept(seed, most)
    for size in sizes:
        start = kept.seen
        rows = kept.choose(size)
        kept.add(square=(start + rows) ** 2, text=[str(start + row) for row in rows])
    wanted = chosen(seed, most, sum(sizes))
    columns = kept.columns()
    assert columns.get("index", np.zeros(0)).tolist() == wanted.tolist()
    if len(wanted):
        assert columns["square"].tolist() == (wanted**2).tolist()
        assert columns["text"] == [str(index) for index in wanted]


def test_each_example_is_as_likely_as_any_other() -> None:
    drawn = np.bincount(np.concatenate([chosen(seed, 20, 100) for seed in range(500)]), minlength=100)
    assert drawn.sum() == 500 * 20
    assert min(binomtest(int(count), 500, 0.2).pvalue for count in drawn) > 1e-5


def test_no_two_have_the_same_priority() -> None:
    assert len(np.unique(priorities(3, 0, 10**6))) == 10**6
    assert priorities(3, 10, 20).tolist() == priorities(3, 0, 20)[10:].tolist()


def test_few_are_held_while_many_come() -> None:
    kept, most_held = Kept(1, 50), 0
    for _ in range(2000):
        rows = kept.choose(37)
        kept.add(row=rows)
        most_held = max(most_held, len(kept._indices))
    assert most_held <= 100 + 37
    assert len(kept.columns()["index"]) == 50


def test_no_generator_is_touched() -> None:
    before, of_python = np.random.get_state()[1].tolist(), random.getstate()  # noqa: NPY002 - what must not change
    chosen(1, 5, 100)
    Kept(1, 5).choose(100)
    assert np.random.get_state()[1].tolist() == before  # noqa: NPY002
    assert random.getstate() == of_python


def test_a_column_that_is_too_short_is_refused() -> None:
    kept = Kept(1, 5)
    kept.choose(4)
    with pytest.raises(ValueError, match="expected 4 rows of 'loss', got 3"):
        kept.add(loss=np.zeros(3))
