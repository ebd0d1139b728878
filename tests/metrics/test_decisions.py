from __future__ import annotations

import numpy as np
import pytest
import torch
from torchmetrics.classification import MulticlassAccuracy

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.metrics.classification import F1, Accuracy
from dltrainer_jupyter.metrics.decisions import decide
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
