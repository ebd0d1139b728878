from __future__ import annotations

import math
import subprocess
import sys
import timeit

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from sklearn import metrics as reference

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.validation import validate
from dltrainer_jupyter.metrics.classification import F1, Accuracy, Precision, Recall

REFERENCES = {
    Precision: reference.precision_score,
    Recall: reference.recall_score,
    F1: reference.f1_score,
}


def make(metric: type, outputs: int, **config):
    return metric(validate(metric.Config, config), outputs)


def samples(seed: int, n: int, classes: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, classes)).astype(np.float32), rng.integers(0, classes, n)


@pytest.mark.parametrize("metric", REFERENCES)
@pytest.mark.parametrize("average", ["macro", "micro", "weighted"])
@settings(deadline=None)
@given(seed=st.integers(0, 10**6), n=st.integers(1, 60), classes=st.integers(2, 8), zero=st.sampled_from([0, 1]))
def test_scores_are_those_of_scikit_learn(
    *, metric: type, average: str, seed: int, n: int, classes: int, zero: int
) -> None:
    outputs, targets = samples(seed, n, classes)
    found = make(metric, classes, average=average, zero_division=zero)
    found.update(outputs, targets, [n])
    expected = REFERENCES[metric](targets, outputs.argmax(1), average=average, zero_division=zero)
    assert found.compute() == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("metric", REFERENCES)
@pytest.mark.parametrize("shape", [(50,), (50, 1)])
def test_a_single_logit_decides_at_zero(metric: type, shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(0)
    logits, targets = rng.normal(size=shape).astype(np.float32), rng.integers(0, 2, shape).astype(np.float32)
    found = make(metric, 1, average="binary")
    found.update(logits, targets, [50])
    assert found.compute() == pytest.approx(REFERENCES[metric](targets.ravel(), logits.ravel() > 0))


@pytest.mark.parametrize("classes", [1, 2, 10])
def test_accuracy_is_that_of_scikit_learn(classes: int) -> None:
    outputs, targets = samples(0, 200, classes)
    targets = targets if classes > 1 else (targets + np.arange(200)) % 2
    found = make(Accuracy, classes)
    found.update(outputs, targets, [200])
    predicted = outputs.argmax(1) if classes > 1 else outputs[:, 0] > 0
    assert found.compute() == reference.accuracy_score(targets, predicted)


def test_a_class_for_each_position() -> None:
    outputs = np.zeros((2, 3, 4), dtype=np.float32)
    outputs[:, 1] = 1
    targets = np.array([[1, 1, 0, 2], [1, 1, 1, 1]])
    found = make(Accuracy, 3)
    found.update(outputs, targets, [2])
    assert found.compute() == 6 / 8


@pytest.mark.parametrize("metric", [Accuracy, *REFERENCES])
@settings(deadline=None)
@given(seed=st.integers(0, 1000), cut=st.integers(0, 40))
def test_a_saved_state_goes_on_to_the_same_bits(metric: type, seed: int, cut: int) -> None:
    outputs, targets = samples(seed, 40, 5)
    whole, first, second = (make(metric, 5) for _ in range(3))
    whole.update(outputs, targets, [8] * 5)
    first.update(outputs[:cut], targets[:cut], [cut])
    second.update(outputs[:1], targets[:1], [1])
    state = first.state()
    first.update(outputs, targets, [40])  # what happens later must not reach the saved state
    second.load_state(state)
    second.update(outputs[cut:], targets[cut:], [40 - cut])
    assert second.compute() == whole.compute()


@pytest.mark.parametrize("metric", [Accuracy, *REFERENCES])
def test_nothing_taken_in_is_no_number(metric: type) -> None:
    found = make(metric, 3)
    assert math.isnan(found.compute())
    found.update(np.zeros((0, 3), dtype=np.float32), np.zeros(0, dtype=np.int64), [])
    assert math.isnan(found.compute())
    found.update(*samples(0, 5, 3), [5])
    assert not math.isnan(found.compute())
    found.reset()
    assert math.isnan(found.compute())


@pytest.mark.parametrize("metric", REFERENCES)
def test_any_number_of_classes_is_counted(metric: type) -> None:
    outputs, targets = samples(0, 20, 50_000)
    found = make(metric, 50_000)
    found.update(outputs, targets, [20])
    expected = REFERENCES[metric](targets, outputs.argmax(1), average="macro", zero_division=0)
    assert found.compute() == pytest.approx(expected, rel=1e-12)


def test_bad_input_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="f1: average 'binary' is for two classes, not for 3"):
        make(F1, 3, average="binary")
    with pytest.raises(ConfigurationError, match=r"got outputs \(4, 3\) and targets \(5,\)"):
        make(Accuracy, 3).update(np.zeros((4, 3)), np.zeros(5, dtype=int), [4])
    with pytest.raises(ConfigurationError, match=r"expected targets from 0 to 2, .* got 3"):
        make(F1, 3).update(np.zeros((1, 3)), np.array([3]), [1])
    with pytest.raises(ConfigurationError, match="got -1"):
        make(F1, 3).update(np.zeros((1, 3)), np.array([-1]), [1])


@pytest.mark.parametrize("metric", [Accuracy, *REFERENCES])
def test_a_metric_is_a_part_as_every_other(metric: type) -> None:
    assert metric.description.endswith(".")
    assert metric.higher_is_better
    assert metric.task == ("classification",)
    assert all(field["description"] for field in metric.Config.model_json_schema()["properties"].values())
    with pytest.raises(ValidationError, match="Extra inputs"):
        metric.Config(averaging="macro")


def test_accuracy_of_32_batches_takes_no_time() -> None:
    outputs, targets = samples(0, 32 * 64, 10)
    found = make(Accuracy, 10)
    # The shortest of many: other work on the machine can only make it longer.
    seconds = min(timeit.repeat(lambda: found.update(outputs, targets, [64] * 32), number=1, repeat=300))
    assert seconds <= 100e-6


def test_metrics_import_no_scikit_learn() -> None:
    code = (
        "import sys, numpy as np\n"
        "from dltrainer_jupyter.metrics.classification import F1, Accuracy\n"
        "from dltrainer_jupyter.metrics.regression import R2\n"
        "import dltrainer_jupyter.metrics.custom\n"
        "for metric in (Accuracy(Accuracy.Config(), 2), F1(F1.Config(), 2), R2(R2.Config(), 2)):\n"
        "    metric.update(np.eye(2), np.eye(2) if metric.name == 'r2' else np.arange(2), [2])\n"
        "    assert metric.compute() == 1.0\n"
        "print([name for name in ('torch', 'sklearn', 'pandas', 'torchmetrics') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
