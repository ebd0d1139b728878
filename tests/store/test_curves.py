from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from dltrainer_jupyter.core.states import State
from dltrainer_jupyter.store import Attempt, Store
from dltrainer_jupyter.store.curves import BLOCK, NOTHING, Series, appended, read_chunks
from dltrainer_jupyter.store.tables import training_curves
from dltrainer_jupyter.testing.store_samples import claimed, new_run

LENGTHS = st.one_of(st.integers(1, 30), st.integers(1, 3 * BLOCK), st.sampled_from([BLOCK - 1, BLOCK, BLOCK + 1]))
MOVES = st.one_of(
    st.tuples(st.just("append"), LENGTHS),
    st.tuples(st.just("gap"), st.integers(1, 5000)),
    st.tuples(st.just("rewind"), st.floats(0, 1)),
    st.tuples(st.just("resume"), st.just(0)),
    st.tuples(st.just("fail"), LENGTHS),
)


def _check(store: Store, run_id: str, steps: np.ndarray, values: np.ndarray) -> None:
    found_steps, found = store.curve_values(run_id, "loss")
    assert found_steps.dtype == np.int64
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found_steps, steps)
    # The same bits, those of NaNs included.
    np.testing.assert_array_equal(found.view(np.uint32), values.view(np.uint32))
    blocks = _blocks(store, run_id)
    assert sum(block.count for block in blocks) == len(steps)
    for block in blocks:
        assert 1 <= block.count <= BLOCK
        inside = slice(*np.searchsorted(steps, [block.first_step, block.first_step + block.count]))
        np.testing.assert_array_equal(steps[inside], block.first_step + np.arange(block.count))
        of_block = values[inside]
        numbers = of_block[~np.isnan(of_block)]
        if len(numbers) == 0:
            assert math.isnan(block.minimum)
            assert math.isnan(block.maximum)
        else:
            assert (block.minimum, block.maximum) == (numbers.min(), numbers.max())


def _blocks(store: Store, run_id: str) -> list[sa.Row[Any]]:
    """Read the blocks of the series "loss" as whoever opens the database finds them."""
    table = training_curves
    query = table.select().where(table.c.run_id == run_id, table.c.name == "loss").order_by(table.c.first_step)
    with store._database.read() as connection:
        return list(connection.execute(query).all())


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def test_blocks_are_the_plain_series_whatever_is_done(kind: str, request: pytest.FixtureRequest):
    store = Store.open(request.getfixturevalue(f"{kind}_url"))
    odd = np.array([math.nan, math.inf, -math.inf, 0.0, -0.0], np.float32)

    @settings(max_examples=100 if kind == "sqlite" else 10)
    @given(moves=st.lists(MOVES, max_size=12), start=st.integers(0, 3), seed=st.integers(0, 2**32 - 1))
    def check(moves: list[tuple[str, float]], start: int, seed: int) -> None:
        generator = np.random.default_rng(seed)
        attempt = claimed(store, new_run(store))
        steps, values, upcoming = np.empty(0, np.int64), np.empty(0, np.float32), start
        for move, size in moves:
            if move in {"append", "fail"}:
                new = generator.standard_normal(int(size)).astype(np.float32)
                new[generator.random(len(new)) < 0.1] = generator.choice(odd)
                if move == "fail":
                    with pytest.raises(KeyError):
                        _fail_after(attempt, upcoming, new)
                    continue
                attempt.curves({"loss": (upcoming, new)})
                steps = np.concatenate([steps, upcoming + np.arange(len(new))])
                values = np.concatenate([values, new])
                upcoming += len(new)
            elif move == "gap":
                upcoming += int(size)
            elif move == "rewind":
                last = int(size * upcoming)
                attempt.rewind(last, 0, None)
                steps, values = steps[steps <= last], values[steps <= last]
                upcoming = last + 1
            else:
                attempt.end(State.SUSPENDED)
                store.request_start(attempt.run_id)
                attempt = claimed(store, attempt.run_id)
        _check(store, attempt.run_id, steps, values)
        bounds = sorted(generator.integers(-1, upcoming + 2, 2).tolist())
        inside = (steps >= bounds[0]) & (steps < bounds[1])
        part_steps, part = store.curve_values(attempt.run_id, "loss", *bounds)
        np.testing.assert_array_equal(part_steps, steps[inside])
        np.testing.assert_array_equal(part, values[inside])

    check()
    store.close()


