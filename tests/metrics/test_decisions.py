from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score
from torchmetrics.classification import MulticlassAccuracy

from dltrainer_jupyter.core import registry
from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.protocols import Signature
from dltrainer_jupyter.metrics.classification import F1, Accuracy
from dltrainer_jupyter.metrics.confusion import ConfusionMatrix
from dltrainer_jupyter.metrics.decisions import chosen, decide
from dltrainer_jupyter.metrics.examining import examiner_for
from dltrainer_jupyter.metrics.examining.kept import Kept
from dltrainer_jupyter.metrics.examining.shares import shares
from dltrainer_jupyter.metrics.function_metric import FunctionMetric
from dltrainer_jupyter.metrics.object_metric import ObjectMetric

OUTPUTS = np.array([[3.0, 1.0, 0.0], [0.0, 2.0, 1.0], [0.0, 1.0, 2.0], [5.0, 0.0, 1.0]], dtype=np.float32)
SHARES = np.array([[0.9, 0.1, 0.0], [0.3, 0.0, 0.7], [0.0, 0.4, 0.6], [0.5, 0.25, 0.25]], dtype=np.float32)


def test_shares_of_classes_count_as_the_largest() -> None:
    predicted, true = decide(OUTPUTS, SHARES)
    assert predicted.tolist() == [0, 1, 2, 0]
    assert true.tolist() == [0, 2, 2, 0]


def test_a_share_of_one_class_counts_as_the_nearer_label() -> None:
    _, true = decide(np.ones((4, 1)), np.array([[0.0], [0.2], [0.9], [1.0]], dtype=np.float32))
    assert true.tolist() == [0, 0, 1, 1]


def test_metrics_of_mixed_samples_are_those_of_their_hard_labels() -> None:
    hard = SHARES.argmax(axis=1)
    for make in (
        lambda: Accuracy(Accuracy.Config(), outputs=3),
        lambda: F1(F1.Config(), outputs=3),
        lambda: ObjectMetric(
            MulticlassAccuracy(3), "accuracy", "classification", torch.from_numpy, higher_is_better=True
        ),
    ):
        soft, plain = make(), make()
        soft.update(OUTPUTS, SHARES, [3, 1])
        plain.update(OUTPUTS, hard, [3, 1])
        assert soft.compute() == plain.compute() < 1


def test_shares_of_another_number_of_classes_are_no_targets() -> None:
    with pytest.raises(ConfigurationError, match=r"got outputs \(4, 3\) and targets \(4, 2\)"):
        decide(OUTPUTS, SHARES[:, :2])


def test_where_scores_are_no_numbers_nothing_is_decided() -> None:
    nan, inf = np.nan, np.inf
    rows = np.array([[1, 2], [nan, 2], [1, nan], [inf, 2], [-inf, 2], [-inf, -inf], [inf, -inf]], np.float32)
    assert chosen(rows).tolist() == [1, -1, -1, -1, 1, -1, -1]
    assert np.isnan(shares(rows)[0]).any(axis=1).tolist() == (chosen(rows) < 0).tolist()
    assert chosen(np.array([[1.0], [-1.0], [nan], [inf], [-inf]])).tolist() == [[1], [0], [-1], [-1], [0]]
    assert chosen(np.array([2.0, nan])).tolist() == [1, -1]
    assert chosen(np.moveaxis(rows.reshape(1, 7, 2), 2, 1)).tolist() == [chosen(rows).tolist()]
    large = np.array([[1e300, -1e300], [np.nan, 0]])
    assert np.isnan(shares(large)[0]).any(axis=1).tolist() == (chosen(large) < 0).tolist() == [False, True]


