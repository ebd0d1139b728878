"""What an examiner says of classes is what scikit-learn says of the same outputs."""

from __future__ import annotations

import math
import re
import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import softmax
from sklearn import metrics

from dltrainer_jupyter.core.protocols import Signature
from dltrainer_jupyter.metrics.examining import examiner_for, scores
from dltrainer_jupyter.metrics.examining.classification import ClassExaminer
from dltrainer_jupyter.metrics.examining.kept import Kept, chosen
from dltrainer_jupyter.metrics.examining.shares import shares

CLOSE = 1e-6


def _examiner(classes: int, *, most: int = 1000, labels: tuple[str, ...] = ()) -> ClassExaminer:
    made = examiner_for(Signature("classification", (3,), classes, labels=labels), Kept(seed=5, most=most))
    assert isinstance(made, ClassExaminer)
    return made


def _examined(outputs: Any, targets: Any, classes: int, **settings: Any) -> dict[str, Any]:
    made = _examiner(classes, **settings)
    made.update(outputs, targets, [len(outputs)])
    return made.summary()


@st.composite
def _sets(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, int]:
    """Draw outputs and targets: few or many classes, some of them perhaps without example, scores perhaps equal."""
    classes = draw(st.integers(2, 12))
    count = draw(st.integers(1, 200))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    there = draw(st.lists(st.integers(0, classes - 1), min_size=1, max_size=classes, unique=True))
    targets = rng.choice(there, count)
    outputs = rng.standard_normal((count, classes)) * draw(st.sampled_from([0.1, 1.0, 10.0]))
    if draw(st.booleans()):
        outputs = outputs.round()
    return outputs.astype(np.float32), targets.astype(np.int64), classes


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(_sets())
def test_everything_equals_scikit_learn(drawn: tuple[np.ndarray, np.ndarray, int]) -> None:
    outputs, targets, classes = drawn
    said, predicted = _examined(outputs, targets, classes), outputs.argmax(axis=1)
    parts = shares(outputs)[0].astype(np.float64)
    labels = np.arange(classes)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        wanted = metrics.precision_recall_fscore_support(targets, predicted, labels=labels, zero_division=0)
        for name, column in zip(("precision", "recall", "f1", "support"), wanted, strict=True):
            assert [row[name] for row in said["classes"]] == pytest.approx(column.tolist(), abs=CLOSE)
        for way in ("macro", "micro", "weighted"):
            mean = metrics.precision_recall_fscore_support(targets, predicted, average=way, zero_division=0)
            got = said["overall"][way]
            assert [got["precision"], got["recall"], got["f1"]] == pytest.approx(list(mean[:3]), abs=CLOSE)
        assert said["overall"]["accuracy"] == pytest.approx(metrics.accuracy_score(targets, predicted), abs=CLOSE)
        if classes > 5:
            best = metrics.top_k_accuracy_score(targets, outputs, k=5, labels=labels)
            assert said["overall"]["top5"] == pytest.approx(best, abs=CLOSE)
        areas = []
        for number in labels:
            row, own = said["classes"][number], targets == number
            if own.any():
                assert row["ap"] == pytest.approx(metrics.average_precision_score(own, parts[:, number]), abs=CLOSE)
            else:
                assert math.isnan(row["ap"])
            if own.any() and not own.all():
                areas.append(metrics.roc_auc_score(own, parts[:, number]))
                assert row["auc"] == pytest.approx(areas[-1], abs=CLOSE)
            else:
                assert math.isnan(row["auc"])
    assert said["overall"]["auc_macro"] == pytest.approx(
        np.mean(areas) if areas else float("nan"), abs=CLOSE, nan_ok=True
    )
    assert said["task"] == "classification"
    assert said["count"] == len(targets)


