"""Metrics of scores equal scikit-learn's, and go on from their state."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as reference

from dltrainer_jupyter.core import registry
from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.metrics.examining import scores
from dltrainer_jupyter.metrics.examining.shares import shares
from dltrainer_jupyter.metrics.scored import AveragePrecision, CalibrationError, OfScores, RocAuc, Top5

ALL = [Top5, RocAuc, AveragePrecision, CalibrationError]


def _made(kind: type[OfScores], outputs: int) -> OfScores:
    return kind(kind.Config(), outputs)


def _value(kind: type[OfScores], outputs: np.ndarray, targets: np.ndarray) -> float:
    made = _made(kind, outputs.shape[-1])
    made.update(outputs, targets, [len(outputs)])
    return made.compute()


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32), classes=st.integers(6, 12), rounded=st.booleans())
def test_values_are_those_of_scikit_learn(seed: int, classes: int, *, rounded: bool) -> None:
    rng = np.random.default_rng(seed)
    targets = rng.permutation(np.concatenate([np.arange(classes), rng.integers(0, classes, 80)]))
    outputs = (rng.standard_normal((len(targets), classes)) * 2).astype(np.float32)
    outputs = outputs.round() if rounded else outputs
    parts = shares(outputs)[0].astype(np.float64)
    wanted = reference.top_k_accuracy_score(targets, outputs, k=5)
    assert _value(Top5, outputs, targets) == pytest.approx(wanted, abs=1e-6)
    wanted = reference.roc_auc_score(targets, parts, multi_class="ovr")
    assert _value(RocAuc, outputs, targets) == pytest.approx(wanted, abs=1e-6)
    wanted = reference.average_precision_score(np.eye(classes)[targets], parts)
    assert _value(AveragePrecision, outputs, targets) == pytest.approx(wanted, abs=1e-6)


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("kept", [2**24, 300])
def test_a_metric_goes_on_from_its_state(kind: type[OfScores], kept: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scores, "MOST_KEPT", kept)
    rng = np.random.default_rng(1)
    outputs, targets = rng.standard_normal((90, 8)).astype(np.float32), rng.integers(0, 8, 90)
    whole, first = _made(kind, 8), _made(kind, 8)
    whole.update(outputs, targets, [90])
    fresh = _made(kind, 8)
    fresh.load_state(first.state())
    assert math.isnan(fresh.compute())
    first.update(outputs[:50], targets[:50], [25, 25])
    second = _made(kind, 8)
    second.load_state(first.state())
    first.update(outputs, targets, [90])
    second.update(outputs[50:], targets[50:], [40])
    assert second.compute() == whole.compute()
    whole.reset()
    assert math.isnan(whole.compute())


@pytest.mark.parametrize("kind", ALL)
def test_what_does_not_fit_is_refused(kind: type[OfScores]) -> None:
    with pytest.raises(ConfigurationError, match=r"got outputs \(4, 3\) and targets \(4, 2\)"):
        _value(kind, np.zeros((4, 3), np.float32), np.zeros((4, 2), int))
    with pytest.raises(ConfigurationError, match="expected targets from 0 to 2, .* got 3"):
        _value(kind, np.zeros((4, 3), np.float32), np.array([0, 1, 2, 3]))


def test_scores_that_are_no_numbers() -> None:
    rng = np.random.default_rng(2)
    outputs, targets = rng.standard_normal((60, 7)).astype(np.float32), rng.integers(0, 7, 60)
    spoilt = outputs.copy()
    spoilt[::3, 2] = np.nan
    left = np.arange(60) % 3 > 0
    assert _value(Top5, spoilt, targets) == pytest.approx(_value(Top5, outputs[left], targets[left]) * 2 / 3)
    for kind in (RocAuc, AveragePrecision, CalibrationError):
        assert _value(kind, spoilt, targets) == _value(kind, outputs[left], targets[left])


def test_with_five_classes_or_fewer_every_class_is_among_the_best() -> None:
    assert _value(Top5, np.zeros((3, 4), np.float32), np.array([0, 1, 2])) == 1


@pytest.mark.parametrize("name", ["top5", "roc_auc", "average_precision", "calibration_error"])
def test_they_are_known_by_name(name: str) -> None:
    found = registry.find("metrics", name)
    assert found.name == name
    assert found.task == ("classification",)
    json.dumps(found.Config.model_json_schema())
