"""What validations find of the whole set and of single examples, and test runs: written, read back, taken along."""

from __future__ import annotations

import math

import numpy as np
import pytest

from dltrainer_jupyter.core.records import EpochRecord, ValidationRecord
from dltrainer_jupyter.store.packing import packed, unpacked
from dltrainer_jupyter.store.store import Store
from dltrainer_jupyter.testing.store_samples import checkpoint, claimed, new_run


def _examples(epoch: int) -> dict[str, np.ndarray]:
    return {
        "index": np.array([0, 3, 9]),
        "correct": np.array([True, False, True]),
        "loss": np.array([0.1, np.nan, np.inf], np.float32) * epoch,
    }


@pytest.fixture
def validated(store: Store) -> tuple[Store, str]:
    attempt = claimed(store, new_run(store))
    for epoch in (1, 2, 3):
        found = ValidationRecord(
            epoch, epoch * 4, [[1]], ["a"], {"count": 10, "auc": math.nan}, _examples(epoch) if epoch < 3 else None
        )
        attempt.epoch(EpochRecord(epoch, epoch * 4, {"val_loss": 1.0}), found, None)
    return store, attempt.run_id


def test_a_summary_comes_back_with_what_is_not_a_number(validated: tuple[Store, str]) -> None:
    store, run = validated
    found = store.validation(run, 2)
    assert found is not None
    assert found.summary is not None
    assert found.summary["count"] == 10
    assert math.isnan(found.summary["auc"])
    assert [it.epoch for it in store.validations(run, 1, 5)] == [2, 3]
    assert [it.epoch for it in store.validations(run, 0, 1)] == [1]


def test_examples_are_those_of_the_epoch_asked_for(validated: tuple[Store, str]) -> None:
    store, run = validated
    for asked, expected in ((1, 1), (None, 2)):
        found = store.examples(run, asked)
        assert found is not None
        epoch, columns = found
        assert epoch == expected
        for name, values in _examples(expected).items():
            np.testing.assert_array_equal(columns[name], values)
            assert columns[name].dtype == values.dtype
    assert store.examples(run, 3) is None
    assert store.examples(run, 7) is None


def test_matrices_and_whether_there_are_examples_are_read_by_themselves(validated: tuple[Store, str]) -> None:
    store, run = validated
    assert store.confusions(run, 1, 5) == [(2, ["a"], [[1]]), (3, ["a"], [[1]])]
    assert store.confusions(run, 0, 1) == [(1, ["a"], [[1]])]
    assert [store.has_examples(run, epoch) for epoch in (1, 3, 7)] == [True, False, False]
    without = claimed(store, new_run(store))
    without.epoch(EpochRecord(1, 4, {}), ValidationRecord(1, 4, None, ["a"]), None)
    assert store.confusions(without.run_id, 0, 5) == []


def test_objects_are_neither_packed_nor_unpacked() -> None:
    with pytest.raises(ValueError, match="allow_pickle"):
        packed({"objects": np.array([object()])})
    assert list(unpacked(packed({"b": np.zeros((0, 2)), "a": np.ones(1)}))) == ["b", "a"]


def test_a_test_run_stays_with_its_run_and_goes_with_it(store: Store) -> None:
    attempt = claimed(store, new_run(store))
    run, best = attempt.run_id, checkpoint(attempt, 8, "best")
    made = store.add_test_run(
        best,
        name="wine",
        count=3,
        seconds=0.5,
        metrics={"loss": 0.25, "accuracy": math.nan},
        labels=["a"],
        confusion=None,
        summary=None,
        examples=_examples(1),
    )
    (listed,) = store.test_runs(run)
    assert (listed.id, listed.name, listed.digest, listed.checkpoint_step) == (made.id, "wine", best.digest, 8)
    assert math.isnan(listed.metrics["accuracy"])
    np.testing.assert_array_equal(store.test_run_examples(made.id)["index"], [0, 3, 9])
    assert store.test_run("another", made.id) is None
    store.delete_test_run(run, made.id)
    assert store.test_runs(run) == []
