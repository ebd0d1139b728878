from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import distance_transform_edt
from sklearn.metrics import accuracy_score, f1_score, jaccard_score

from dltrainer_jupyter.core import registry
from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.metrics.segmentation import BoundaryF1, Dice, MeanIoU, PixelAccuracy

ALL = [MeanIoU, Dice, PixelAccuracy, BoundaryF1]
REFEREES = {
    MeanIoU: lambda truth, said: jaccard_score(truth, said, average="macro"),
    Dice: lambda truth, said: f1_score(truth, said, average="macro"),
    PixelAccuracy: accuracy_score,
}


def made(kind: type, outputs: int, **config):
    return kind(kind.Config(**config), outputs=outputs)


def pictures(seed: int, count: int, classes: int, size: int = 12):
    """Masks of blotches, and outputs that are right for the most part; some classes occur in neither."""
    rng = np.random.default_rng(seed)
    used = rng.permutation(classes)[: rng.integers(1, classes + 1)]
    truth = used[rng.integers(0, len(used), (count, size // 3, size // 3))].repeat(3, axis=1).repeat(3, axis=2)
    said = np.where(rng.random(truth.shape) < 0.8, truth, used[rng.integers(0, len(used), truth.shape)])
    outputs = rng.normal(size=(count, classes, size, size))
    np.put_along_axis(outputs, said[:, None], 9.0, axis=1)
    return outputs.astype(np.float32), truth.astype(np.int64), said


@pytest.mark.parametrize("kind", REFEREES)
@given(seed=st.integers(0, 2**32), count=st.integers(1, 6), classes=st.integers(2, 7))
def test_it_equals_scikit_learn(kind: type, seed: int, count: int, classes: int) -> None:
    outputs, truth, said = pictures(seed, count, classes)
    metric = made(kind, classes)
    metric.update(outputs[:1], truth[:1], [1])
    metric.update(outputs[1:], truth[1:], [1] * (count - 1))
    assert metric.compute() == pytest.approx(REFEREES[kind](truth.ravel(), said.ravel()), abs=1e-6)


def plainly(truth: np.ndarray, said: np.ndarray, tolerance: float) -> float:
    """Compute the boundary F1 pixel by pixel, with distances of another package."""
    near = max(1.0, tolerance * math.hypot(*truth.shape[1:]))
    images = []
    for one, other in zip(truth, said, strict=True):
        scores = []
        for index in np.union1d(one, other):
            outlines = [_edge(mask == index) for mask in (one, other)]
            if not (outlines[0].any() or outlines[1].any()):
                continue
            if not (outlines[0].any() and outlines[1].any()):
                scores.append(0.0)
                continue
            to_true, to_said = (distance_transform_edt(~edge) for edge in outlines)
            precision = (to_true[outlines[1]] <= near).mean()
            recall = (to_said[outlines[0]] <= near).mean()
            both = precision + recall
            scores.append(2 * precision * recall / both if both else 0.0)
        if scores:
            images.append(np.mean(scores))
    return float(np.mean(images)) if images else math.nan


def _edge(mask: np.ndarray) -> np.ndarray:
    edge = np.zeros_like(mask)
    height, width = mask.shape
    for row, column in np.argwhere(mask):
        around = [(row - 1, column), (row + 1, column), (row, column - 1), (row, column + 1)]
        inside = [(r, c) for r, c in around if 0 <= r < height and 0 <= c < width]
        edge[row, column] = not all(mask[place] for place in inside)
    return edge


@given(seed=st.integers(0, 2**32), classes=st.integers(2, 5), tolerance=st.sampled_from([0.001, 0.05, 0.1]))
def test_outlines_meet_as_distances_say(seed: int, classes: int, tolerance: float) -> None:
    outputs, truth, said = pictures(seed, 3, classes, 15)
    metric = made(BoundaryF1, classes, tolerance=tolerance * (15 / 30))
    metric.update(outputs, truth, [3])
    expected = plainly(truth, said, tolerance * (15 / 30))
    assert metric.compute() == pytest.approx(expected, abs=1e-6, nan_ok=True)


def test_an_outline_may_be_off_by_the_tolerance() -> None:
    truth = np.zeros((1, 30, 40), np.int64)
    truth[:, 10:20, 10:20] = 1
    moved = np.roll(truth, 2, axis=2)
    outputs = np.stack([1.0 - moved, moved], axis=1)
    for tolerance, good in ((2.1 / 50, True), (1.1 / 50, False)):
        metric = made(BoundaryF1, 2, tolerance=tolerance)
        metric.update(outputs, truth, [1])
        assert (metric.compute() == 1) is good


@pytest.mark.parametrize("kind", ALL)
def test_perfect_and_worst(kind: type) -> None:
    truth = np.zeros((2, 8, 8), np.int64)
    truth[:, :4] = 1
    right = np.stack([1.0 - truth, truth], axis=1)
    for outputs, value in ((right, 1.0), (1 - right, 0.0)):
        metric = made(kind, 2)
        metric.update(outputs, truth, [2])
        # The outlines of two halves are the same ones, a pixel apart.
        assert metric.compute() == (1.0 if kind is BoundaryF1 else value)


@pytest.mark.parametrize("kind", ALL)
def test_a_class_in_neither_doesnt_count(kind: type) -> None:
    rng = np.random.default_rng(0)
    outputs, truth = rng.normal(size=(4, 3, 12, 12)), rng.integers(0, 3, (4, 12, 12))
    metric, wider = made(kind, 3), made(kind, 9)
    metric.update(outputs, truth, [4])
    wider.update(np.pad(outputs, ((0, 0), (0, 6), (0, 0), (0, 0)), constant_values=-99), truth, [4])
    assert metric.compute() == pytest.approx(wider.compute(), abs=1e-12)
    assert metric.compute() > 0


@pytest.mark.parametrize("kind", ALL)
def test_nothing_gives_nan(kind: type) -> None:
    metric = made(kind, 3)
    assert math.isnan(metric.compute())
    metric.update(np.ones((1, 3, 4, 4)), np.zeros((1, 4, 4), np.int64), [1])
    metric.reset()
    assert math.isnan(metric.compute())


def test_an_image_without_outlines_has_no_boundary_score() -> None:
    metric = made(BoundaryF1, 2)
    metric.update(np.eye(2)[[0]][:, :, None, None].repeat(4, 2).repeat(4, 3), np.zeros((1, 4, 4), np.int64), [1])
    assert math.isnan(metric.compute())


@pytest.mark.parametrize("kind", ALL)
def test_a_single_logit_decides_between_two_classes(kind: type) -> None:
    _, truth, said = pictures(5, 3, 2)
    logit, both = made(kind, 1), made(kind, 2)
    logit.update(np.where(said == 1, 2.0, -2.0)[:, None], truth[:, None].astype(np.float32), [3])
    both.update(np.stack([said == 0, said == 1], axis=1).astype(np.float32), truth, [3])
    assert logit.compute() == both.compute()


@pytest.mark.parametrize("kind", ALL)
def test_grouping_into_calls_and_a_saved_state_change_nothing(kind: type) -> None:
    outputs, truth, _ = pictures(8, 6, 4)
    whole, parted = made(kind, 4), made(kind, 4)
    whole.update(outputs, truth, [6])
    for index in range(6):
        parted.update(outputs[index : index + 1], truth[index : index + 1], [1])
        again = made(kind, 4)
        again.load_state(parted.state())
        parted = again
    assert parted.compute() == pytest.approx(whole.compute(), abs=1e-12)


@pytest.mark.parametrize("kind", ALL)
def test_it_is_found_by_its_name_and_described(kind: type) -> None:
    assert registry.find("metrics", kind.name) is kind
    assert kind.task == ("segmentation",)
    assert kind.description.endswith(".")
    json.dumps(kind.Config.model_json_schema())


@pytest.mark.parametrize("kind", ALL)
def test_what_isnt_a_class_for_each_pixel_is_refused(kind: type) -> None:
    with pytest.raises(ConfigurationError, match=r"targets of shape \(n, height, width\)"):
        made(kind, 3).update(np.ones((2, 3, 4, 4)), np.zeros((2, 4, 5), np.int64), [2])
    if kind is not BoundaryF1:
        with pytest.raises(ConfigurationError, match="counts from 0, but a target is -1"):
            made(kind, 3).update(np.ones((2, 3, 4, 4)), np.full((2, 4, 4), -1), [2])