def test_areas_equal_those_of_probabilities_in_twice_the_bits() -> None:
    rng = np.random.default_rng(3)
    targets = rng.integers(0, 10, 5000)
    outputs = (rng.standard_normal((5000, 10)) + 2 * np.eye(10)[targets]).astype(np.float32)
    said = _examined(outputs, targets, 10)
    parts = softmax(outputs.astype(np.float64), axis=1)
    assert said["overall"]["auc_macro"] == pytest.approx(
        metrics.roc_auc_score(targets, parts, multi_class="ovr"), abs=CLOSE
    )
    assert said["overall"]["ap_macro"] == pytest.approx(
        metrics.average_precision_score(np.eye(10)[targets], parts), abs=CLOSE
    )


def _on(curve: dict[str, list[float]], wanted_x: np.ndarray, wanted_y: np.ndarray) -> bool:
    """Tell whether each point of a curve is one of the wanted ones."""
    wanted = np.stack([wanted_x, wanted_y], axis=1)
    points = np.stack([curve["x"], curve["y"]], axis=1)
    return bool((np.abs(points[:, None] - wanted[None]).max(axis=2).min(axis=1) < 2e-5).all())


@pytest.mark.parametrize("rounded", [False, True])
def test_points_of_curves_are_those_of_scikit_learn(rounded: bool) -> None:
    rng = np.random.default_rng(4)
    targets = rng.integers(0, 3, 2000)
    outputs = (rng.standard_normal((2000, 3)) + np.eye(3)[targets]).astype(np.float32)
    outputs = outputs.round() if rounded else outputs
    said, parts = _examined(outputs, targets, 3), shares(outputs)[0]
    for number in range(3):
        own = targets == number
        false, true, _ = metrics.roc_curve(own, parts[:, number], drop_intermediate=False)
        assert _on(said["roc"][str(number)], false, true)
        precision, recall, _ = metrics.precision_recall_curve(own, parts[:, number])
        assert _on(said["pr"][str(number)], recall, precision)
        for curve in (said["roc"][str(number)], said["pr"][str(number)]):
            assert len(curve["x"]) == len(curve["y"]) <= 100
            assert np.all(np.diff(curve["x"]) >= 0)
        drawn = np.trapezoid(said["roc"][str(number)]["y"], said["roc"][str(number)]["x"])
        assert drawn == pytest.approx(said["classes"][number]["auc"], abs=5e-3)
    mean = said["roc"]["macro"]
    assert (mean["x"][0], mean["x"][-1], mean["y"][-1], len(mean["x"])) == (0, 1, 1, 100)
    assert np.trapezoid(mean["y"], mean["x"]) == pytest.approx(said["overall"]["auc_macro"], abs=1e-2)


@settings(max_examples=60, deadline=None)
@given(_sets(), st.integers(1, 7), st.integers(1, 60))
def test_the_same_is_said_however_batches_are_grouped(
    drawn: tuple[np.ndarray, np.ndarray, int], size: int, most: int
) -> None:
    outputs, targets, classes = drawn
    at_once, one_by_one = _examiner(classes, most=most), _examiner(classes, most=most)
    at_once.update(outputs, targets, [len(outputs)])
    for start in range(0, len(outputs), size):
        some = targets[start : start + size]
        one_by_one.update(outputs[start : start + size], some, [len(some)])
    assert repr(at_once.summary()) == repr(one_by_one.summary())
    first, second = at_once.examples(), one_by_one.examples()
    assert first.keys() == second.keys()
    assert all(first[name].tobytes() == second[name].tobytes() for name in first)


