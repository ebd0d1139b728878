"""What every store must do with long series: keep each value, and show them quickly from any distance."""

# ruff: noqa: S101, PLR2004 - assert is how a test speaks, and expected values are written where they are expected

from __future__ import annotations

import numpy as np
import pytest

from dltrainer_jupyter.core.states import State
from dltrainer_jupyter.store import Attempt, Store
from dltrainer_jupyter.store.extremes import Values
from dltrainer_jupyter.testing.store_samples import claimed, new_run
from dltrainer_jupyter.views.curves import curve

_POINTS = 2000


class CurveContract:
    """The part of :class:`~dltrainer_jupyter.testing.store_contract.StoreContract` that is about series."""

    def test_a_single_spike_among_a_million_points_is_seen_from_afar(self, store: Store) -> None:
        """Wherever it is, in the oldest block, in the newest, or between."""
        values, spikes = _noise(1_000_000), [0, 1, 123_456, 700_001, 999_998]
        values[spikes] = [50, -50, 60, -60, 70]
        run_id = _written(store, values).run_id
        steps, seen = curve(store, run_id, "loss", points=_POINTS)
        assert 0.9 * _POINTS < len(steps) <= _POINTS
        assert set(seen[np.abs(seen) > 40].tolist()) == {50, -50, 60, -60, 70}
        assert {spike + 1 for spike in spikes} < set(steps.tolist())
        assert steps[[0, -1]].tolist() == [1, 1_000_000]
        np.testing.assert_array_equal(seen, values[steps - 1])

    def test_a_look_shows_each_part_of_a_series_alike(self, store: Store) -> None:
        """What was written last is not nearer than the rest, however far it is rolled up."""
        run_id = _written(store, _noise(700_000)).run_id
        for start, stop in [(1, 700_001), (12_345, 678_901)]:
            steps, _ = curve(store, run_id, "loss", start=start, stop=stop, points=_POINTS)
            in_tenths, _ = np.histogram(steps, np.linspace(start, stop, 11))
            assert in_tenths.min() > 0.8 * in_tenths.max()

    @pytest.mark.parametrize("start", [1, 2_048, 2_049, 32_768, 32_769, 199_500])
    def test_a_near_look_gives_the_values_themselves(self, store: Store, start: int) -> None:
        """On both sides of every border there is between blocks, and between what is rolled up and what isn't."""
        values = _noise(200_000)
        values[[start + 6, start + 7]] = [np.nan, np.inf]
        run_id = _written(store, values).run_id
        stop = min(start + _POINTS, 200_001)
        steps, seen = curve(store, run_id, "loss", start=start, stop=stop, points=_POINTS)
        assert steps.tolist() == list(range(start, stop))
        assert seen.tobytes() == values[start - 1 : stop - 1].tobytes()

    @pytest.mark.parametrize("last", [0, 1, 31_999, 32_767, 32_768, 32_769, 65_536, 69_999])
    def test_after_rewinding_anywhere_a_series_is_as_if_it_had_ended_there(self, store: Store, last: int) -> None:
        """Within a block, at its end, and within what is rolled up; and what follows finds its place."""
        before, after = _noise(70_000), _noise(50_000)
        before[[31_999, 69_998]] = [80, -80]
        attempt = _written(store, before)
        attempt.rewind(last, 0, None)
        expected = before[:last]
        _same(store, attempt.run_id, expected)
        attempt.curves({"loss": (last + 1, after)})
        _same(store, attempt.run_id, np.concatenate([expected, after]))

    def test_another_trainer_goes_on_where_one_was_cut_short(self, store: Store) -> None:
        """It knows nothing of what was rolled up before, and leaves nothing out."""
        values = _noise(150_000)
        attempt = _written(store, values[:70_001])
        for start, stop in [(70_001, 100_000), (100_000, 150_000)]:
            attempt.end(State.SUSPENDED)
            store.request_start(attempt.run_id)
            attempt = claimed(store, attempt.run_id)
            attempt.curves({"loss": (start + 1, values[start:stop])})
        _same(store, attempt.run_id, values)

    def test_a_series_with_gaps_is_seen_whole(self, store: Store) -> None:
        """A look that finds few values goes nearer until it has enough, or all there are."""
        attempt = claimed(store, new_run(store))
        firsts = [1 + 10_000 * number for number in range(100)]
        with attempt.transaction():
            for first in firsts:
                attempt.curves({"loss": (first, np.arange(30, dtype=np.float32))})
        steps, seen = curve(store, attempt.run_id, "loss", points=3000)
        assert steps.tolist() == [first + number for first in firsts for number in range(30)]
        assert seen.tolist() == [*range(30)] * 100
        steps, seen = curve(store, attempt.run_id, "loss", points=500)
        assert 300 < len(steps) <= 500
        assert (seen.min(), seen.max()) == (0, 29)


def _noise(count: int) -> Values:
    return np.random.default_rng(count).standard_normal(count).astype(np.float32)


def _written(store: Store, values: Values) -> Attempt:
    """Write a series from step 1 on, in pieces of odd lengths."""
    attempt = claimed(store, new_run(store))
    with attempt.transaction():
        for first in range(0, len(values), 30_011):
            attempt.curves({"loss": (first + 1, values[first : first + 30_011])})
    return attempt


def _same(store: Store, run_id: str, expected: Values) -> None:
    """Compare a series with what it should hold, read from near and from afar."""
    steps, values = store.curve_values(run_id, "loss")
    assert steps.tolist() == list(range(1, len(expected) + 1))
    assert values.tobytes() == expected.tobytes()
    seen_steps, seen = curve(store, run_id, "loss", points=100)
    assert len(seen_steps) <= 100
    np.testing.assert_array_equal(seen, expected[seen_steps - 1])
    if len(expected):
        assert (seen.min(), seen.max()) == (expected.min(), expected.max())
        assert seen_steps[[0, -1]].tolist() == [1, len(expected)]
