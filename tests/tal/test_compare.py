from __future__ import annotations

import numpy as np
import pytest

from dltrainer_jupyter import tal
from dltrainer_jupyter.core.errors import CheckpointError, ConfigurationError, RunNotFoundError
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.tal.session import open_store
from tests.tal.subject import SMALL, X, Y, net, quick


def test_runs_stand_side_by_side_with_what_differs() -> None:
    first = quick(name="first", learning_rate=0.1, metrics=["accuracy"])
    second = quick(name="second", learning_rate=0.2, epochs=3)
    table = tal.compare([first, "second"])
    assert list(table.index) == [("first", first.id), ("second", second.id)]
    assert table["learning_rate"].tolist() == [0.1, 0.2]
    assert table["epochs"].tolist() == [2, 3]
    assert "model" not in table
    assert table["state"].tolist() == ["completed", "completed"]
    assert table["best_metric"].tolist() == ["val_accuracy", "val_loss"]
    assert np.isnan(table["val_accuracy"].iloc[1])
    assert np.isfinite(table["train_loss"]).all()


def test_what_is_by_default_in_one_run_only_is_shown() -> None:
    table = tal.compare([quick(), quick(epochs=10)])
    assert table["epochs"].tolist() == [2, 10]


def test_how_runs_stand_comes_before_what_differs() -> None:
    table = tal.compare([quick(), quick(epochs=3)])
    assert list(table.columns[:7]) == ["state", "epoch", "best", "best_metric", "best_epoch", "epochs", "step"]


def test_own_objects_are_described_in_a_few_words() -> None:
    table = tal.compare([quick(model=net()), quick()])
    assert table["model"].tolist() == ["Sequential (your own)", SMALL]


def test_whole_numbers_stay_whole_beside_none() -> None:
    table = tal.compare([quick(threads=1), quick()])
    assert [str(value) for value in table["threads"]] == ["1", "<NA>"]


def test_a_run_may_be_compared_with_itself_or_with_one_that_has_nothing_yet() -> None:
    run = quick()
    open_store().create_run("0123456789ab", RunSpec(model="mlp", data="digits"), folder="/nowhere", environment={})
    assert len(tal.compare([run, run])) == 2
    table = tal.compare([run, "0123"])
    assert table["state"].tolist() == ["completed", "pending"]
    assert table["best_epoch"].isna().tolist() == [False, True]


def test_a_single_word_is_a_single_run() -> None:
    run = quick(name="only", data=(X, Y))
    assert len(tal.compare("only")) == len(tal.compare(run)) == 1


def test_what_cannot_be_compared_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="Name at least one run to compare"):
        tal.compare([])
    with pytest.raises(RunNotFoundError):
        tal.compare([quick(), "nowhere"])


def test_checkpoints_of_one_run_stand_side_by_side() -> None:
    run = quick(name="several", epochs=3, metrics=["accuracy"])
    table = tal.compare([run.best, run.at(run.checkpoints[0].step), "several@last", run])
    assert table["step"].tolist() == [run.best.record.step, run.checkpoints[0].step, run.last.record.step, run.step]
    assert table["val_loss"].iloc[0] == run.best.record.metrics["val_loss"]
    assert table["checkpoint"].isna().tolist() == [False, False, False, True]
    assert len(tal.compare(run.best)) == 1
    assert "checkpoint" not in tal.compare(run)


@pytest.mark.parametrize(
    ("ref", "error", "message"),
    [
        ("several@first", ConfigurationError, "expected best, last or a step"),
        ("several@7777", CheckpointError, "no checkpoint at step 7,777"),
        ("nobody@best", RunNotFoundError, "nobody"),
        ("@best", RunNotFoundError, "@best"),
    ],
)
def test_a_checkpoint_that_is_not_there_is_refused(ref: str, error: type[Exception], message: str) -> None:
    quick(name="several")
    with pytest.raises(error, match=message):
        tal.compare([ref])
