"""Checkpoints measured on whole data sets: the run's own, others, and such that don't quite fit."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits, load_wine
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score, mean_absolute_error, r2_score
from torch.utils.data import DataLoader, TensorDataset

from dltrainer_jupyter.core.errors import CheckpointError, ConfigurationError
from dltrainer_jupyter.tal.places import here
from dltrainer_jupyter.views import test_runs
from dltrainer_jupyter.views.examples import examples
from tests.tal.subject import TEXT, VALUES, X, Y, net, quick

if TYPE_CHECKING:
    from pathlib import Path

    from dltrainer_jupyter.tal import Run

DIGITS, TRUTH = load_digits(return_X_y=True)


def metrics(run: Run, data: Any = None, **more: Any) -> dict[str, float]:
    return dict(run.test(data, **more).metrics)


def test_what_the_run_held_back_gives_what_its_validation_gave() -> None:
    run = quick(data="digits", epochs=3, learning_rate=0.01, metrics=["accuracy", "f1"])
    found = run.test(checkpoint="last")
    history = run.metrics().iloc[-1]
    assert found.count == 359
    assert found.metrics["accuracy"] == pytest.approx(history["val_accuracy"], abs=1e-9)
    assert found.metrics["f1"] == pytest.approx(history["val_f1"], abs=1e-9)
    assert found.metrics["loss"] == pytest.approx(history["val_loss"], rel=1e-5)
    assert np.array_equal(found.confusion, run.confusion().to_numpy())
    assert (found.name, found.digest) == ("validation", run.last.record.digest)
    assert (found.checkpoint_step, found.checkpoint_epoch) == (run.last.record.step, 3)
    assert found.summary is not None
    assert found.summary["overall"]["accuracy"] == pytest.approx(found.metrics["accuracy"])
    assert [one.id for one in run.tests] == [found.id]


def test_other_arrays_are_preprocessed_as_in_training() -> None:
    run = quick(data="digits", epochs=3, learning_rate=0.01, metrics=["accuracy", "f1"])
    found = run.test((DIGITS, TRUTH), checkpoint="last", name="all of it")
    predicted = run.last.predict(DIGITS)
    assert (found.name, found.count) == ("all of it", 1797)
    assert found.metrics["accuracy"] == pytest.approx(accuracy_score(TRUTH, predicted))
    assert found.metrics["f1"] == pytest.approx(f1_score(TRUTH, predicted, average="macro"))
    assert np.array_equal(found.confusion, confusion_matrix(TRUTH, predicted))
    by_name = run.test("digits", checkpoint="last")
    assert by_name.metrics == found.metrics
    assert by_name.notes[0] == (
        "1,438 of these 1,797 samples were trained on; run.test() without data measures the held-back ones."
    )
    assert found.notes == by_name.notes[1:]
    assert metrics(run, (DIGITS[:900], TRUTH[:900], DIGITS[900:], TRUTH[900:]), checkpoint="last") == found.metrics


def test_what_was_fitted_in_training_is_not_fitted_again() -> None:
    run = quick(data="wine", epochs=5, metrics=["accuracy"], batch_size=8)
    wine = load_wine()
    first = slice(0, 59)  # of one class alone, whose means are not those of training
    expected = accuracy_score(wine.target[first], run.last.predict(wine.data[first]))
    assert metrics(run, (wine.data[first], wine.target[first]), checkpoint="last")["accuracy"] == expected
    named = wine.target_names[wine.target[first]]
    assert metrics(run, (wine.data[first], named), checkpoint="last")["accuracy"] == expected


@pytest.mark.parametrize("shuffle", [False, True])
def test_loaders_and_data_sets_are_gone_through(shuffle: bool) -> None:
    run = quick(metrics=["accuracy"], data=(X, Y))
    expected = metrics(run, (X, Y))
    rows = TensorDataset(torch.from_numpy(X), torch.from_numpy(Y))
    for data in (rows, DataLoader(rows, batch_size=7, shuffle=shuffle), lambda: iter([(X[:9], Y[:9]), (X[9:], Y[9:])])):
        assert metrics(run, data) == pytest.approx(expected)
    in_order = run.test_examples(run.test(rows).id)
    assert in_order["truth"].tolist() == list(map(str, Y))


def test_a_run_on_a_loader_measures_its_validation_loader() -> None:
    rows = TensorDataset(torch.from_numpy(X), torch.from_numpy(Y))
    run = quick(
        model=net(), metrics=["accuracy"], data=(DataLoader(rows, batch_size=8), DataLoader(rows, batch_size=16))
    )
    found = run.test(checkpoint="last")
    assert found.count == 40
    assert found.metrics["accuracy"] == pytest.approx(run.metrics()["val_accuracy"].iloc[-1])


def test_values_are_measured() -> None:
    run = quick(data=(X, VALUES), metrics=["mae"])
    found = run.test((X, VALUES))
    assert found.metrics["mae"] == pytest.approx(mean_absolute_error(VALUES, run.best.predict(X)), rel=1e-5)
    assert found.metrics["rmse"] == pytest.approx(found.metrics["loss"] ** 0.5)
    assert found.metrics["r2"] == pytest.approx(r2_score(VALUES, run.best.predict(X)), rel=1e-4)
    assert found.notes[0].startswith("32 of these 40 samples were trained on")
    assert (found.confusion, found.labels) == (None, [])
    table = run.test_examples(found.id)
    assert np.allclose(table["prediction_1"], run.best.predict(X))
    with pytest.raises(ConfigurationError, match="expected 1 values a sample, as in training, got 3"):
        run.test((X, X[:, :3]))
    with pytest.raises(ConfigurationError, match="expected numbers as targets, as in training"):
        run.test((X, TEXT))


def test_files_are_measured_where_it_is_known_what_they_hold(tmp_path: Path) -> None:
    run = quick(metrics=["accuracy"])
    np.savez(tmp_path / "t.npz", x=X[:30], y=Y[:30])
    for place in (tmp_path / "t.npz", str(tmp_path / "t.npz")):
        found = run.test(place)
        assert (found.name, found.metrics) == ("t.npz", metrics(run, (X[:30], Y[:30])))
    (tmp_path / "t.csv").write_text("a,b\n1,2\n")
    with pytest.raises(ConfigurationError, match=r"it isn't known what the columns of '.*t\.csv' are; give \(x, y\)"):
        run.test(tmp_path / "t.csv")


class OwnAccuracy:
    name = "own"
    higher_is_better = True

    def __init__(self) -> None:
        self.right: list[bool] = []

    def update(self, preds: Any, target: Any) -> None:
        self.right += (preds.argmax(1) == target).tolist()

    def compute(self) -> float:
        return float(np.mean(self.right))

    def reset(self) -> None:
        self.right.clear()


def test_metrics_of_ones_own_are_measured() -> None:
    run = quick(metrics=["accuracy", OwnAccuracy()])
    found = metrics(run, (X, Y))
    assert found["own"] == pytest.approx(found["accuracy"])


# --- what doesn't fit --------------------------------------------------------------------------------------


def test_classes_unseen_in_training_are_left_out_and_said() -> None:
    run = quick(data=(X, TEXT), metrics=["accuracy"])
    strange = TEXT.astype("<U9").copy()
    strange[:3], strange[3] = "perhaps", "never"
    found = run.test((X, strange))
    assert found.count == 36
    assert found.summary is not None
    assert found.summary["notes"][0] == "4 samples are of classes unseen in training (never, perhaps) and left out."
    assert repr(found).startswith(f"<Test run {found.id}: 36 examples of arrays, step {found.checkpoint_step}: loss ")
    assert repr(found).endswith(f". {found.notes[-1]}>")
    assert ".." not in repr(found)
    assert len(repr(found)) < 400
    assert found.metrics["accuracy"] == pytest.approx(accuracy_score(TEXT[4:], run.best.predict(X[4:])))
    numbers = quick(metrics=["accuracy"])
    assert numbers.test((X, np.where(np.arange(40) < 5, 7, Y))).count == 35
    with pytest.raises(ConfigurationError, match="found none. 40 samples are of classes unseen in training"):
        run.test((X, np.full(40, "perhaps")))


def test_a_class_without_examples_is_defined_and_said() -> None:
    run = quick(metrics=["accuracy", "f1"])
    found = run.test((X[Y == 1], Y[Y == 1]))
    assert found.summary is not None
    assert found.summary["notes"]
    assert np.isfinite(found.metrics["accuracy"])
    json.dumps(test_runs.test_run_document(found), allow_nan=False)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ((X[:, :5], Y), r"inputs: expected shape \(n, 6\)"),
        ((X, Y[:9]), "every sample needs a target"),
        ("digts", "Unknown data set 'digts'|Unknown data 'digts'"),
        (3, "expected"),
        ({"tipe": "digits"}, "data: expected a name or a mapping with a 'type', got {'tipe': 'digits'}"),
        ((X[:0], Y[:0]), "the data set is empty"),
        (iter([]), "."),
    ],
)
def test_what_does_not_fit_is_refused(data: Any, said: str) -> None:
    run = quick(epochs=1)
    with pytest.raises(ConfigurationError, match=said):
        run.test(data)
    assert run.tests == []


def test_a_run_that_held_nothing_back_asks_for_data() -> None:
    run = quick(validation=False)
    with pytest.raises(ConfigurationError, match="held nothing back for validation; say which data to measure"):
        run.test(checkpoint="last")
    assert run.test((X, Y), checkpoint="last").count == 40
    with pytest.raises(CheckpointError, match="no checkpoint at step 7; there are"):
        run.test((X, Y), checkpoint=7)


# --- what is kept ------------------------------------------------------------------------------------------


def test_what_became_of_each_example_is_told_as_csv_and_json() -> None:
    run = quick(data=(X, np.where(Y, "=yes", "no")), metrics=["accuracy"])
    number = run.test((X, np.where(Y, "=yes", "no"))).id
    text = "".join(test_runs.as_csv(run.store, run.id, number))
    rows = list(csv.DictReader(text.splitlines()))
    predicted, sure = run.best.predict(X), run.best.predict_proba(X).max(axis=1)
    assert [row["prediction"].lstrip("'") for row in rows] == predicted.tolist()
    assert {row["truth"] for row in rows} == {"'=yes", "no"}
    assert np.allclose([float(row["confidence"]) for row in rows], sure, atol=1e-6)
    assert [row["correct"] for row in rows] == [str(one) for one in predicted == np.where(Y, "=yes", "no")]
    document = json.loads("".join(test_runs.as_json(run.store, run.id, number)))
    assert document["count"] == len(document["examples"]) == 40
    assert [row["prediction"] for row in document["examples"]] == predicted.tolist()
    table = run.test_examples(number)
    assert table["index"].tolist() == list(range(40))


def test_many_examples_come_piece_by_piece() -> None:
    run = quick(metrics=["accuracy"])
    number = run.test((np.tile(X, (80, 1)), np.tile(Y, 80))).id
    pieces = list(test_runs.as_csv(run.store, run.id, number))
    assert len(pieces) == 4
    assert sum(piece.count("\n") for piece in pieces) == 3201
    assert len(json.loads("".join(test_runs.as_json(run.store, run.id, number)))["examples"]) == 3200


def test_a_test_run_is_forgotten() -> None:
    run, other = quick(epochs=1), quick(epochs=1)
    first, second = run.test((X, Y)), run.test()
    assert [one.id for one in run.tests] == [first.id, second.id]
    run.delete_test(first.id)
    assert [one.id for one in run.tests] == [second.id]
    with pytest.raises(ConfigurationError, match=f"has no test run {first.id}; there are: {second.id}"):
        run.test_examples(first.id)
    with pytest.raises(ConfigurationError, match="there are: none"):
        other.delete_test(second.id)


def test_examples_of_what_was_held_back_have_the_pictures_of_the_validation() -> None:
    run = quick(model="cnn", data="digits", epochs=1)
    shown = examples(
        run.store, run.id, here(run.record), sort="-loss", count=3, test_run=run.test(checkpoint="last").id
    )
    of_validation = examples(run.store, run.id, here(run.record), sort="-loss", count=3)
    assert [item["image"] for item in shown["items"]] == [item["image"] for item in of_validation["items"]]
    assert all(item["image"] for item in shown["items"])
    other = run.test("digits", checkpoint="last").id
    assert examples(run.store, run.id, here(run.record), test_run=other)["items"][0]["image"] is None
