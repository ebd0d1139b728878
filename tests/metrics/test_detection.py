from __future__ import annotations

import contextlib
import io
import json
import math
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from dltrainer_jupyter.core import registry
from dltrainer_jupyter.core.errors import ConfigurationError, MissingPackageError
from dltrainer_jupyter.metrics.average_precision import Boxes, precisions
from dltrainer_jupyter.metrics.detection import (
    MeanAveragePrecision,
    MeanAveragePrecision50,
    MeanAveragePrecision75,
)

ALL = [MeanAveragePrecision, MeanAveragePrecision50, MeanAveragePrecision75]


def made(kind: type, outputs: int):
    return kind(kind.Config(), outputs=outputs)


def scenes(seed: int, images: int, classes: int, most: int = 4, more: int = 5):
    """True boxes, and detections around some of them and elsewhere; some images and classes have none."""
    rng = np.random.default_rng(seed)
    used = rng.permutation(classes)[: rng.integers(1, classes + 1)]
    corner = rng.uniform(0, 60, (images, most, 2))
    truth = np.concatenate([corner, corner + rng.uniform(3, 40, corner.shape)], axis=2)
    truth = np.concatenate([truth, rng.choice(used, (images, most, 1))], axis=2)
    truth[rng.random((images, most)) < 0.4] = -1
    near = truth.copy()
    near[..., :4] += rng.normal(0, 2, near[..., :4].shape)
    near[..., 4] = np.where(rng.random(near.shape[:2]) < 0.8, near[..., 4], rng.integers(0, classes, near.shape[:2]))
    corner = rng.uniform(0, 60, (images, more, 2))
    far = np.concatenate([corner, corner + rng.uniform(3, 40, corner.shape)], axis=2)
    far = np.concatenate([far, rng.integers(0, classes, (images, more, 1))], axis=2)
    far[rng.random((images, more)) < 0.5] = -1
    said = np.concatenate([near, far], axis=1)
    # Scores of few digits, so that some are equal.
    scores = np.round(rng.random((*said.shape[:2], 1)), 2)
    return np.concatenate([said[..., :4], scores, said[..., 4:]], axis=2).astype(np.float32), truth.astype(np.float32)


def referee(detections: np.ndarray, truth: np.ndarray, classes: int) -> COCOeval | None:
    """Let pycocotools judge."""
    about = {"images": [{"id": i} for i in range(len(truth))], "categories": [{"id": c + 1} for c in range(classes)]}

    def written(boxes: np.ndarray) -> list[dict]:
        rows = [
            {
                "image_id": image,
                "category_id": int(box[-1]) + 1,
                "bbox": [*map(float, box[:2]), float(box[2]) - float(box[0]), float(box[3]) - float(box[1])],
                "iscrowd": 0,
                "score": float(box[4]),
            }
            for image, some in enumerate(boxes)
            for box in some
            if box[-1] >= 0
        ]
        return [row | {"id": n, "area": row["bbox"][2] * row["bbox"][3]} for n, row in enumerate(rows, start=1)]

    def coco(rows: list[dict]) -> COCO:
        made = COCO()
        made.dataset = {**about, "annotations": rows}
        made.createIndex()
        return made

    with contextlib.redirect_stdout(io.StringIO()):
        judge = COCOeval(coco(written(truth)), coco(written(detections)), "bbox")
        judge.params.imgIds, judge.params.catIds = list(range(len(truth))), list(range(1, classes + 1))
        judge.evaluate()
        judge.accumulate()
    return judge


def judged(judge: COCOeval, kind: type) -> float:
    found = judge.eval["precision"][:, :, :, 0, -1]
    if kind is not MeanAveragePrecision:
        found = found[[0 if kind is MeanAveragePrecision50 else 5]]
    return float(found[found > -1].mean()) if (found > -1).any() else math.nan


@given(seed=st.integers(0, 2**32), images=st.integers(1, 8), classes=st.integers(1, 5))
@settings(max_examples=60)
def test_it_equals_pycocotools(seed: int, images: int, classes: int) -> None:
    detections, truth = scenes(seed, images, classes)
    judge = referee(detections, truth, classes)
    for kind in ALL:
        metric = made(kind, classes)
        metric.update(detections[:1], truth[:1], [1])
        metric.update(detections[1:], truth[1:], [images - 1])
        assert metric.compute() == pytest.approx(judged(judge, kind), abs=1e-3, nan_ok=True)
    boxes = Boxes()
    boxes.add(detections, truth)
    found = precisions(boxes, classes)
    assert found.values == pytest.approx(judge.eval["precision"][:, :, :, 0, -1], abs=1e-3)


