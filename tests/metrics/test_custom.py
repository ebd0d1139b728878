from __future__ import annotations

import copy
import functools
import math
import threading

import numpy as np
import pytest
import torch
import torchmetrics
from sklearn import metrics as reference

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.metrics.custom import adapt

RNG = np.random.default_rng(0)
LOGITS = RNG.normal(size=(90, 4)).astype(np.float32)
CLASSES = RNG.integers(0, 4, 90)
SIZES = [32, 32, 26]


def of_classes(metric):
    return adapt(metric, "classification", torch.from_numpy)


def of_values(metric):
    return adapt(metric, "regression", torch.from_numpy)


class RightOnes:
    """What people write by hand."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self.right = torch.tensor(0)
        self.total = 0
        self.calls = []

    def update(self, preds, target) -> None:
        assert isinstance(preds, torch.Tensor)
        self.right += (preds.argmax(1) == target).sum()
        self.total += len(target)
        self.calls.append(len(target))

    def compute(self):
        return self.right / self.total


OBJECTS = [
    lambda: torchmetrics.classification.MulticlassAccuracy(4),
    lambda: torchmetrics.classification.MulticlassAUROC(4),  # keeps every prediction in a list
    lambda: torchmetrics.classification.MulticlassF1Score(4) + torchmetrics.classification.MulticlassAccuracy(4),
    RightOnes,
]


@pytest.mark.parametrize("make", OBJECTS)
def test_an_object_gives_what_it_gives_alone(make) -> None:
    alone, found = make(), of_classes(make())
    start = 0
    for size in SIZES:
        alone.update(torch.from_numpy(LOGITS[start : start + size]), torch.from_numpy(CLASSES[start : start + size]))
        start += size
    found.update(LOGITS, CLASSES, SIZES)
    assert found.compute() == alone.compute().item()
    found.reset()
    assert math.isnan(found.compute())


@pytest.mark.parametrize("make", OBJECTS)
def test_an_object_goes_on_from_its_state(make) -> None:
    whole, first, second = (of_classes(make()) for _ in range(3))
    whole.update(LOGITS, CLASSES, SIZES)
    first.update(LOGITS[:32], CLASSES[:32], [32])
    assert first.stateful
    state = first.state()
    kept = copy.deepcopy(state)
    first.update(LOGITS, CLASSES, SIZES)
    second.update(LOGITS, CLASSES, SIZES)
    second.load_state(state)
    second.update(LOGITS[32:], CLASSES[32:], SIZES[1:])
    assert second.compute() == whole.compute()
    assert repr(state) == repr(kept)


def test_the_users_own_object_stays_as_it_is() -> None:
    own = RightOnes()
    found = of_classes(own)
    found.update(LOGITS, CLASSES, SIZES)
    assert (own.total, own.calls) == (0, [])
    assert found.state()["values"]["calls"] == SIZES


def test_a_single_logit_and_its_targets_are_as_torchmetrics_wants_them() -> None:
    found = of_classes(torchmetrics.classification.BinaryAccuracy())
    logits, targets = RNG.normal(size=(40, 1)).astype(np.float32) * 9, RNG.integers(0, 2, (40, 1)).astype(np.float32)
    found.update(logits, targets, [40])
    assert found.compute() == pytest.approx(((logits > 0) == targets).mean())


def test_a_regression_object_gets_flat_values() -> None:
    found = of_values(torchmetrics.PearsonCorrCoef())
    outputs, targets = RNG.normal(size=(40, 1)).astype(np.float32), RNG.normal(size=(40, 1)).astype(np.float32)
    found.update(outputs, targets, [20, 20])
    assert found.compute() == pytest.approx(np.corrcoef(outputs[:, 0], targets[:, 0])[0, 1], rel=1e-4)


class KeepsGenerator(RightOnes):
    def reset(self) -> None:
        super().reset()
        self.words = {"a", "b"}


class KeepsNothing:
    __slots__ = ()

    def reset(self) -> None: ...

    def update(self, preds, target) -> None: ...

    def compute(self) -> float:
        return 1.5


@pytest.mark.parametrize("make", [KeepsGenerator, KeepsNothing])
def test_an_object_whose_state_can_not_be_told_says_so(make) -> None:
    found = of_classes(make())
    found.update(LOGITS, CLASSES, SIZES)
    assert not found.stateful
    assert found.state() == {}
    found.load_state({})
    assert math.isnan(found.compute())


def test_an_object_that_can_not_be_copied_is_refused() -> None:
    class Locked(RightOnes):
        def __init__(self) -> None:
            super().__init__()
            self.lock = threading.Lock()

    with pytest.raises(ConfigurationError, match=r"Locked can't be copied .* keep files, locks and generators out"):
        of_classes(Locked())


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        (reference.balanced_accuracy_score, lambda probabilities: probabilities.argmax(1)),
        (reference.log_loss, lambda probabilities: probabilities),
        (functools.partial(reference.roc_auc_score, multi_class="ovr"), lambda probabilities: probabilities),
        (functools.partial(reference.top_k_accuracy_score, k=2), lambda probabilities: probabilities),
    ],
)
def test_functions_of_scikit_learn_get_what_they_ask_for(function, arguments) -> None:
    found = of_classes(function)
    found.update(LOGITS[:50], CLASSES[:50], [32, 18])
    found.update(LOGITS[50:], CLASSES[50:], [40])
    probabilities = torch.from_numpy(LOGITS).double().softmax(1).numpy()
    assert found.compute() == pytest.approx(function(CLASSES, arguments(probabilities)), rel=1e-9)
    assert found.validation_only


@pytest.mark.parametrize("outputs", [1, 2])
def test_two_classes_have_one_probability(outputs: int) -> None:
    logits, targets = RNG.normal(size=(60, outputs)).astype(np.float32), RNG.integers(0, 2, 60)
    found = of_classes(reference.roc_auc_score)
    found.update(logits, targets[:, None].astype(np.float32) if outputs == 1 else targets, [60])
    ranking = logits[:, 0] if outputs == 1 else logits[:, 1] - logits[:, 0]
    assert found.compute() == pytest.approx(reference.roc_auc_score(targets, ranking))


def test_probabilities_of_huge_logits_are_still_some() -> None:
    seen = []

    def remember(y_true, y_score) -> float:
        seen.append(y_score)
        return 0.0

    for logits in (np.float32([[1e30], [-1e30]]), np.float32([[1e30, -1e30, 0], [-1e30, 1e30, 0]])):
        found = of_classes(remember)
        found.update(logits, np.array([0, 1]), [2])
        found.compute()
    assert seen[0].tolist() == [1.0, 0.0]
    assert seen[1].tolist() == [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]


@pytest.mark.parametrize("k", [1, 3])
def test_a_function_of_values(k: int) -> None:
    outputs, targets = RNG.normal(size=(30, k)).astype(np.float32), RNG.normal(size=(30, k)).astype(np.float32)
    found = of_values(reference.median_absolute_error)
    found.update(outputs, targets, [10, 10, 10])
    assert found.compute() == pytest.approx(reference.median_absolute_error(targets, outputs))


def test_a_function_goes_on_from_its_state() -> None:
    whole, first, second = (of_classes(reference.cohen_kappa_score) for _ in range(3))
    whole.update(LOGITS, CLASSES, SIZES)
    first.update(LOGITS[:32], CLASSES[:32], [32])
    state = first.state()
    first.update(LOGITS, CLASSES, SIZES)
    second.load_state(state)
    second.update(LOGITS[32:], CLASSES[32:], SIZES[1:])
    assert second.compute() == whole.compute()


def test_a_function_does_not_keep_the_buffer_it_was_shown() -> None:
    buffer, targets = np.ones((2, 1), dtype=np.float32), np.ones((2, 1), dtype=np.float32)
    found = of_values(reference.mean_absolute_error)
    found.update(buffer, targets, [2])
    buffer[:] = 100
    assert found.compute() == 0


def test_what_the_users_function_raises_is_theirs_to_see() -> None:
    def broken(y_true, y_pred) -> float:
        raise ZeroDivisionError

    found = of_classes(broken)
    found.update(LOGITS, CLASSES, SIZES)
    with pytest.raises(ZeroDivisionError):
        found.compute()


class WithDirection(RightOnes):
    higher_is_better = False
    name = "wrong_ones"


def some_score(y_true, y_pred) -> float:
    return 0.0


@pytest.mark.parametrize(
    ("metric", "name", "higher_is_better"),
    [
        (reference.mean_squared_error, "mean_squared_error", False),
        (reference.hamming_loss, "hamming_loss", False),
        (functools.partial(reference.fbeta_score, beta=2), "fbeta_score", True),
        (some_score, "some_score", True),
        (lambda *both: float(len(both)), "lambda", True),
        (RightOnes(), "RightOnes", True),
        (WithDirection(), "wrong_ones", False),
        (torchmetrics.MeanSquaredError(), "MeanSquaredError", False),
        (torchmetrics.classification.MulticlassAccuracy(4), "MulticlassAccuracy", True),
    ],
)
def test_names_and_directions(metric, name: str, higher_is_better: bool) -> None:
    found = of_classes(metric)
    assert (found.name, found.higher_is_better) == (name, higher_is_better)


@pytest.mark.parametrize(
    ("metric", "message"),
    [
        (3, "got int"),
        (RightOnes, r"got the class RightOnes; pass an instance: RightOnes\(…\)"),
        (
            torchmetrics.functional.mean_squared_error,
            r"mean_squared_error\(y_true, y_pred\), but this one takes 'preds' first",
        ),
    ],
)
def test_what_is_no_metric_is_refused(metric, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        of_classes(metric)


def test_more_than_one_number_is_refused() -> None:
    found = of_classes(torchmetrics.classification.MulticlassAccuracy(4, average=None))
    found.update(LOGITS, CLASSES, SIZES)
    with pytest.raises(
        ConfigurationError, match=r"MulticlassAccuracy\.compute\(\) must give one number, but gave shape \(4,\)"
    ):
        found.compute()
    found = of_classes(lambda *both: {"a": both})
    found.update(LOGITS, CLASSES, SIZES)
    with pytest.raises(ConfigurationError, match=r"lambda\(y_true, y_pred\) must give one number, but gave dict"):
        found.compute()
