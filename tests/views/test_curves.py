from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.store import Store
from dltrainer_jupyter.store.attempts import Attempt
from dltrainer_jupyter.views.curves import curve, decimated

_VALUES = npst.arrays(np.float32, st.integers(0, 300), elements=st.floats(width=32))


def check(steps: np.ndarray, values: np.ndarray, kept: tuple[np.ndarray, np.ndarray], points: int) -> None:
    """What is kept is a part of what there was, short enough, with both ends and both extremes."""
    found_steps, found = kept
    assert len(found_steps) == len(found) == min(len(steps), len(found))
    assert len(found) <= points
    assert (np.diff(found_steps) > 0).all()
    assert np.array_equal(found, values[np.searchsorted(steps, found_steps)], equal_nan=True)
    if len(steps):
        assert (found_steps[0], found_steps[-1]) == (steps[0], steps[-1])
    if not np.isnan(values).all():
        assert np.nanmin(found) == np.nanmin(values)
        assert np.nanmax(found) == np.nanmax(values)


@given(_VALUES, st.integers(4, 60), st.integers(0, 1000))
def test_extremes_and_ends_are_kept(values: np.ndarray, points: int, first: int) -> None:
    steps = np.arange(first, first + len(values))
    check(steps, values, decimated(steps, values, points), points)


def test_every_bucket_keeps_its_spike() -> None:
    values = np.zeros(100_000, np.float32)
    spikes = np.arange(50, 100_000, 1000)
    values[spikes] = 1
    steps, found = decimated(np.arange(100_000), values, 1000)
    assert set(steps[found == 1]) == set(spikes)


def test_spikes_beside_nans_are_kept() -> None:
    values = np.full(10_000, np.nan, np.float32)
    values[[123, 124]] = [7, -7]
    _, found = decimated(np.arange(10_000), values, 100)
    assert {7.0, -7.0} <= set(found.tolist())


def test_a_short_series_is_left_alone() -> None:
    steps, values = np.arange(5), np.arange(5, dtype=np.float32)
    assert decimated(steps, values, 5) == (steps, values)


def test_gaps_are_no_trouble() -> None:
    steps = np.concatenate([np.arange(1000), np.arange(10**9, 10**9 + 1000)])
    values = np.random.default_rng(0).normal(size=2000).astype(np.float32)
    check(steps, values, decimated(steps, values, 50), 50)


# --- from the store -------------------------------------------------------------------------------------


@pytest.fixture
def long(store: Store, begin: Callable[..., Attempt]) -> np.ndarray:
    """A series of many blocks, with a spike up and one down."""
    values = np.random.default_rng(1).normal(size=60_000).astype(np.float32)
    values[[31_234, 40_001]] = [50, -50]
    begin().curves({"train_loss": (1, values)})
    return values


@pytest.mark.parametrize("points", [10, 200, 10**9])
def test_near_and_far_views_keep_the_extremes(store: Store, long: np.ndarray, points: int) -> None:
    steps = np.arange(1, 60_001)
    check(steps, long, curve(store, "run-1", "train_loss", points=points), points)


@pytest.mark.parametrize("points", [8, 500])
@pytest.mark.parametrize(
    ("start", "stop"), [(None, 31_235), (31_235, None), (31_235, 31_236), (15_001, 45_000), (40_002, 40_002), (None, 1)]
)
def test_a_window_is_kept_to_and_has_its_own_extremes(
    store: Store, long: np.ndarray, start: int | None, stop: int | None, points: int
) -> None:
    steps = np.arange(start or 1, 60_001 if stop is None else stop)
    check(steps, long[steps - 1], curve(store, "run-1", "train_loss", start=start, stop=stop, points=points), points)


def test_a_far_view_reads_no_values_but_a_near_one_all(
    store: Store, long: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "curve_values", lambda *_: pytest.fail("the values were read"))
    steps, _ = curve(store, "run-1", "train_loss", start=500, stop=59_000, points=900)
    assert len(steps) > 880
    with pytest.raises(pytest.fail.Exception, match="the values were read"):
        curve(store, "run-1", "train_loss", start=500, stop=59_000, points=1000)


@pytest.mark.parametrize("first", [1, 990, 6_000, 70_000])
def test_what_was_shown_stays_when_more_is_added(store: Store, begin: Callable[..., Attempt], first: int) -> None:
    attempt, rng = begin(), np.random.default_rng(2)
    attempt.curves({"train_loss": (1, rng.normal(size=first).astype(np.float32))})
    shown, changed = curve(store, "run-1", "train_loss", points=1000, steady=True), 0
    for step in range(first, first + 2000, 100):
        attempt.curves({"train_loss": (step + 1, rng.normal(size=100).astype(np.float32))})
        now = curve(store, "run-1", "train_loss", points=1000, steady=True)
        assert len(now[0]) <= 1000
        # What is shown of the last buckets changes, since they weren't full.
        changed += not np.array_equal(now[0][: len(shown[0]) - 12], shown[0][:-12])
        shown = now
    every_value = store.curve_values("run-1", "train_loss")
    check(*every_value, shown, 1000)
    assert changed <= (5 if first < 2000 else 2)


def test_a_steady_view_has_nearly_as_many_points(store: Store, long: np.ndarray) -> None:
    for points in (100, 900, 1000):
        steps, _ = curve(store, "run-1", "train_loss", points=points, steady=True)
        assert 0.66 * points <= len(steps) <= points


def test_blocks_of_nothing_but_nans_come_once(store: Store, begin: Callable[..., Attempt]) -> None:
    begin().curves({"train_loss": (1, np.full(60_000, np.nan, np.float32))})
    steps, values = curve(store, "run-1", "train_loss", points=10)
    assert (np.diff(steps) > 0).all()
    assert np.isnan(values).all()


def test_a_series_nobody_wrote_is_empty(store: Store, begin: Callable[..., Attempt]) -> None:
    begin()
    steps, values = curve(store, "run-1", "train_loss")
    assert (len(steps), steps.dtype, values.dtype) == (0, np.int64, np.float32)


@pytest.mark.parametrize("points", [3, 0, -1])
def test_too_few_points_are_refused(store: Store, begin: Callable[..., Attempt], points: int) -> None:
    begin()
    with pytest.raises(ConfigurationError, match=f"points: expected at least 4, got {points}"):
        curve(store, "run-1", "train_loss", points=points)