def test_examples_are_what_their_scores_say() -> None:
    rng = np.random.default_rng(6)
    outputs, targets = rng.standard_normal((300, 8)).astype(np.float32), rng.integers(0, 8, 300)
    made = _examiner(8, most=40)
    made.update(outputs, targets, [300])
    kept, parts = made.examples(), softmax(outputs.astype(np.float64), axis=1)
    rows = kept["index"]
    assert rows.tolist() == chosen(5, 40, 300).tolist()
    assert kept["truth"].tolist() == targets[rows].tolist()
    assert kept["prediction"].tolist() == outputs[rows].argmax(axis=1).tolist()
    assert kept["correct"].tolist() == (outputs[rows].argmax(axis=1) == targets[rows]).tolist()
    assert kept["confidence"] == pytest.approx(parts[rows].max(axis=1), abs=CLOSE)
    assert kept["loss"] == pytest.approx(-np.log(parts[rows, targets[rows]]), abs=1e-5)
    assert kept["top"].tolist() == np.argsort(-parts[rows], axis=1)[:, :5].tolist()
    assert kept["top_confidence"] == pytest.approx(np.sort(parts[rows], axis=1)[:, :-6:-1], abs=CLOSE)
    assert {name: column.dtype.name for name, column in kept.items()} == {
        "index": "int64",
        "truth": "int32",
        "prediction": "int32",
        "confidence": "float32",
        "correct": "bool",
        "loss": "float32",
        "top": "int32",
        "top_confidence": "float32",
    }
    assert made.summary()["sampled"] == 40


def test_of_many_equal_scores_the_decision_comes_first() -> None:
    made = _examiner(100)
    made.update(np.zeros((3, 100), np.float32), np.array([0, 5, 99]), [3])
    kept = made.examples()
    assert kept["prediction"].tolist() == [0, 0, 0]
    assert kept["top"][:, 0].tolist() == [0, 0, 0]
    assert all(len(set(row)) == 5 for row in kept["top"].tolist())


