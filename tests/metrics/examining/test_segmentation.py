"""What an examiner says of pixels is what scikit-learn and the metrics say of the same outputs."""

from __future__ import annotations

import json
import math
import tracemalloc
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, f1_score, jaccard_score, log_loss

from dltrainer_jupyter.core.protocols import Signature
from dltrainer_jupyter.metrics.examining import examiner_for
from dltrainer_jupyter.metrics.examining.kept import Kept, chosen
from dltrainer_jupyter.metrics.examining.segmentation import PixelExaminer
from dltrainer_jupyter.metrics.segmentation import BoundaryF1

LABELS = ("background", "cat", "dog", "tree")


def examiner(classes: int = 4, most: int = 1000) -> PixelExaminer:
    made = examiner_for(Signature("segmentation", (3, 9, 9), classes, LABELS[:classes]), Kept(seed=5, most=most))
    assert isinstance(made, PixelExaminer)
    return made


def scenes(seed: int, count: int, classes: int = 4, size: int = 9) -> tuple[Any, Any]:
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, classes, (count, size // 3, size // 3)).repeat(3, axis=1).repeat(3, axis=2)
    outputs = rng.normal(size=(count, classes, size, size))
    np.put_along_axis(outputs, truth[:, None], 1.5, axis=1)
    return outputs.astype(np.float32), truth


@given(seed=st.integers(0, 2**32), count=st.integers(1, 6), classes=st.integers(2, 4))
def test_everything_equals_scikit_learn(seed: int, count: int, classes: int) -> None:
    outputs, truth = scenes(seed, count, classes)
    made = examiner(classes)
    made.update(outputs[:1], truth[:1], [1])
    made.update(outputs[1:], truth[1:], [1] * (count - 1))
    said, found = made.summary(), outputs.argmax(axis=1)
    flat = truth.ravel(), found.ravel()
    outline = BoundaryF1(BoundaryF1.Config(), outputs=classes)
    outline.update(outputs, truth, [count])
    assert said["overall"] == pytest.approx(
        {
            "mean_iou": jaccard_score(*flat, average="macro"),
            "dice": f1_score(*flat, average="macro"),
            "pixel_accuracy": accuracy_score(*flat),
            "boundary_f1": outline.compute(),
        },
        abs=1e-6,
        nan_ok=True,
    )
    occurring = np.union1d(*flat)
    of_class = dict(zip(occurring, jaccard_score(*flat, average=None, labels=occurring), strict=True))
    for at, row in enumerate(said["classes"]):
        assert (row["label"], row["support"]) == (LABELS[at], int((truth == at).sum()))
        assert row["iou"] == pytest.approx(of_class.get(at, math.nan), abs=1e-6, nan_ok=True)
    assert (said["task"], said["count"], said["sampled"]) == ("segmentation", count, count)
    columns = made.examples()
    assert columns["index"].tolist() == list(range(count))
    for one, other, score, loss, logits in zip(truth, found, columns["score"], columns["loss"], outputs, strict=True):
        assert score == pytest.approx(jaccard_score(one.ravel(), other.ravel(), average="macro"), abs=1e-6)
        shares = np.exp(logits.reshape(classes, -1).T.astype(float))
        shares /= shares.sum(axis=1, keepdims=True)
        assert loss == pytest.approx(log_loss(one.ravel(), shares, labels=range(classes)), rel=1e-4)
    assert np.array_equal(columns["masks"], found)
    assert columns["mask_rows"].tolist() == list(range(count))
    json.dumps(said)


def test_a_single_logit_is_examined_as_two_classes_are() -> None:
    rng = np.random.default_rng(0)
    logits, truth = rng.normal(size=(3, 1, 6, 6)).astype(np.float32), rng.integers(0, 2, (3, 1, 6, 6))
    one, two = examiner(1), examiner(2)
    one.update(logits, truth.astype(np.float32), [3])
    two.update(np.concatenate([np.zeros_like(logits), logits], axis=1), truth[:, 0], [3])
    assert one.summary()["overall"] == two.summary()["overall"]
    assert one.examples()["loss"] == pytest.approx(two.examples()["loss"], rel=1e-6)


def test_masks_are_of_the_first_examples_or_of_some_that_are_kept() -> None:
    outputs, truth = scenes(1, 300)
    found = outputs.argmax(axis=1)
    whole, sampled = examiner(most=300), examiner(most=200)
    for made in (whole, sampled):
        for start in range(0, 300, 70):
            made.update(outputs[start : start + 70], truth[start : start + 70], [70])
    columns = whole.examples()
    assert columns["mask_rows"].tolist() == list(range(128))
    assert np.array_equal(columns["masks"], found[:128])
    columns = sampled.examples()
    assert columns["index"].tolist() == chosen(5, 200, 300).tolist()
    assert len(columns["masks"]) == len(set(columns["mask_rows"].tolist())) == 128
    assert np.array_equal(columns["masks"], found[columns["index"][columns["mask_rows"]]])


def test_an_empty_class_is_said() -> None:
    outputs, truth = scenes(2, 3)
    truth = np.where(truth == 2, 0, truth)
    made = examiner()
    made.update(outputs, truth, [3])
    said = made.summary()
    assert said["notes"] == ["No pixel is of dog; what is predicted as such is wrong, and averages count it."]
    assert said["classes"][2]["iou"] == 0


def test_pixels_without_a_class_are_left_out_and_nan_is_said() -> None:
    outputs, truth = scenes(3, 4)
    known = truth.copy()
    known[0, :3] = -100
    outputs[1, 2, 5, 5] = np.nan
    made = examiner()
    made.update(outputs, known, [4])
    said = made.summary()
    there = known >= 0
    assert said["overall"]["pixel_accuracy"] == pytest.approx((outputs.argmax(axis=1) == truth)[there].mean(), abs=1e-6)
    assert [note.partition(" ")[0] for note in said["notes"]] == ["27", "The"]
    assert np.isfinite(made.examples()["loss"]).tolist() == [True, False, True, True]


def test_what_isnt_a_class_a_pixel_is_a_note() -> None:
    made = examiner()
    made.update(np.ones((2, 4)), np.zeros(2, np.int64), [2])
    made.update(*scenes(0, 2), [2])
    assert "don't pair" in made.summary()["notes"][0]
    assert made.examples() == {}
    made.reset()
    made.update(*scenes(0, 2), [2])
    assert made.summary()["notes"] == []


def test_nothing_is_kept_where_nothing_is_wanted() -> None:
    made = examiner(most=0)
    made.update(*scenes(0, 2), [2])
    assert made.examples() == {}
    assert made.summary()["count"] == 2


@pytest.mark.slow
def test_memory_doesnt_grow_with_the_set() -> None:
    outputs, truth = scenes(0, 40, size=96)
    made = examiner(most=1000)
    held = []
    tracemalloc.start()
    for turn in range(120):
        made.update(outputs, truth, [40])
        if turn in (59, 119):
            held.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    assert held[0] < 5 * 2**20  # 3 x 128 masks of 9 KiB
    assert held[1] - held[0] < 2**18
