"""Steps that predictions go through before people see them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.preprocessing import StandardScaler

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.protocols import Signature
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.postprocessing.chain import apply, chain_of, check
from dltrainer_jupyter.tal.outputs import begun, probabilities, told

RNG = np.random.default_rng(0)
LOGITS = RNG.normal(0, 2, (20, 3)).astype(np.float32)
THREE = Signature("classification", (4,), 3, labels=("ant", "bee", "cat"), encoded=True)
TWO = Signature("classification", (4,), 2)
VALUES = Signature("regression", (4,), 1)
BOXES = Signature("detection", (3, 32, 32), 2, labels=("a", "b"))


def done(outputs: Any, signature: Signature, *steps: Any, own: tuple[Any, ...] = ()) -> Any:
    """What people see."""
    parts = RunSpec(model="mlp", data="arrays", postprocessing=list(steps)).postprocessing
    chain = chain_of(parts, own.__getitem__)
    check(parts, chain, signature)
    assert all("\n" not in step.describe() for step in chain)
    return apply(parts, chain, begun(outputs, signature), signature)


@pytest.mark.parametrize("value", [0.5, 1.0, 2.5])
def test_a_temperature_divides_logits(value: float) -> None:
    found = done(LOGITS, THREE, {"type": "temperature", "value": value})
    assert found.probabilities == pytest.approx(probabilities(LOGITS / value), abs=1e-6)
    assert np.array_equal(told(found, THREE), np.array(THREE.labels)[LOGITS.argmax(axis=1)])


def test_a_temperature_leaves_certainty() -> None:
    found = done(np.array([[200.0, -200.0]]), TWO, "temperature")
    assert found.probabilities.tolist() == [[1, 0]]


def test_a_threshold_decides_between_two_and_against_others() -> None:
    shares = probabilities(LOGITS[:, :2])
    found = told(done(LOGITS[:, :2], TWO, {"type": "threshold", "probability": 0.2}), TWO)
    assert np.array_equal(found, (shares[:, 1] >= 0.2).astype(int))
    asked = {"type": "threshold", "probability": 0.1, "positive": "cat"}
    expected = np.where(probabilities(LOGITS)[:, 2] >= 0.1, 2, LOGITS[:, :2].argmax(axis=1))
    assert np.array_equal(told(done(LOGITS, THREE, asked), THREE), np.array(THREE.labels)[expected])


def test_a_threshold_makes_masks() -> None:
    pixels = RNG.normal(size=(2, 1, 4, 4))
    signature = Signature("segmentation", (1, 4, 4), 1)
    found = told(done(pixels, signature, {"type": "threshold", "probability": 0.7}), signature)
    assert np.array_equal(found, (1 / (1 + np.exp(-pixels[:, 0])) >= 0.7).astype(int))


def test_what_is_not_sure_enough_is_rejected() -> None:
    sure = probabilities(LOGITS).max(axis=1) >= 0.7
    found = told(done(LOGITS, THREE, {"type": "reject", "below": 0.7}), THREE)
    assert np.array_equal(found == "unknown", ~sure)
    assert np.array_equal(told(done(LOGITS[:, :2], TWO, {"type": "reject", "below": 1}), TWO), np.full(20, -1))


def test_the_likeliest_classes_come_first() -> None:
    found = told(done(LOGITS, THREE, {"type": "top_k", "k": 2}), THREE)
    assert found.tolist() == np.array(THREE.labels)[np.argsort(-LOGITS, axis=1)[:, :2]].tolist()


@pytest.mark.parametrize("before", [[], [{"type": "threshold", "positive": 1}]])
def test_classes_are_called_by_other_names(before: list[Any]) -> None:
    found = told(done(LOGITS[:, :2], TWO, *before, {"type": "labels", "names": ["no", "yes"]}), TWO)
    assert np.array_equal(found, np.array(["no", "yes"])[LOGITS[:, :2].argmax(axis=1)])


def test_values_are_scaled_back_kept_within_bounds_and_rounded() -> None:
    outputs = RNG.normal(size=(9, 1)).astype(np.float32)
    chain = [{"type": "affine", "scale": 10, "offset": 3}, {"type": "clip", "low": 0}, {"type": "round", "digits": 1}]
    found = told(done(outputs, VALUES, *chain), VALUES)
    assert found == pytest.approx(np.round(np.clip(outputs[:, 0] * 10 + 3, 0, None), 1))
    assert found.dtype == np.float32
    both = Signature("regression", (4,), 2)
    each = {"type": "affine", "scale": [1, 2], "offset": [0, 5]}
    assert told(done(np.ones((2, 2)), both, each), both).tolist() == [[1, 7], [1, 7]]


def test_a_fitted_scaler_takes_values_back_to_their_unit() -> None:
    targets = RNG.normal(50, 9, (30, 1))
    scaler = StandardScaler().fit(targets)
    found = told(done(scaler.transform(targets), VALUES, {"type": "$object", "is": "scaler"}, own=(scaler,)), VALUES)
    assert found == pytest.approx(targets[:, 0])


def iou(one: Any, other: Any) -> float:
    low, high = np.maximum(one[:2], other[:2]), np.minimum(one[2:4], other[2:4])
    shared = np.prod(np.clip(high - low, 0, None))
    return shared / (np.prod(one[2:4] - one[:2]) + np.prod(other[2:4] - other[:2]) - shared)


@pytest.mark.parametrize("across", [True, False])
def test_boxes_that_overlap_are_left_out(across: bool) -> None:
    corner = RNG.uniform(0, 20, (2, 30, 2))
    score, kind = RNG.permuted(np.linspace(0.01, 1, 60)).reshape(2, 30, 1), RNG.integers(0, 2, (2, 30, 1))
    boxes = np.concatenate([corner, corner + RNG.uniform(2, 12, (2, 30, 2)), score, kind], axis=2)
    asked = {"type": "nms", "iou": 0.3, "min_score": 0.1, "across_classes": across}
    found = told(done(boxes, BOXES, asked), BOXES)
    for image, kept in zip(boxes, found, strict=True):
        expected: list[Any] = []
        for box in sorted((box for box in image if box[4] >= 0.1), key=lambda box: -box[4]):
            if not any(iou(box, one) > 0.3 and (across or box[5] == one[5]) for one in expected):
                expected.append(box)
        assert np.array_equal(kept, expected)
        assert 1 < len(kept) < len(image)
    assert [len(image) for image in told(done(np.zeros((1, 2, 6)) - 1, BOXES, "nms"), BOXES)] == [0]


def test_probabilities_of_ones_own_stay_probabilities() -> None:
    prior = {"type": "$object", "is": "prior"}
    found = done(LOGITS, THREE, prior, {"type": "top_k", "k": 1}, own=(lambda shares: shares[:, ::-1].copy(),))
    assert np.array_equal(told(found, THREE)[:, 0], np.array(THREE.labels)[2 - LOGITS.argmax(axis=1)])
    assert np.array_equal(found.probabilities, probabilities(LOGITS)[:, ::-1])


MINE = {"type": "$object", "is": "f"}
THREE_VALUES = Signature("regression", (4,), 3)


@pytest.mark.parametrize(
    ("signature", "steps", "own", "message"),
    [
        (VALUES, ["temperature"], (), "'temperature' takes probabilities, but the model, .* regression, gives values"),
        (THREE, ["top_k", "temperature"], (), "'temperature' takes probabilities, but 'top_k' gives labels"),
        (THREE, [MINE, "temperature"], (np.ndarray.tolist,), "'temperature' can't be applied to what 'f' gives"),
        (THREE, ["threshold"], (), "positive: expected the class .*'ant', 'bee', 'cat'.*, got none"),
        (THREE, [{"type": "labels", "names": ["a"]}], (), "names: expected a name for each of 3 classes, got 1"),
        (THREE_VALUES, [{"type": "affine", "scale": [1, 2]}], (), "scale: expected a number, or one for each of 3"),
        (THREE, [MINE], (lambda p: p[1:],), "'f' is called with all .* 20, got 19"),
        (THREE, [MINE], ([].extend,), "'f' gave nothing"),
        (THREE, [MINE], (lambda p: p.none,), "'f' raised AttributeError"),
        (THREE, [MINE], (object(),), "a function, or an object with apply or inverse_transform"),
        (THREE, ["tempertaure"], (), "Unknown postprocessing step 'tempertaure'. Did you mean 'temperature'"),
    ],
)
def test_what_cannot_be_done_is_said(
    signature: Signature, steps: list[Any], own: tuple[Any, ...], message: str
) -> None:
    with pytest.raises(ConfigurationError, match=message):
        done(LOGITS[:, : signature.outputs], signature, *steps, own=own)