@pytest.mark.parametrize("shape", [(60, 1), (60,)])
def test_a_single_logit_is_two_classes(shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(8)
    logits, targets = rng.standard_normal(60).astype(np.float32), rng.integers(0, 2, 60)
    said = _examined(logits.reshape(shape), targets.reshape(shape).astype(np.float32), 1, labels=("no", "yes"))
    assert [row["label"] for row in said["classes"]] == ["no", "yes"]
    assert said["overall"]["accuracy"] == pytest.approx(metrics.accuracy_score(targets, logits > 0))
    assert said["classes"][1]["auc"] == pytest.approx(metrics.roc_auc_score(targets, logits), abs=CLOSE)
    assert said["classes"][1]["ap"] == pytest.approx(metrics.average_precision_score(targets, logits), abs=CLOSE)
    assert said["classes"][0]["ap"] == pytest.approx(metrics.average_precision_score(1 - targets, -logits), abs=CLOSE)


def test_targets_may_be_shares_of_classes() -> None:
    rng = np.random.default_rng(9)
    outputs, mixed = rng.standard_normal((50, 4)).astype(np.float32), rng.dirichlet(np.ones(4), 50).astype(np.float32)
    assert repr(_examined(outputs, mixed, 4)) == repr(_examined(outputs, mixed.argmax(axis=1), 4))


def test_a_class_for_each_position_is_counted_by_position() -> None:
    rng = np.random.default_rng(10)
    outputs, targets = rng.standard_normal((20, 3, 4, 5)).astype(np.float32), rng.integers(0, 3, (20, 4, 5))
    made = _examiner(3, most=7)
    made.update(outputs, targets, [20])
    said, kept, right = made.summary(), made.examples(), outputs.argmax(axis=1) == targets
    flat = np.moveaxis(outputs, 1, -1).reshape(-1, 3)
    assert said["count"] == 20
    assert said["overall"]["accuracy"] == pytest.approx(right.mean())
    assert said["classes"][2]["auc"] == pytest.approx(
        metrics.roc_auc_score(targets.ravel() == 2, shares(flat)[0][:, 2]), abs=CLOSE
    )
    assert kept["score"] == pytest.approx(right.mean(axis=(1, 2))[kept["index"]], abs=CLOSE)
    assert sorted(kept) == ["index", "loss", "score"]


def test_calibration_is_that_of_equal_bins() -> None:
    rng = np.random.default_rng(11)
    outputs, targets = (3 * rng.standard_normal((4000, 4))).astype(np.float32), rng.integers(0, 4, 4000)
    said, parts = _examined(outputs, targets, 4), shares(outputs)[0]
    sure, right = parts.max(axis=1), outputs.argmax(axis=1) == targets
    bins = np.minimum((sure * 15).astype(int), 14)
    counts = np.bincount(bins, minlength=15)
    assert said["calibration"]["count"] == counts.tolist()
    off = sum(abs(sure[bins == k].mean() - right[bins == k].mean()) * counts[k] for k in range(15) if counts[k])
    assert said["overall"]["ece"] == pytest.approx(off / 4000, abs=1e-5)
    assert math.isnan(said["calibration"]["accuracy"][0])


def test_a_class_without_example_is_told() -> None:
    outputs, targets = np.eye(3, dtype=np.float32)[[0, 1, 2, 0]], np.array([0, 1, 0, 1])
    said = _examined(outputs, targets, 3, labels=("cat", "dog", "fox"))
    assert any("'fox'" in note for note in said["notes"])
    assert any(note.startswith("1 of 3 classes") for note in said["notes"])
    fox = said["classes"][2]
    assert (fox["support"], fox["predicted"], fox["recall"], fox["f1"]) == (0, 1, 0, 0)
    assert math.isnan(fox["auc"])
    assert not math.isnan(said["overall"]["auc_macro"])


def test_examples_of_one_class_have_no_curve() -> None:
    said = _examined(np.zeros((4, 2), np.float32), np.ones(4, int), 2)
    assert said["roc"] == {}
    assert [math.isnan(row["auc"]) for row in said["classes"]] == [True, True]
    assert math.isnan(said["overall"]["auc_macro"])
    assert said["classes"][1]["ap"] == 1
    assert any(note.startswith("2 of 2 classes have no ROC curve") for note in said["notes"])


def test_a_score_that_is_no_number_counts_as_wrong_and_is_not_ranked() -> None:
    rng = np.random.default_rng(12)
    outputs, targets = rng.standard_normal((200, 7)).astype(np.float32), rng.integers(0, 7, 200)
    bad = rng.random(200) < 0.2
    spoilt = outputs.copy()
    spoilt[bad, rng.integers(0, 7, 200)[bad]] = np.nan
    made = _examiner(7)
    made.update(spoilt, targets, [200])
    said, kept = made.summary(), made.examples()
    right = (outputs.argmax(axis=1) == targets) & ~bad
    assert said["overall"]["accuracy"] == pytest.approx(right.mean())
    assert sum(row["support"] for row in said["classes"]) == 200
    assert sum(row["predicted"] for row in said["classes"]) == 200 - bad.sum()
    assert sum(said["calibration"]["count"]) == 200 - bad.sum()
    ranked = _examined(outputs[~bad], targets[~bad], 7)
    assert [row["auc"] for row in said["classes"]] == [row["auc"] for row in ranked["classes"]]
    assert said["overall"]["top5"] == pytest.approx(ranked["overall"]["top5"] * (~bad).sum() / 200)
    assert any(note.startswith(f"{bad.sum()} of 200 decisions") for note in said["notes"])
    assert kept["prediction"][bad].tolist() == [-1] * bad.sum()
    assert np.isnan(kept["confidence"][bad]).all()
    assert not kept["correct"][bad].any()
    assert (kept["top"][bad] == -1).all()


def test_minus_infinity_is_a_share_of_nothing() -> None:
    outputs = np.array([[0.0, -np.inf], [-np.inf, 0.0], [1.0, 2.0]], np.float32)
    said = _examined(outputs, np.array([0, 1, 1]), 2)
    assert said["overall"]["accuracy"] == 1
    assert said["notes"] == []


def test_targets_that_are_no_class_are_left_out() -> None:
    outputs = np.eye(3, dtype=np.float32)[[0, 1, 2, 2]]
    said = _examined(outputs, np.array([0, 1, -100, 7]), 3)
    assert said["overall"]["accuracy"] == 1
    assert sum(row["support"] for row in said["classes"]) == 2
    assert any(note.startswith("2 targets are no class") for note in said["notes"])


def test_what_does_not_pair_is_told_and_never_raised() -> None:
    made = _examiner(3)
    made.update(np.zeros((4, 3), np.float32), np.zeros((4, 2), int), [4])
    assert made.summary()["notes"] == [
        "Nothing is said of classes: outputs of shape (4, 3) and targets of shape (4, 2) aren't one decision a target."
    ]
    assert "overall" not in made.summary()
    assert made.examples() == {}


def test_nothing_taken_in_is_nothing_said() -> None:
    assert _examiner(3).summary() == {"task": "classification", "count": 0, "sampled": 0, "notes": []}


def test_a_model_of_fewer_outputs_than_classes_never_finds_the_others() -> None:
    rng = np.random.default_rng(13)
    outputs, targets = rng.standard_normal((60, 2)).astype(np.float32), rng.integers(0, 3, 60)
    said = _examined(outputs, targets, 3)
    assert said["overall"]["accuracy"] == pytest.approx(metrics.accuracy_score(targets, outputs.argmax(axis=1)))
    assert said["classes"][2]["recall"] == 0


def test_very_many_classes_are_counted_and_not_ranked() -> None:
    rng = np.random.default_rng(14)
    outputs, targets = rng.standard_normal((50, 3000)).astype(np.float32), rng.integers(0, 3000, 50)
    said = _examined(outputs, targets, 3000)
    assert said["overall"]["top5"] == pytest.approx(
        metrics.top_k_accuracy_score(targets, outputs, k=5, labels=np.arange(3000))
    )
    assert len(said["classes"]) == 2048
    assert {row["class"] for row in said["classes"]} >= set(targets.tolist())
    assert any("nothing is ranked" in note for note in said["notes"])


def test_at_most_twenty_classes_have_curves() -> None:
    rng = np.random.default_rng(15)
    weights = rng.permutation(np.arange(1, 31)) / np.arange(1, 31).sum()
    targets = rng.choice(30, 3000, p=weights)
    said = _examined(rng.standard_normal((3000, 30)).astype(np.float32), targets, 30)
    shown = {int(key) for key in said["roc"] if key != "macro"}
    assert len(shown) == 20
    assert shown == {int(key) for key in said["pr"]}
    support = np.bincount(targets, minlength=30)
    assert min(support[list(shown)]) >= max(support[number] for number in range(30) if number not in shown)


@pytest.mark.parametrize(("scale", "most"), [(0.5, 0.03), (3.0, 0.01), (30.0, 0.15)])
def test_binned_areas_are_as_exact_as_they_say(scale: float, most: float, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(16)
    targets = rng.integers(0, 4, 6000)
    outputs = (scale * (rng.standard_normal((6000, 4)) + np.eye(4)[targets])).astype(np.float32)
    exact = _examined(outputs, targets, 4)
    monkeypatch.setattr(scores, "MOST_KEPT", 4 * 1000)
    made = _examiner(4)
    for start in range(0, 6000, 700):
        some = targets[start : start + 700]
        made.update(outputs[start : start + 700], some, [len(some)])
    said = made.summary()
    assert repr(said) == repr(_examined(outputs, targets, 4))
    note = next(note for note in said["notes"] if "1,024 bins" in note)
    off_auc, off_ap = (float(found) for found in re.findall(r"less than ([\d.e-]+\d)", note))
    assert 0 < off_auc < most
    assert 0 < off_ap < most
    for row, other in zip(said["classes"], exact["classes"], strict=True):
        assert abs(row["auc"] - other["auc"]) <= 1.05 * off_auc
        assert abs(row["ap"] - other["ap"]) <= 1.05 * off_ap
    for number in range(4):
        curve, wanted = said["roc"][str(number)], exact["roc"][str(number)]
        assert len(curve["x"]) <= 100
        assert np.interp(np.linspace(0, 1, 50), curve["x"], curve["y"]) == pytest.approx(
            np.interp(np.linspace(0, 1, 50), wanted["x"], wanted["y"]), abs=max(0.02, most)
        )
