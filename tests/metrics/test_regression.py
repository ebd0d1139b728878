from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from sklearn import metrics as reference

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.metrics.regression import MAE, MSE, R2, RMSE

REFERENCES = {
    MAE: reference.mean_absolute_error,
    MSE: reference.mean_squared_error,
    RMSE: lambda true, predicted: math.sqrt(reference.mean_squared_error(true, predicted)),
    R2: reference.r2_score,
}


def make(metric: type, outputs: int = 1):
    return metric(metric.Config(), outputs)


def values(seed: int, n: int, k: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    targets = rng.normal(rng.normal(0, 100), 3, (n, k)).astype(np.float32)
    return targets + rng.normal(size=(n, k)).astype(np.float32), targets


@pytest.mark.parametrize("metric", REFERENCES)
@settings(deadline=None)
@given(seed=st.integers(0, 10**6), n=st.integers(2, 80), k=st.integers(1, 4))
def test_values_are_those_of_scikit_learn(metric: type, seed: int, n: int, k: int) -> None:
    outputs, targets = values(seed, n, k)
    found = make(metric, k)
    found.update(outputs, targets, [n])
    expected = REFERENCES[metric](targets.astype(np.float64), outputs.astype(np.float64))
    assert found.compute() == pytest.approx(expected, rel=1e-9)


@st.composite
def batches_and_calls(draw: st.DrawFn) -> tuple[list[int], list[int]]:
    """Sizes of batches, and how many of them each call of update() brings."""
    sizes = draw(st.lists(st.integers(1, 70), min_size=1, max_size=12))
    calls = []
    while sum(calls) < len(sizes):
        calls.append(draw(st.integers(1, len(sizes) - sum(calls))))
    return sizes, calls


@pytest.mark.parametrize("metric", REFERENCES)
@settings(deadline=None)
@given(case=batches_and_calls(), seed=st.integers(0, 10**6), k=st.integers(1, 20))
def test_grouping_batches_into_calls_changes_no_bit(metric: type, case, seed: int, k: int) -> None:
    sizes, calls = case
    outputs, targets = values(seed, sum(sizes), k)
    ends = np.cumsum([0, *sizes])

    def run(calls: list[int], resume_after: int | None = None) -> tuple[bytes, float]:
        found, batch = make(metric, k), 0
        for number, count in enumerate(calls):
            if number == resume_after:
                state, found = found.state(), make(metric, k)
                found.load_state(state)
            part = slice(ends[batch], ends[batch + count])
            found.update(outputs[part], targets[part], sizes[batch : batch + count])
            batch += count
        return found.state()["sums"].tobytes(), found.compute()

    one_by_one = run([1] * len(sizes))
    for other in (run(calls), run([len(sizes)]), run(calls, resume_after=len(calls) // 2)):
        assert other[0] == one_by_one[0]
        assert np.float64(other[1]).tobytes() == np.float64(one_by_one[1]).tobytes()


def test_r2_keeps_its_digits_far_from_zero() -> None:
    rng = np.random.default_rng(0)
    targets = 1e8 + rng.normal(size=(1000, 1))
    outputs = targets + 0.1 * rng.normal(size=(1000, 1))
    found = make(R2)
    found.update(outputs, targets, [100] * 10)
    assert found.compute() == pytest.approx(reference.r2_score(targets, outputs), rel=1e-6)


@pytest.mark.parametrize(("predicted", "expected"), [(0.1, 1.0), (0.2, 0.0)])
def test_r2_of_targets_that_do_not_vary(predicted: float, expected: float) -> None:
    found = make(R2)
    found.update(np.full((7, 1), predicted), np.full((7, 1), 0.1), [3, 4])
    assert found.compute() == expected


def test_r2_of_a_single_sample_is_no_number() -> None:
    found = make(R2)
    found.update(np.ones((1, 1)), np.ones((1, 1)), [1])
    assert math.isnan(found.compute())


@pytest.mark.parametrize("metric", REFERENCES)
def test_nothing_taken_in_is_no_number(metric: type) -> None:
    found = make(metric)
    assert math.isnan(found.compute())
    found.update(np.zeros((0, 1)), np.zeros((0, 1)), [])
    assert math.isnan(found.compute())
    found.update(*values(0, 5, 1), [5])
    first = found.compute()
    found.reset()
    assert math.isnan(found.compute())
    found.update(*values(0, 5, 1), [5])
    assert found.compute() == first


@pytest.mark.parametrize("metric", REFERENCES)
def test_empty_batches_count_for_nothing(metric: type) -> None:
    outputs, targets = values(0, 9, 2)
    first, second = make(metric, 2), make(metric, 2)
    first.update(outputs, targets, [4, 5])
    second.update(outputs, targets, [0, 4, 0, 5, 0])
    assert first.compute() == second.compute()


def test_a_model_that_gives_a_flat_output_is_understood() -> None:
    found = make(MAE)
    found.update(np.array([1.0, 2.0]), np.array([[1.0], [4.0]]), [2])
    assert found.compute() == 1.0


def test_outputs_of_another_shape_are_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"of one shape, got \(2, 2\) and \(2, 1\)"):
        make(MAE).update(np.zeros((2, 2)), np.zeros((2, 1)), [2])


def test_a_lost_loss_shows() -> None:
    found = make(MSE)
    found.update(np.array([[np.nan], [1.0]]), np.ones((2, 1)), [2])
    assert math.isnan(found.compute())


@pytest.mark.parametrize("metric", REFERENCES)
def test_a_metric_is_a_part_as_every_other(metric: type) -> None:
    assert metric.description.endswith(".")
    assert metric.higher_is_better is (metric is R2)
    assert metric.task == ("regression",)
    with pytest.raises(ValidationError, match="Extra inputs"):
        metric.Config(squared=True)