@pytest.mark.parametrize("kind", ALL)
def test_perfect_and_worst(kind: type) -> None:
    truth = scenes(1, 5, 3)[1]
    right = np.insert(truth, 4, 0.7, axis=2)
    far = right.copy()
    far[..., :4] += 500
    for detections, value in ((right, 1.0), (far, 0.0), (np.full((5, 2, 6), -1.0), 0.0)):
        metric = made(kind, 3)
        metric.update(detections, truth, [5])
        assert metric.compute() == pytest.approx(value, abs=1e-9)


def test_thresholds_differ_in_how_exact_boxes_must_be() -> None:
    truth = np.array([[[0, 0, 10, 10, 0]]], np.float32)
    said = np.array([[[0, 0, 10, 6, 0.9, 0]]], np.float32)  # an overlap of 0.6
    values = []
    for kind in ALL:
        metric = made(kind, 1)
        metric.update(said, truth, [1])
        values.append(round(metric.compute(), 6))
    assert values == [0.3, 1.0, 0.0]  # right at 0.5, 0.55 and 0.6 of ten


@pytest.mark.parametrize("kind", ALL)
def test_without_objects_it_is_undefined(kind: type) -> None:
    metric = made(kind, 2)
    assert math.isnan(metric.compute())
    metric.update(np.array([[[0, 0, 4, 4, 0.9, 1]]]), np.full((1, 3, 5), -1.0), [1])
    assert math.isnan(metric.compute())


def test_a_class_without_objects_doesnt_count() -> None:
    boxes = Boxes()
    boxes.add(np.array([[[0, 0, 4, 4, 0.9, 0], [0, 0, 4, 4, 0.9, 1]]]), np.array([[[0, 0, 4, 4, 0]]]))
    found = precisions(boxes, 2)
    assert found.by_class() == pytest.approx([1, math.nan], abs=1e-9, nan_ok=True)
    assert found.mean() == pytest.approx(1, abs=1e-9)


def test_an_image_without_objects_makes_detections_wrong() -> None:
    truth = np.array([[[0, 0, 4, 4, 0]], [[-1, -1, -1, -1, -1]]], np.float32)
    said = np.array([[[0, 0, 4, 4, 0.5, 0]], [[0, 0, 4, 4, 0.9, 0]]], np.float32)
    metric = made(MeanAveragePrecision50, 1)
    metric.update(said, truth, [2])
    assert metric.compute() == pytest.approx(0.5, abs=1e-9)


@pytest.mark.parametrize("kind", ALL)
def test_grouping_into_calls_and_a_saved_state_change_nothing(kind: type) -> None:
    detections, truth = scenes(8, 6, 4)
    whole, parted = made(kind, 4), made(kind, 4)
    whole.update(detections, truth, [6])
    for index in range(6):
        parted.update(detections[index : index + 1], truth[index : index + 1], [1])
        again = made(kind, 4)
        again.load_state(parted.state())
        parted = again
    assert parted.compute() == whole.compute()
    whole.reset()
    assert math.isnan(whole.compute())


@pytest.mark.parametrize("kind", ALL)
def test_it_is_found_by_its_name_and_described(kind: type) -> None:
    assert registry.find("metrics", kind.name) is kind
    assert (kind.task, kind.validation_only) == (("detection",), True)
    assert kind.description.endswith(".")
    json.dumps(kind.Config.model_json_schema())


def test_other_shapes_are_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"got \(2, 10\) and \(2, 3, 5\)"):
        made(MeanAveragePrecision, 3).update(np.ones((2, 10)), np.zeros((2, 3, 5)), [2])


def test_a_missing_package_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "faster_coco_eval", None)
    metric = made(MeanAveragePrecision, 1)
    metric.update(np.array([[[0, 0, 4, 4, 0.9, 0]]]), np.array([[[0, 0, 4, 4, 0]]]), [1])
    with pytest.raises(MissingPackageError, match=r'pip install "dltrainer-jupyter\[detection\]"'):
        metric.compute()


@pytest.mark.parametrize("kind", ALL)
def test_what_has_no_place_or_no_score_is_no_detection(kind: type) -> None:
    detections, truth = scenes(4, 12, 3)
    spoilt, left = detections.copy(), detections.copy()
    spoilt[::2, 1, 4], spoilt[1::2, 1, 0] = np.nan, np.inf
    left[:, 1] = -1
    metric, without = made(kind, 3), made(kind, 3)
    metric.update(spoilt, truth, [12])
    without.update(left, truth, [12])
    assert metric.compute() == without.compute() > 0
