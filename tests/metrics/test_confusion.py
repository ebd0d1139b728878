from __future__ import annotations

import json

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.metrics.confusion import ConfusionMatrix


def test_it_is_the_matrix_of_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    outputs, targets = rng.normal(size=(300, 6)), rng.integers(0, 6, 300)
    found = ConfusionMatrix(6, labels=list("abcdef"))
    for start in range(0, 300, 64):
        found.update(outputs[start : start + 64], targets[start : start + 64], [64])
    assert found.matrix == confusion_matrix(targets, outputs.argmax(1)).tolist()
    assert found.labels == list("abcdef")
    assert json.loads(json.dumps(found.matrix)) == found.matrix


def test_a_single_logit_makes_two_classes() -> None:
    found = ConfusionMatrix(1, labels=["no", "yes"])
    found.update(np.array([[3.0], [-1.0], [2.0]]), np.array([[1.0], [1.0], [0.0]], dtype=np.float32), [3])
    assert (found.matrix, found.labels) == ([[0, 1], [1, 1]], ["no", "yes"])


def test_a_model_with_more_outputs_than_classes_makes_it_grow() -> None:
    found = ConfusionMatrix(2, labels=["a", "b"])
    found.update(np.eye(2), np.array([0, 0]), [2])
    found.update(np.eye(4), np.array([0, 1, 1, 1]), [4])
    assert found.matrix == [[2, 1, 0, 0], [0, 1, 1, 1], [0, 0, 0, 0], [0, 0, 0, 0]]
    assert found.labels == ["a", "b", "2", "3"]
    found.reset()
    assert found.matrix == [[0, 0], [0, 0]]


def test_a_saved_state_goes_on() -> None:
    first, second = ConfusionMatrix(3), ConfusionMatrix(3)
    first.update(np.eye(3), np.array([0, 1, 2]), [3])
    state = first.state()
    first.update(np.eye(3), np.array([0, 1, 2]), [3])
    second.load_state(state)
    second.update(np.eye(3), np.array([0, 1, 2]), [3])
    assert second.matrix == first.matrix == np.diag([2, 2, 2]).tolist()
    assert state["counts"].tolist() == np.eye(3).tolist()


def test_too_many_classes_are_told_beforehand() -> None:
    assert ConfusionMatrix.fits(1000)
    assert not ConfusionMatrix.fits(50_000)
    with pytest.raises(ConfigurationError, match="has room for 2,048 classes, not for 50,000; accuracy, precision"):
        ConfusionMatrix(50_000)
