"""What an examiner says of values is what scikit-learn says of the same outputs."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from dltrainer_jupyter.core.protocols import Signature
from dltrainer_jupyter.metrics.examining import examiner_for, residuals
from dltrainer_jupyter.metrics.examining.kept import Kept
from dltrainer_jupyter.metrics.examining.regression import ValueExaminer


def _examiner(most: int = 1000) -> ValueExaminer:
    made = examiner_for(Signature("regression", (3,), 1), Kept(seed=5, most=most))
    assert isinstance(made, ValueExaminer)
    return made


def _examined(outputs: Any, targets: Any) -> dict[str, Any]:
    made = _examiner()
    made.update(outputs, targets, [len(outputs)])
    return made.summary()


@st.composite
def _sets(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    shape = draw(st.integers(2, 120)), draw(st.integers(1, 4))
    far = draw(st.sampled_from([0.0, 1000.0]))
    targets = far + rng.standard_normal(shape)
    if draw(st.booleans()):
        targets = targets.round()
    outputs = targets + draw(st.sampled_from([0.0, 0.1, 10.0])) * rng.standard_normal(shape)
    return outputs.astype(np.float32), targets.astype(np.float32)


@settings(max_examples=150, deadline=None)
@given(_sets())
def test_everything_equals_scikit_learn(drawn: tuple[np.ndarray, np.ndarray]) -> None:
    outputs, targets = drawn
    said = _examined(outputs, targets)
    # What scikit-learn computes in 32 bits is off by more than we are.
    true, predicted = targets.astype(np.float64), outputs.astype(np.float64)
    overall = said["overall"]
    assert overall["mae"] == pytest.approx(metrics.mean_absolute_error(true, predicted), rel=1e-6, abs=1e-9)
    assert overall["rmse"] == pytest.approx(math.sqrt(metrics.mean_squared_error(true, predicted)), rel=1e-6, abs=1e-9)
    assert overall["r2"] == pytest.approx(metrics.r2_score(true, predicted), rel=1e-6, abs=1e-6)
    for number, row in enumerate(said["outputs"]):
        one, other = true[:, number], predicted[:, number]
        assert row["mae"] == pytest.approx(metrics.mean_absolute_error(one, other), rel=1e-6, abs=1e-9)
        assert row["rmse"] == pytest.approx(metrics.root_mean_squared_error(one, other), rel=1e-6, abs=1e-9)
        assert row["r2"] == pytest.approx(metrics.r2_score(one, other), rel=1e-6, abs=1e-6)
        assert row["mean_residual"] == pytest.approx((other - one).mean(), abs=1e-6)


@settings(max_examples=50, deadline=None)
@given(_sets(), st.integers(1, 7), st.integers(1, 60))
def test_the_same_is_said_of_the_same_batches_however_they_are_grouped(
    drawn: tuple[np.ndarray, np.ndarray], size: int, most: int
) -> None:
    outputs, targets = drawn
    sizes = [min(size, len(outputs) - start) for start in range(0, len(outputs), size)]
    together, apart = _examiner(most), _examiner(most)
    together.update(outputs, targets, sizes)
    for start, length in zip(range(0, len(outputs), size), sizes, strict=True):
        apart.update(outputs[start : start + length], targets[start : start + length], [length])
    assert repr(together.summary()) == repr(apart.summary())
    first, second = together.examples(), apart.examples()
    assert all(first[name].tobytes() == second[name].tobytes() for name in first)
    assert sorted(first) == ["index", "loss", "prediction", "truth"]


def test_residuals_lie_in_bins() -> None:
    rng = np.random.default_rng(0)
    outputs, targets = (rng.standard_normal((500, 2)).astype(np.float32) for _ in range(2))
    told = _examined(outputs, targets)["residuals"]
    counts, edges = np.histogram((outputs - targets).astype(np.float64), 64)
    assert told["counts"] == counts.tolist()
    assert told["edges"] == pytest.approx(edges.tolist())


def test_more_residuals_than_are_kept_are_told_roughly(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    outputs, targets = rng.standard_normal((20_000, 1)).astype(np.float32), np.zeros((20_000, 1), np.float32)
    exact = _examined(outputs, targets)["residuals"]
    monkeypatch.setattr(residuals, "MOST_KEPT", 3000)
    made = _examiner()
    for start in range(0, 20_000, 999):
        some = outputs[start : start + 999]
        made.update(some, np.zeros_like(some), [len(some)])
    said = made.summary()
    assert any("within 3 percent" in note for note in said["notes"])
    assert said["residuals"]["counts"] == _examined(outputs, targets)["residuals"]["counts"]
    assert sum(said["residuals"]["counts"]) == 20_000
    assert said["residuals"]["edges"] == pytest.approx(exact["edges"], rel=0.03, abs=0.1)
    middle = said["residuals"]["counts"][24:40]
    assert middle == pytest.approx(exact["counts"][24:40], rel=0.5)


def test_predictions_that_are_no_numbers_are_told() -> None:
    outputs, targets = np.array([[np.nan], [1.0], [np.inf]], np.float32), np.zeros((3, 1), np.float32)
    said = _examined(outputs, targets)
    assert math.isnan(said["overall"]["mae"])
    assert sum(said["residuals"]["counts"]) == 1
    assert said["notes"][0].startswith("2 residuals aren't finite")


def test_many_values_a_sample_are_bounded() -> None:
    rng = np.random.default_rng(2)
    outputs = rng.standard_normal((30, 1, 28, 28)).astype(np.float32)
    made = _examiner(most=10)
    made.update(outputs, np.zeros_like(outputs), [30])
    said, kept = made.summary(), made.examples()
    assert len(said["outputs"]) == 64
    assert kept["truth"].shape == kept["prediction"].shape == (10, 8)
    assert kept["loss"] == pytest.approx(np.square(outputs[kept["index"]]).mean(axis=(1, 2, 3)), rel=1e-5)
    assert len(said["notes"]) == 2


def test_what_does_not_pair_is_told_and_never_raised() -> None:
    made = _examiner()
    made.update(np.zeros((4, 3), np.float32), np.zeros((4, 2), np.float32), [4])
    assert made.summary()["notes"] == [
        "Nothing is said of values: outputs of shape (4, 3) and targets of shape (4, 2) don't pair."
    ]
    assert made.examples() == {}


def test_one_sample_has_no_r2() -> None:
    said = _examined(np.ones((1, 1), np.float32), np.zeros((1, 1), np.float32))
    assert math.isnan(said["overall"]["r2"])
    assert said["overall"]["mae"] == 1