def _fail_after(attempt: Attempt, first_step: int, values: np.ndarray) -> None:
    with attempt.transaction():
        attempt.curves({"loss": (first_step, values)})
        raise KeyError


def test_full_blocks_are_never_written_again(store: Store):
    attempt = claimed(store, new_run(store))
    attempt.curves({"loss": (1, np.zeros(BLOCK, np.float32))})
    with store._database.write() as connection:
        connection.execute(training_curves.update().values(count=7))
    attempt.curves({"loss": (BLOCK + 1, np.ones(3, np.float32))})
    blocks = _blocks(store, attempt.run_id)
    assert [(block.first_step, block.count) for block in blocks] == [(1, 7), (BLOCK + 1, 3)]


def test_adding_reads_nothing_back(store: Store, statements: Any):
    attempt = claimed(store, new_run(store))
    attempt.curves({"loss": (1, np.zeros(10, np.float32))})
    with statements(store) as executed:
        attempt.curves({"loss": (11, np.zeros(10, np.float32))})
    (write,) = [statement for statement in executed if "training_curves" in statement]
    assert write.startswith("INSERT")


def test_values_for_steps_that_have_some_are_refused(store: Store):
    attempt = claimed(store, new_run(store))
    attempt.curves({"loss": (1, np.zeros(10, np.float32))})
    with pytest.raises(ValueError, match="expected values from step 11 on, got step 10; rewind"):
        attempt.curves({"loss": (10, np.ones(10, np.float32))})
    assert store.curve_values(attempt.run_id, "loss")[1].tolist() == [0] * 10


def test_what_is_no_series_is_refused():
    with pytest.raises(ValueError, match=r"one-dimensional.*\(2, 2\)"):
        appended(NOTHING, 0, np.ones((2, 2), np.float32))


def test_an_empty_addition_changes_nothing(store: Store):
    attempt = claimed(store, new_run(store))
    attempt.curves({"loss": (1, np.empty(0, np.float32))})
    assert store.curve_names(attempt.run_id) == []
    assert _blocks(store, attempt.run_id) == []


def test_a_later_change_of_the_callers_array_changes_nothing(store: Store):
    attempt = claimed(store, new_run(store))
    values = np.zeros(5, np.float32)
    attempt.curves({"loss": (1, values)})
    values[:] = 9
    attempt.curves({"loss": (6, values)})
    assert store.curve_values(attempt.run_id, "loss")[1].tolist() == [0] * 5 + [9] * 5


def test_blocks_are_little_endian_floats(store: Store):
    attempt = claimed(store, new_run(store))
    attempt.curves({"loss": (1, np.array([1.0, -2.5], ">f4"))})
    with store._database.read() as connection:
        packed = connection.execute(training_curves.select()).one().packed
    assert bytes(packed) == b"\x00\x00\x80\x3f\x00\x00\x20\xc0"


def test_series_are_apart(store: Store):
    attempt, other = claimed(store, new_run(store)), claimed(store, new_run(store))
    attempt.curves({"a": (1, np.zeros(2, np.float32)), "b": (5, np.ones(3, np.float32))})
    other.curves({"a": (1, np.full(1, 7, np.float32))})
    assert store.curve_names(attempt.run_id) == ["a", "b"]
    assert store.curve_values(attempt.run_id, "b")[0].tolist() == [5, 6, 7]
    assert store.curve_values(other.run_id, "a")[1].tolist() == [7]


def test_bounds_fall_between_blocks(store: Store):
    attempt = claimed(store, new_run(store))
    attempt.curves({"loss": (0, np.arange(3 * BLOCK, dtype=np.float32))})
    with store._database.read() as connection:
        middle = read_chunks(connection, Series(attempt.run_id, "loss"), BLOCK, 2 * BLOCK)
        wider = read_chunks(connection, Series(attempt.run_id, "loss"), BLOCK - 1, 2 * BLOCK + 1)
    assert [(block.first_step, len(block.values)) for block in middle] == [(BLOCK, BLOCK)]
    assert [block.first_step for block in wider] == [0, BLOCK, 2 * BLOCK]
    steps, values = store.curve_values(attempt.run_id, "loss", BLOCK - 1, BLOCK + 1)
    assert steps.tolist() == values.tolist() == [BLOCK - 1, BLOCK]
