"""Levels of few values each, so that short series have many of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dltrainer_jupyter.core.states import State
from dltrainer_jupyter.store import Attempt, Store, curves, levels
from dltrainer_jupyter.store.levels import bucket_span
from dltrainer_jupyter.store.tables import training_curve_levels, training_curves
from dltrainer_jupyter.testing.store_samples import claimed, new_run
from dltrainer_jupyter.views.curves import curve

MOVES = st.lists(
    st.one_of(
        st.tuples(st.just("append"), st.integers(1, 200)),
        st.tuples(st.just("gap"), st.integers(1, 50)),
        st.tuples(st.just("rewind"), st.floats(0, 1)),
        st.tuples(st.just("resume"), st.just(0)),
    ),
    max_size=12,
)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make blocks of 8 values, buckets of 2, 6, 18 …, and rows of 24, 72, 216 … values."""
    monkeypatch.setattr(curves, "BLOCK", 8)
    monkeypatch.setattr(levels, "FINEST_SPAN", 2)
    monkeypatch.setattr(levels, "FAN_OUT", 3)


def _rows(store: Store, run_id: str) -> list[tuple[Any, ...]]:
    """Read everything the database holds of a run's series."""
    found = []
    with store._database.read() as connection:
        for table in (training_curves, training_curve_levels):
            columns = [column for column in table.c if column.name != "run_id"]
            query = table.select().with_only_columns(*columns).where(table.c.run_id == run_id)
            found += [tuple(row) for row in connection.execute(query.order_by(*table.primary_key))]
    return found


def _levels(store: Store, run_id: str) -> dict[int, list[tuple[int, int]]]:
    """Give the first and last steps of the rows, by level."""
    found: dict[int, list[tuple[int, int]]] = {}
    with store._database.read() as connection:
        table = training_curve_levels
        query = table.select().where(table.c.run_id == run_id).order_by(table.c.level, table.c.first_step)
        for row in connection.execute(query):
            found.setdefault(row.level, []).append((row.first_step, row.last_step))
    return found


def _check_look(store: Store, run_id: str, steps: np.ndarray, values: np.ndarray, window: tuple[int, int]) -> None:
    """Compare all levels of a window with the values in it."""
    inside = (steps >= window[0]) & (steps < window[1])
    expected = dict(zip(steps[inside].tolist(), values[inside].tolist(), strict=True))
    for level in (1, 2, 3) if expected else ():
        found = store.curve_extremes(run_id, "loss", level, *window)
        assert len(expected) / bucket_span(level) <= len(found) <= len(expected)
        before = np.minimum(found["least_step"], found["greatest_step"])
        after = np.maximum(found["least_step"], found["greatest_step"])
        assert (before[1:] > after[:-1]).all(), "buckets overlap"
        assert [expected[step] for step in found["least_step"].tolist()] == found["least"].tolist()
        assert [expected[step] for step in found["greatest_step"].tolist()] == found["greatest"].tolist()
        assert (found["least"].min(), found["greatest"].max()) == (min(expected.values()), max(expected.values()))


@pytest.mark.usefixtures("small")
def test_any_look_is_at_the_values_whatever_was_done(store: Store) -> None:
    @settings(max_examples=_examples(store))
    @given(moves=MOVES, seed=st.integers(0, 2**32 - 1))
    def check(moves: list[tuple[str, float]], seed: int) -> None:
        draw = np.random.default_rng(seed)
        attempt = claimed(store, new_run(store))
        steps, values, upcoming = np.empty(0, np.int64), np.empty(0, np.float32), 1
        for move, size in moves:
            if move == "append":
                new = draw.standard_normal(int(size)).astype(np.float32)
                attempt.curves({"loss": (upcoming, new)})
                steps, values = np.append(steps, upcoming + np.arange(len(new))), np.append(values, new)
                upcoming += len(new)
            elif move == "gap":
                upcoming += int(size)
            elif move == "rewind":
                last = int(size * upcoming)
                attempt.rewind(last, 0, None)
                steps, values, upcoming = steps[steps <= last], values[steps <= last], last + 1
            else:
                attempt = _resumed(store, attempt)
        for window in [(0, upcoming + 1), *np.sort(draw.integers(0, upcoming + 2, (4, 2)), axis=1).tolist()]:
            _check_look(store, attempt.run_id, steps, values, window)

    check()


