"""Two validations side by side."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.records import EpochRecord, ValidationRecord
from dltrainer_jupyter.views.comparison import changed, configuration_difference, confusion_difference
from dltrainer_jupyter.views.insight import shown_difference

if TYPE_CHECKING:
    from dltrainer_jupyter.store import Store
    from dltrainer_jupyter.store.attempts import Attempt

LABELS = ["cat", "dog", "fox"]
TRUTH = [0, 0, 1, 1, 2, 2]


def validated(attempt: Attempt, epoch: int, said: list[int], *, truth: Any = None, index: Any = None) -> None:
    """Write what a validation of six animals found."""
    true = np.array(TRUTH if truth is None else truth, np.int32)
    prediction = np.array(said, np.int32)
    matrix = np.zeros((3, 3), int)
    np.add.at(matrix, (true, prediction), 1)
    examples = {
        "index": np.array(range(len(true)) if index is None else index, np.int64),
        "truth": true,
        "prediction": prediction,
        "confidence": np.linspace(0.5, 0.9, len(true), dtype=np.float32),
        "loss": np.full(len(true), 0.25, np.float32),
        "correct": true == prediction,
    }
    found = ValidationRecord(epoch, 10 * epoch, matrix.tolist(), LABELS, None, examples)
    attempt.epoch(EpochRecord(epoch, 10 * epoch, {"val_loss": 1.0}), found, None)


def test_examples_that_changed_side_between_two_epochs(begin: Callable, store: Store) -> None:
    attempt = begin()
    validated(attempt, 1, [0, 1, 1, 2, 2, 0])
    validated(attempt, 2, [0, 0, 2, 1, 2, 1])
    found = changed(store, "run-1", 1, 2)
    assert (found["better"], found["worse"], found["compared"], found["total"]) == (2, 1, 6, 3)
    sides = {item["index"]: (item["side"], item["before"]["prediction"], item["prediction"]) for item in found["items"]}
    assert sides == {1: ("better", "dog", "cat"), 3: ("better", "fox", "dog"), 2: ("worse", "dog", "fox")}
    # The surest change first.
    assert [item["index"] for item in found["items"]] == [3, 2, 1]
    assert [item["index"] for item in changed(store, "run-1", 1, 2, side="worse")["items"]] == [2]
    assert [item["index"] for item in changed(store, "run-1", 1, 2, offset=1, count=1)["items"]] == [2]
    assert changed(store, "run-1", 2, 2)["items"] == []


def test_two_runs_with_the_same_examples(begin: Callable, store: Store) -> None:
    validated(begin("run-1", learning_rate=0.1), 1, TRUTH)
    # One that kept fewer of them, and validated less often.
    kept = {"truth": [0, 1, 2], "index": [0, 2, 4]}
    validated(begin("run-2", learning_rate=0.2, validation={"interval": 2}), 4, [1, 1, 2], **kept)
    found = changed(store, "run-1", 1, 4, other_run="run-2")
    assert (found["better"], found["worse"], found["compared"]) == (0, 1, 3)
    assert found["items"][0]["index"] == 0


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"data": "wine"}, "data is 'digits' and 'wine'"),
        ({"data": {"type": "shapes", "size": 16}}, "data is 'digits' and {.*'size': 16"),
        ({"seed": 7}, "seed is 0 and 7"),
        ({"validation": {"split": 0.5}}, "split"),
    ],
    ids=["data", "data with settings", "seed", "split"],
)
def test_two_runs_with_other_examples_are_refused(
    begin: Callable, store: Store, settings: dict[str, Any], named: str
) -> None:
    validated(begin("run-1"), 1, TRUTH)
    validated(begin("run-2", **settings), 1, TRUTH)
    with pytest.raises(ConfigurationError, match=f"different validation sets.*{named}"):
        changed(store, "run-1", 1, 1, other_run="run-2")


def test_runs_whose_settings_agree_and_whose_truths_do_not_are_refused(begin: Callable, store: Store) -> None:
    validated(begin("run-1"), 1, TRUTH)
    validated(begin("run-2"), 1, TRUTH, truth=TRUTH[::-1])
    with pytest.raises(ConfigurationError, match="other truths"):
        changed(store, "run-1", 1, 1, other_run="run-2")


def test_an_epoch_that_kept_no_examples_is_refused(begin: Callable, store: Store) -> None:
    validated(begin(), 1, TRUTH)
    with pytest.raises(ConfigurationError, match="kept no examples after epoch 9"):
        changed(store, "run-1", 1, 9)


def test_answers_that_are_neither_right_nor_wrong_are_compared_by_their_loss(begin: Callable, store: Store) -> None:
    attempt = begin()
    for epoch, losses in ((1, [1.0, 2.0, 3.0]), (2, [1.0, 0.5, np.nan])):
        columns = {"index": np.arange(3), "loss": np.array(losses, np.float32), "truth": np.ones((3, 2), np.float32)}
        columns["prediction"] = columns["truth"] + epoch
        found = ValidationRecord(epoch, epoch, examples=columns)
        attempt.epoch(EpochRecord(epoch, epoch, {"val_loss": 1.0}), found, None)
    found = changed(store, "run-1", 1, 2)
    assert (found["better"], found["worse"]) == (1, 1)
    # What is no number any more is the worst of all.
    gone, item = found["items"]
    assert (gone["index"], gone["side"], gone["loss"], gone["before"]["loss"]) == (2, "worse", None, 3.0)
    assert (item["index"], item["prediction"], item["before"]["prediction"]) == (1, "3, 3", "2, 2")


def test_a_model_that_says_nothing_any_more_has_changed_side(begin: Callable, store: Store) -> None:
    """Its confidence is no number then."""
    attempt = begin()
    for epoch, confidence in ((1, 0.5), (2, np.nan)):
        columns = {
            "index": np.arange(2),
            "truth": np.array([0, 1], np.int32),
            "prediction": np.array([0, 0 if epoch == 1 else -1], np.int32),
            "correct": np.array([epoch == 1, False]),
            "confidence": np.full(2, confidence, np.float32),
            "loss": np.full(2, confidence, np.float32),
        }
        found = ValidationRecord(epoch, epoch, None, LABELS, None, columns)
        attempt.epoch(EpochRecord(epoch, epoch, {"val_loss": 1.0}), found, None)
    found = changed(store, "run-1", 1, 2)
    assert (found["better"], found["worse"]) == (0, 1)
    assert [item["index"] for item in found["items"]] == [0]


def test_truths_that_are_no_numbers_are_the_same_ones(begin: Callable, store: Store) -> None:
    attempt = begin()
    for epoch in (1, 2):
        truth = np.array([[1.0], [np.nan]], np.float32)
        columns = {"index": np.arange(2), "loss": np.array([1 / epoch, np.nan], np.float32), "truth": truth}
        found = ValidationRecord(epoch, epoch, examples=columns | {"prediction": truth})
        attempt.epoch(EpochRecord(epoch, epoch, {"val_loss": 1.0}), found, None)
    found = changed(store, "run-1", 1, 2)
    assert (found["better"], found["worse"], found["compared"]) == (1, 0, 2)


def test_the_difference_of_two_matrices(begin: Callable, store: Store) -> None:
    attempt = begin()
    validated(attempt, 1, [0, 1, 1, 2, 2, 0])
    validated(attempt, 2, TRUTH)
    found = confusion_difference(store, "run-1", 1, 2)
    assert found["matrix"] == [[1, -1, 0], [0, 1, -1], [-1, 0, 1]]
    assert (found["labels"], found["epochs"]) == (LABELS, [1, 2])
    with pytest.raises(ConfigurationError, match="no confusion matrix after epoch 3"):
        confusion_difference(store, "run-1", 1, 3)


def test_matrices_of_other_classes_are_refused(begin: Callable, store: Store) -> None:
    validated(begin("run-1"), 1, TRUTH)
    found = ValidationRecord(1, 1, [[1]], ["only"])
    begin("run-2").epoch(EpochRecord(1, 1, {"val_loss": 1.0}), found, None)
    with pytest.raises(ConfigurationError, match="same classes"):
        confusion_difference(store, "run-1", 1, 1, other_run="run-2")


def test_runs_of_other_classes_are_told_apart_by_their_settings_and_a_note(begin: Callable, store: Store) -> None:
    validated(begin("run-1"), 1, TRUTH)
    other = begin("run-2", learning_rate=0.2)
    other.epoch(EpochRecord(1, 1, {"val_loss": 1.0}), ValidationRecord(1, 1, [[1]], ["only"]), None)
    begin("run-3")
    found = shown_difference(store, "run-1", run="run-2")
    assert (found["confusion"], list(found["settings"])) == (None, ["learning_rate"])
    assert "same classes" in found["note"]
    assert "run-3' has no confusion matrix yet" in shown_difference(store, "run-1", run="run-3")["note"]
    assert shown_difference(store, "run-1")["note"] is None


def test_settings_that_differ(begin: Callable, store: Store) -> None:
    begin("run-1", learning_rate=0.1)
    begin("run-2", learning_rate=0.2, model={"type": "mlp", "hidden": [8]})
    found = configuration_difference(store, ["run-1", "run-2"])
    assert found["runs"][1] == {"id": "run-2", "name": "run-2"}
    assert found["settings"]["learning_rate"] == [0.1, 0.2]
    assert any(values == [None, [8]] for key, values in found["settings"].items() if key.startswith("model."))
    assert "epochs" not in found["settings"]
