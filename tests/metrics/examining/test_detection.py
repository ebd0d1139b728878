"""What an examiner says of boxes is what pycocotools says of the same detections."""

from __future__ import annotations

import json
import math
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dltrainer_jupyter.core.protocols import Signature
from dltrainer_jupyter.metrics.examining import examiner_for
from dltrainer_jupyter.metrics.examining.detection import BoxExaminer
from dltrainer_jupyter.metrics.examining.kept import Kept
from dltrainer_jupyter.metrics.examining.matching import matched
from tests.metrics.test_detection import referee, scenes

LABELS = ("cat", "dog", "tree")


def examiner(classes: int = 3, most: int = 1000) -> BoxExaminer:
    made = examiner_for(Signature("detection", (3, 99, 99), classes, LABELS[:classes]), Kept(seed=5, most=most))
    assert isinstance(made, BoxExaminer)
    return made


def mean(found: np.ndarray) -> float:
    return float(found[found > -1].mean()) if (found > -1).any() else math.nan


@given(seed=st.integers(0, 2**32), images=st.integers(1, 8), classes=st.integers(1, 3))
@settings(max_examples=50)
def test_everything_equals_pycocotools(seed: int, images: int, classes: int) -> None:
    detections, truth = scenes(seed, images, classes)
    made = examiner(classes)
    made.update(detections[:1], truth[:1], [1])
    made.update(detections[1:], truth[1:], [1] * (images - 1))
    found = referee(detections, truth, classes).eval["precision"][:, :, :, 0, -1]
    said = made.summary()
    expected = {"map": mean(found), "map50": mean(found[0]), "map75": mean(found[5])}
    assert said["overall"] == pytest.approx(expected, abs=1e-3, nan_ok=True)
    for at, row in enumerate(said["classes"]):
        assert (row["label"], row["support"]) == (LABELS[at], int((truth[..., 4] == at).sum()))
        assert row["ap"] == pytest.approx(mean(found[:, :, at]), abs=1e-3, nan_ok=True)
        assert row["ap50"] == pytest.approx(mean(found[0, :, at]), abs=1e-3, nan_ok=True)
        if row["support"]:
            curve = said["pr"][str(at)]
            assert curve["x"] == pytest.approx(np.linspace(0, 1, 101))
            assert curve["y"] == pytest.approx(found[0, :, at], abs=1e-3)
        else:
            assert str(at) not in said["pr"]
    assert (said["task"], said["count"], said["sampled"]) == ("detection", images, images)
    json.dumps(said)


def plainly(detections: np.ndarray, truth: np.ndarray) -> tuple[float, list[float]]:
    """Match one image's boxes, one by one."""
    sure = sorted((row for row in detections.tolist() if row[5] >= 0 and row[4] >= 0.5), key=lambda row: -row[4])
    there = [row for row in truth.tolist() if row[4] >= 0]
    free, pairs = set(range(len(there))), []
    for row in sure:
        ious = {at: _iou(row, there[at]) for at in free if there[at][4] == row[5]}
        at = max(sorted(ious), key=ious.__getitem__, default=None)
        if at is not None and ious[at] >= 0.5:
            free.discard(at)
            pairs.append(ious[at])
    either = len(sure) + len(there)
    return (2 * len(pairs) / either if either else 1.0), pairs


def _iou(one: list[float], other: list[float]) -> float:
    width, height = (min(one[at + 2], other[at + 2]) - max(one[at], other[at]) for at in (0, 1))
    both = max(width, 0) * max(height, 0)
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)]
    return both / (sum(areas) - both)


@given(seed=st.integers(0, 2**32), images=st.integers(1, 5))
def test_the_surest_is_matched_first(seed: int, images: int) -> None:
    detections, truth = scenes(seed, images, 2)
    expected = [plainly(*image) for image in zip(detections, truth, strict=True)]
    scores, overlaps = matched(detections, truth)
    assert scores == pytest.approx([score for score, _ in expected])
    assert sorted(overlaps) == pytest.approx(sorted(iou for _, ious in expected for iou in ious))
    made = examiner()
    made.update(detections, truth, [images])
    said, columns = made.summary(), made.examples()
    assert columns["score"] == pytest.approx(scores, abs=1e-6)
    assert columns["loss"] == pytest.approx(1 - scores, abs=1e-6)
    assert said["iou"]["counts"] == np.histogram(overlaps, said["iou"]["edges"])[0].tolist()


def test_the_boxes_of_examples_lie_one_after_another() -> None:
    detections, truth = scenes(4, 30, 3)
    made = examiner(most=10)
    made.update(detections[:20], truth[:20], [20])
    made.update(detections[20:], truth[20:], [10])
    columns = made.examples()
    assert (len(columns["index"]), columns["box_ends"].dtype, columns["boxes"].dtype) == (10, np.int64, np.float32)
    parts = np.split(columns["boxes"], columns["box_ends"])[:-1]
    for index, part in zip(columns["index"], parts, strict=True):
        of_image = detections[index]
        assert np.array_equal(part, of_image[of_image[:, 5] >= 0])


def test_images_without_anything_and_classes_without_objects_are_said() -> None:
    nothing, nowhere = np.full((2, 4, 6), -1.0), np.full((2, 3, 5), -1.0)
    made = examiner()
    made.update(nothing, nowhere, [2])
    said = made.summary()
    assert all(math.isnan(value) for value in said["overall"].values())
    assert said["notes"] == ["There is no object in the whole set, so no average precision is defined."]
    assert made.examples()["score"].tolist() == [1, 1]
    made.update(nothing, np.array([[[0, 0, 4, 4, 1.0]], [[-1.0] * 5]]), [2])
    said = made.summary()
    assert said["overall"]["map50"] == 0
    assert said["notes"] == ["There is no object of cat, tree: no average precision, and the mean leaves them out."]


def test_detections_of_nan_are_left_out_and_said() -> None:
    detections, truth = scenes(7, 4, 3)
    there = np.argwhere(detections[..., 5] >= 0)[0]
    detections[tuple(there)][4] = np.nan
    left_out = detections.copy()
    left_out[tuple(there)] = -1
    made, other = examiner(), examiner()
    made.update(detections, truth, [4])
    other.update(left_out, truth, [4])
    assert made.summary()["overall"] == other.summary()["overall"]
    assert "1 detections hold NaN or infinity and are left out." in made.summary()["notes"]


def test_what_are_no_detections_is_a_note() -> None:
    made = examiner()
    made.update(np.ones((2, 8, 4, 4)), np.full((2, 3, 5), -1.0), [2])
    assert "are no detections" in made.summary()["notes"][0]
    assert made.examples() == {}
    made.update(np.ones(2), np.ones(2), [2])
    made.reset()
    made.update(np.ones(2), np.ones(2), [2])
    assert "are no detections" in made.summary()["notes"][0]


def test_without_the_package_all_else_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "faster_coco_eval", None)
    made = examiner()
    made.update(*scenes(1, 3, 3), [3])
    said = made.summary()
    assert 'pip install "dltrainer-jupyter[detection]"' in said["notes"][-1]
    assert (math.isnan(said["overall"]["map"]), said["pr"]) == (True, {})
    assert len(made.examples()["score"]) == 3
