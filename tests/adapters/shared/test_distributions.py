from __future__ import annotations

import numpy as np
import pytest

from dltrainer_jupyter.adapters.shared import distributions
from dltrainer_jupyter.adapters.shared.distributions import distribution, largest


def test_counts_are_numpys() -> None:
    values = np.random.default_rng(0).normal(size=(50, 7)).astype(np.float32)
    found = distribution(values, 8)
    assert found is not None
    counts, edges = np.histogram(values.astype(np.float64), 8)
    np.testing.assert_array_equal(found.counts, counts)
    np.testing.assert_allclose(found.edges, edges, rtol=1e-12)


def test_large_arrays_are_counted_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(0).normal(size=1001)
    values[::10] = np.nan
    whole = distribution(values, 8)
    monkeypatch.setattr(distributions, "_PIECE", 10)
    values[:10] = np.nan
    pieces = distribution(values, 8)
    assert whole is not None
    assert pieces is not None
    assert pieces.counts.sum() == whole.counts.sum() - 9 == 891
    counts, _ = np.histogram(values[np.isfinite(values)], pieces.edges)
    np.testing.assert_array_equal(pieces.counts, counts)


@pytest.mark.parametrize("value", [0.0, -3.5, 1e-320, 1.7976931348623157e308, -1.7976931348623157e308])
def test_a_constant_array_has_one_narrow_bucket(value: float) -> None:
    found = distribution(np.array([value, value, np.inf]), 64)
    assert found is not None
    assert found.counts.tolist() == [2]
    low, high = found.edges
    assert low <= value <= high
    assert low < high
    assert np.isfinite(found.edges).all()
    assert high - low <= 1e-8 + 1e-5 * abs(value)


def test_a_range_too_narrow_for_its_buckets_is_one_bucket() -> None:
    found = distribution(np.array([1.0, np.nextafter(1.0, 2)]), 64)
    assert found is not None
    assert found.counts.tolist() == [2]


def test_the_widest_range_is_divided() -> None:
    found = distribution(np.array([-1.7e308, 1.7e308, 1.6e308]), 4)
    assert found is not None
    assert found.counts.tolist() == [1, 0, 0, 2]
    assert np.isfinite(found.edges).all()


def test_the_smallest_numbers_are_divided() -> None:
    smallest = np.nextafter(0.0, 1.0)
    found = distribution(smallest * np.arange(0, 4096), 4)
    assert found is not None
    np.testing.assert_allclose(found.counts, [1024] * 4, atol=1)


def test_values_on_edges_belong_to_the_bucket_above_and_the_greatest_to_the_last() -> None:
    found = distribution(np.array([-1.0, -0.5, 0.0, 0.0, 0.5, 1.0, 1.0]), 4)
    assert found is not None
    assert found.counts.tolist() == [1, 1, 2, 3]


@pytest.mark.parametrize("values", [[], [np.nan, np.inf, -np.inf]])
def test_nothing_finite_is_nothing(values: list[float]) -> None:
    assert distribution(np.array(values), 4) is None


def test_the_largest_stay_in_their_order() -> None:
    assert list(largest({"a": 1, "b": 5, "c": 2, "d": 5, "e": 5}, 3, int)) == ["b", "d", "e"]
    assert list(largest({"a": 1, "b": 5, "c": 2, "d": 5, "e": 5}, 2, int)) == ["b", "d"]
