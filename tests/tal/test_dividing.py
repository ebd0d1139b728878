"""Runs on tables: how they are divided, what classes count, test runs on other files, cross-validation."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dltrainer_jupyter import tal
from dltrainer_jupyter.core.errors import ConfigurationError, TrainingFailed
from tests.data import tables


def test_a_run_on_a_table_keeps_how_it_was_divided_and_is_tried_on_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tables.csv(tmp_path)
    monkeypatch.chdir(tmp_path)
    data = {"type": "csv", "path": "x.csv", "target": "kind", "drop": "part"}
    settings = {"epochs": 1, "validation": {"groups": "who"}, "class_weights": "balanced", "verbose": False}
    run = tal.train("mlp", data, metrics=["accuracy"], **settings).wait()
    # Who resumes or clones it may be in another folder.
    monkeypatch.chdir("/")
    rows = tables.frame()
    assert run.spec.data.config["path"] == str(path)
    assert run.partition.how == "2 of 12 groups held back"
    assert not set(rows["who"][run.partition.train]) & set(rows["who"][run.partition.validation])
    counts = rows["kind"][run.partition.train].value_counts()
    expected = [len(run.partition.train) / 2 / counts[name] for name in ("cat", "dog")]
    assert run.trained("best").ready()[2].class_weights == tuple(np.float32(expected).tolist())
    assert any(event.kind == "class_weights" for event in run.store.events(run.id))
    other = tmp_path / "other.csv"
    rows[30:].to_csv(other, index=False)
    assert run.test(str(other)).count == 30
    asked = run.best.predict(pd.read_csv(path)[:4])
    assert set(asked) <= {"cat", "dog"}
    assert np.array_equal(run.best.predict(rows[["size", "rooms", "colour"]][:4].to_numpy(object)), asked)
    again = run.clone().wait()
    assert np.array_equal(again.partition.validation, run.partition.validation)
    assert again.checkpoints[-1].digest == run.checkpoints[-1].digest


def test_what_is_wrong_with_a_file_is_said_before_anything_starts(tmp_path: Path) -> None:
    path = tables.csv(tmp_path)
    for settings, message in (
        ({"data": {"type": "csv", "path": str(path), "target": "sort"}}, "no column 'sort'"),
        ({"data": {"type": "csv", "path": str(path) + "x", "target": "kind"}}, "Did you mean 'x.csv'"),
        ({"data": "wine", "validation": {"folds": 5, "fold": 5}}, "expected a fold below 5"),
        ({"data": "wine", "class_weights": {"a": 2}, "loss": lambda _, __: 0}, "your own loss doesn't take them"),
        ({"data": "wine", "class_weights": "balance"}, "class_weights: expected balanced, or weights by class"),
        ({"data": "wine", "class_weights": {"a": -1}}, "class_weights.a: expected greater than or equal to 0"),
        ({"data": "wine", "validation": {"groups": "(handed over)"}}, "has to be handed over from Python"),
    ):
        with pytest.raises(ConfigurationError, match=message):
            tal.train("mlp", **settings, verbose=False)
    assert not tal.runs()
    with pytest.raises(TrainingFailed, match="class_weights: regression has no classes"):
        tal.train("mlp", "diabetes", class_weights="balanced", verbose=False).wait()


def test_groups_may_be_an_array_and_go_with_a_clone() -> None:
    groups = np.repeat(np.arange(10), 6)
    x, y = np.random.default_rng(0).random((60, 4), np.float32), np.arange(60) % 2
    run = tal.train("mlp", (x, y), epochs=1, validation={"groups": groups}, verbose=False).wait()
    for one in (run, run.clone().wait()):
        assert not set(groups[one.partition.train]) & set(groups[one.partition.validation])
        assert len(one.partition.validation) == 12


def test_data_that_changed_since_the_run_began_are_noticed(tmp_path: Path) -> None:
    path = tables.csv(tmp_path)
    data = {"type": "csv", "path": str(path), "target": "kind", "drop": ["part", "who"]}
    run = tal.train("mlp", data, epochs=1, verbose=False).wait()
    shutil.copy(path, tmp_path / "before.csv")
    tables.frame(40).to_csv(path, index=False)
    run.resume(epochs=2)
    run.wait()
    assert any("data have changed" in event.message for event in run.store.events(run.id))


def test_cross_validation_holds_each_sample_back_once() -> None:
    found = tal.cross_validate("mlp", "wine", k=3, epochs=2, metrics=["accuracy"], verbose=False)
    held = np.concatenate([run.partition.validation for run in found.runs])
    assert np.array_equal(np.sort(held), np.arange(178))
    accuracies = [run.metrics()["val_accuracy"].iloc[-1] for run in found.runs]
    assert found.mean["val_accuracy"] == pytest.approx(np.mean(accuracies))
    assert found.deviation["val_accuracy"] == pytest.approx(np.std(accuracies, ddof=1))
    assert "val_accuracy" in repr(found)
    assert [run.name for run in found.runs][2] == "mlp-wine fold 3 of 3"
    with pytest.raises(ConfigurationError, match="k: expected a whole number from 2"):
        tal.cross_validate("mlp", "wine", k=1)
    with pytest.raises(ConfigurationError, match="cross-validation decides what is held back"):
        tal.cross_validate("mlp", "wine", validation=0.3)


def test_cross_validation_ends_with_a_run_that_is_stopped_before_anything_is_measured() -> None:
    def stopping(inputs):
        tal.runs()[0].stop()
        return inputs

    with pytest.raises(TrainingFailed, match=r"fold 1 of 2' \(\w+\) is stopped and has measured nothing yet"):
        tal.cross_validate("mlp", "wine", k=2, preprocessing=[stopping], verbose=False)
    assert len(tal.runs()) == 1
