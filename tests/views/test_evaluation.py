"""What validations found, as faces read it."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.records import EpochRecord, ValidationRecord
from dltrainer_jupyter.views import evaluation as module
from dltrainer_jupyter.views.evaluation import confusions, evaluation

if TYPE_CHECKING:
    from dltrainer_jupyter.store import Store
    from dltrainer_jupyter.store.attempts import Attempt

Begin = Callable[..., "Attempt"]


def _validate(attempt: Attempt, epoch: int, **found: Any) -> None:
    labels = found.pop("labels", ["a", "b"])
    record = ValidationRecord(epoch, 10 * epoch, found.pop("confusion", None), labels, **found)
    attempt.epoch(EpochRecord(epoch, 10 * epoch, {"val_loss": 1.0}), record, None)


def _matrices(told: dict[str, Any]) -> np.ndarray:
    size = told["size"]
    counts = np.frombuffer(zlib.decompress(base64.b64decode(told["counts"])), "<i4")
    return counts.reshape(len(told["epochs"]), size, size)


def test_before_the_first_validation_nothing_is_said(store: Store, begin: Begin) -> None:
    begin()
    assert evaluation(store, "run-1") == {
        "epoch": None,
        "step": None,
        "epochs": [],
        "labels": [],
        "summary": None,
        "has_examples": False,
    }
    assert _matrices(confusions(store, "run-1")).shape == (0, 0, 0)


def test_the_newest_validation_or_that_of_an_epoch(store: Store, begin: Begin) -> None:
    attempt = begin()
    _validate(attempt, 2, summary={"overall": {"auc": float("nan")}}, examples={"index": np.arange(3)})
    _validate(attempt, 4, summary={"overall": {"auc": 0.5}})
    newest, first = evaluation(store, "run-1"), evaluation(store, "run-1", 2)
    assert (newest["epoch"], newest["step"], newest["epochs"], newest["has_examples"]) == (4, 40, [2, 4], False)
    assert (first["epoch"], first["has_examples"], first["labels"]) == (2, True, ["a", "b"])
    assert json.loads(json.dumps(first["summary"], allow_nan=False)) == {"overall": {"auc": None}}
    with pytest.raises(ConfigurationError, match="not validated after epoch 3; validated ones go from 2 to 4"):
        evaluation(store, "run-1", 3)


def test_matrices_come_as_one_block(store: Store, begin: Begin) -> None:
    attempt = begin()
    for epoch in range(1, 6):
        _validate(attempt, epoch, confusion=[[epoch, 0], [1, 2]] if epoch != 3 else None)
    told = confusions(store, "run-1")
    assert told["epochs"] == [1, 2, 4, 5]
    assert told["labels"] == ["a", "b"]
    assert _matrices(told).tolist() == [[[epoch, 0], [1, 2]] for epoch in (1, 2, 4, 5)]
    assert confusions(store, "run-1", after=2, limit=1)["epochs"] == [4]


def test_a_matrix_of_fewer_classes_is_filled_up(store: Store, begin: Begin) -> None:
    attempt = begin()
    _validate(attempt, 1, confusion=[[1]], labels=["a"])
    _validate(attempt, 2, confusion=[[1, 2], [3, 4]])
    told = confusions(store, "run-1")
    assert _matrices(told).tolist() == [[[1, 0], [0, 0]], [[1, 2], [3, 4]]]
    assert told["labels"] == ["a", "b"]


def test_of_large_matrices_fewer_come_but_one_at_least(
    store: Store, begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempt = begin()
    for epoch in range(1, 6):
        _validate(attempt, epoch, confusion=np.full((10, 10), epoch).tolist())
    monkeypatch.setattr(module, "_MOST_BYTES", 900)
    assert confusions(store, "run-1")["epochs"] == [1, 2]
    assert confusions(store, "run-1", after=2)["epochs"] == [3, 4]
    monkeypatch.setattr(module, "_MOST_BYTES", 10)
    assert confusions(store, "run-1", after=4)["epochs"] == [5]