@pytest.mark.usefixtures("small")
def test_the_database_holds_the_same_as_if_all_had_been_written_at_once(store: Store) -> None:
    pieces = st.lists(st.tuples(st.integers(1, 150), st.none() | st.floats(0, 1), st.booleans()), max_size=8)

    @settings(max_examples=_examples(store))
    @given(pieces=pieces, more=st.integers(1, 400))
    def check(pieces: list[tuple[int, float | None, bool]], more: int) -> None:
        values = np.random.default_rng(more).standard_normal(1600).astype(np.float32)
        attempt, done = claimed(store, new_run(store)), 0
        for count, rewound, anew in [*pieces, (more, None, False)]:
            attempt.curves({"loss": (done + 1, values[done : done + count])})
            done += count
            if rewound is not None:
                done = int(rewound * done)
                attempt.rewind(done, 0, None)
            if anew:
                attempt = _resumed(store, attempt)
        whole = claimed(store, new_run(store))
        whole.curves({"loss": (1, values[:done])})
        assert _rows(store, attempt.run_id) == _rows(store, whole.run_id)

    check()


def _examples(store: Store) -> int:
    """Try less where each transaction takes long."""
    return 40 if store._database.is_sqlite else 5


def _resumed(store: Store, attempt: Attempt) -> Attempt:
    attempt.end(State.SUSPENDED)
    store.request_start(attempt.run_id)
    return claimed(store, attempt.run_id)


@pytest.mark.usefixtures("small")
def test_blocks_are_rolled_up_and_rows_again(store: Store) -> None:
    attempt = claimed(store, new_run(store))
    attempt.curves({"loss": (1, np.zeros(24, np.float32))})
    # The last block may be written again, so it isn't rolled up before another follows.
    assert _levels(store, attempt.run_id) == {}
    attempt.curves({"loss": (25, np.zeros(1, np.float32))})
    assert _levels(store, attempt.run_id) == {1: [(1, 24)]}
    attempt.curves({"loss": (26, np.zeros(200, np.float32))})
    firsts = range(1, 200, 24)
    assert _levels(store, attempt.run_id) == {
        1: [(first, first + 23) for first in firsts],
        2: [(1, 72), (73, 144), (145, 216)],
        3: [(1, 216)],
    }


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("last", [40, 46])
def test_a_short_block_before_a_gap_is_not_rolled_up_twice(store: Store, last: int) -> None:
    attempt = claimed(store, new_run(store))
    attempt.curves({"loss": (1, np.zeros(16, np.float32))})
    attempt.curves({"loss": (41, np.full(5, 3, np.float32))})
    attempt.curves({"loss": (61, np.zeros(5, np.float32))})
    assert _levels(store, attempt.run_id) == {1: [(1, 45)]}
    attempt.rewind(last, 0, None)
    assert _levels(store, attempt.run_id) == {}
    attempt.curves({"loss": (last + 1, np.ones(30, np.float32))})
    found = store.curve_extremes(attempt.run_id, "loss", 1, 0, 1000)
    assert (np.diff(found["greatest_step"]) > 0).all()
    assert found["greatest"].max() == (3 if last > 40 else 1)


@pytest.mark.usefixtures("small")
def test_a_look_at_a_series_of_any_length_reads_few_rows(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []

    def counting(function: Callable[..., list[Any]]) -> Callable[..., list[Any]]:
        def counted(*arguments: Any) -> list[Any]:
            found = function(*arguments)
            read.append(len(found))
            return found

        return counted

    monkeypatch.setattr(curves, "_chunks", counting(curves._chunks))
    monkeypatch.setattr(levels, "_read", counting(levels._read))
    attempt, most = claimed(store, new_run(store)), []
    for first, count in [(1, 499), (500, 4500), (5000, 25_000)]:
        attempt.curves({"loss": (first, np.zeros(count, np.float32))})
        for window in [(None, None), (first // 3, first + count // 2)]:
            read.clear()
            curve(store, attempt.run_id, "loss", start=window[0], stop=window[1], points=50)
            most.append(sum(read))
    assert max(most) < 50, most


def test_adding_to_a_series_of_any_length_reads_nothing_back(store: Store, statements: Any) -> None:
    attempt = claimed(store, new_run(store))
    attempt.curves({"loss": (1, np.zeros(70_000, np.float32))})
    with statements(store) as executed:
        attempt.curves({"loss": (70_001, np.zeros(70_000, np.float32))})
    about_curves = [statement for statement in executed if "training_curve" in statement]
    assert len(about_curves) == 2
    assert all(statement.startswith("INSERT") for statement in about_curves)