@settings(max_examples=80, deadline=None)
@given(seed=st.integers(0, 2**32), classes=st.integers(1, 8), there=st.integers(1, 8), spoilt=st.sampled_from([0, 0.3]))
def test_metrics_matrix_and_examiner_agree(seed: int, classes: int, there: int, spoilt: float) -> None:
    """Whatever scores hold, and however few of the classes have an example."""
    rng = np.random.default_rng(seed)
    targets = rng.integers(0, min(there, max(classes, 2)), 40)
    outputs = rng.standard_normal((40, classes)).astype(np.float32)
    bad = rng.random(outputs.shape) < spoilt / classes
    outputs[bad] = rng.choice([np.nan, np.inf, -np.inf], int(bad.sum()))

    def value(name: str, **config: str) -> float:
        kind = registry.find("metrics", name)
        metric = kind(kind.Config(**config), outputs=classes)
        metric.update(outputs[:15], targets[:15], [15])
        metric.update(outputs[15:], targets[15:], [25])
        return metric.compute()

    examiner = examiner_for(Signature("classification", (3,), classes), Kept(seed=0, most=40))
    confusion = ConfusionMatrix(classes)
    for observer in (examiner, confusion):
        observer.update(outputs, targets, [40])
    said, kept = examiner.summary(), examiner.examples()
    overall, undecided = said["overall"], int((kept["prediction"] < 0).sum())
    assert undecided == (chosen(outputs) < 0).sum()
    assert kept["correct"].mean() == overall["accuracy"] == value("accuracy")
    assert sum(row["predicted"] for row in said["classes"]) == confusion.counts.sum() == 40 - undecided
    assert confusion.counts.sum(axis=0).tolist() == [row["predicted"] for row in said["classes"]]
    assert sum(note.startswith(f"{undecided} of 40 ") for note in said["notes"]) == bool(undecided)
    for average in ("macro", "micro", "weighted"):
        assert {name: value(name, average=average) for name in overall[average]} == overall[average]
    if classes <= 2:
        assert value("recall", average="binary") == said["classes"][1]["recall"]
    if classes > 5:
        assert value("top5") == overall["top5"]
    for name, key in (("roc_auc", "auc_macro"), ("average_precision", "ap_macro"), ("calibration_error", "ece")):
        assert value(name) == pytest.approx(overall[key], abs=1e-12, nan_ok=True)
    if len(np.unique(targets)) == 1:
        assert np.isnan(overall["auc_macro"])


@given(seed=st.integers(0, 2**32), classes=st.integers(1, 4))
def test_pixels_that_nothing_is_decided_about_are_wrong(seed: int, classes: int) -> None:
    rng = np.random.default_rng(seed)
    outputs = rng.standard_normal((3, classes, 6, 6)).astype(np.float32)
    targets = rng.integers(0, max(classes, 2), (3, 6, 6))
    spoilt = rng.random((3, 6, 6)) < 0.3
    spoilt[0] = True
    outputs[:, 0][spoilt] = np.nan
    examiner = examiner_for(Signature("segmentation", (3, 6, 6), classes), Kept(seed=0, most=3))
    examiner.update(outputs, targets, [3])
    overall = examiner.summary()["overall"]
    decided = np.zeros_like(targets) + (outputs[:, 0] > 0) if classes == 1 else outputs.argmax(axis=1)
    assert overall["pixel_accuracy"] == pytest.approx(((decided == targets) & ~spoilt).mean())
    assert examiner.examples()["score"][0] == 0
    for name, expected in overall.items():
        kind = registry.find("metrics", name)
        metric = kind(kind.Config(), outputs=classes)
        metric.update(outputs, targets, [3])
        assert metric.compute() == pytest.approx(expected, abs=1e-12, nan_ok=True)


def test_a_function_of_ones_own_is_told_that_nothing_was_decided() -> None:
    spoilt = OUTPUTS.copy()
    spoilt[0, 1] = np.nan
    told = FunctionMetric(accuracy_score, "accuracy", "classification", higher_is_better=True)
    told.update(spoilt, np.array([1, 1, 2, 0]), [4])
    assert told.compute() == 0.75
