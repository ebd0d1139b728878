"""Runs in words."""

from __future__ import annotations

import socket
from dataclasses import replace
from datetime import UTC, datetime
from typing import Literal

import pandas as pd
import pytest

from dltrainer_jupyter.core.records import (
    BestRecord,
    CheckpointRecord,
    EpochRecord,
    ErrorRecord,
    EventRecord,
    ProgressRecord,
    RunRecord,
    TrackingRecord,
)
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.core.states import State
from dltrainer_jupyter.views import summary
from dltrainer_jupyter.views.words import MISSING

NOW = datetime.now(UTC)
RUN = RunRecord(
    id="3f2a91c4d5e6",
    name="digits cnn",
    state=State.RUNNING,
    spec=RunSpec(name="digits cnn", model="cnn", data="digits", epochs=20),
    created_at=NOW,
    updated_at=NOW,
    attempt=1,
    resume="exact",
    exact=True,
    progress=ProgressRecord(epoch=7, step=1204, epochs=20, steps_per_epoch=180, steps_per_second=812.3),
    best=BestRecord("val_accuracy", "max", 0.984210526, 6, 1080),
    folder="/runs/3f2a91c4d5e6",
)


def test_a_running_run_in_one_line() -> None:
    assert summary.status_line(RUN) == (
        "digits cnn (3f2a91…): running, epoch 7 of 20 (step 1,204), 812 steps/s, 2.9 s left, "
        "best val_accuracy 0.9842 (epoch 6)"
    )


def test_a_run_that_has_not_begun() -> None:
    assert summary.status_line(replace(RUN, state=State.PENDING, progress=ProgressRecord(), best=None)) == (
        "digits cnn (3f2a91…): pending"
    )


def test_a_failed_run_says_why_in_one_line() -> None:
    failed = replace(RUN, state=State.FAILED, error=ErrorRecord("ValueError", "It broke.\nBadly."))
    assert summary.status_line(failed).endswith(", It broke. Badly.")
    assert "steps/s" not in summary.status_line(failed)


def test_a_run_that_early_stopping_has_completed_says_so() -> None:
    early = replace(RUN, state=State.COMPLETED)
    assert "): completed (early stopping at epoch 7), epoch 7 of 20 (step 1,204), best " in summary.status_line(early)
    assert "completed (early stopping at epoch 7)  7/20" in summary.runs_table([early]).lines()[1]
    whole = replace(early, progress=replace(early.progress, epoch=20))
    assert "): completed, epoch 20 of 20" in summary.status_line(whole)


def test_a_name_can_be_typed_behind_a_verb() -> None:
    assert summary.reference(RUN) == "'digits cnn'"


def test_columns_line_up() -> None:
    header, first, second = summary.runs_table([RUN, replace(RUN, name="x", best=None)]).lines()
    places = [line.index(word) for line, word in ((header, "id"), (first, RUN.id), (second, RUN.id))]
    assert len(set(places)) == 1
    assert "7/20" in first
    assert MISSING in second


def test_epochs_begin_with_the_losses() -> None:
    record = EpochRecord(2, 90, {"train_f1": 0.5, "learning_rate": 1e-3, "val_loss": 0.25, "train_loss": 0.5})
    assert summary.epochs_text([record]).columns == (
        "epoch", "step", "learning_rate", "train_loss", "val_loss", "train_f1",
    )  # fmt: skip
    assert summary.epoch_line(record, 10) == "epoch 2/10  step 90  train_loss 0.5000  val_loss 0.2500  train_f1 0.5000"


def test_an_epoch_that_was_not_validated_has_a_gap() -> None:
    records = [EpochRecord(1, 45, {"train_loss": 1.0}), EpochRecord(2, 90, {"train_loss": 0.5, "val_loss": 0.25})]
    assert summary.epochs_text(records).rows[0][-1] == MISSING


@pytest.mark.parametrize(
    ("resume", "words"),
    [
        ("exact", "Resumes exactly where it stopped."),
        ("replay", "Resumes by replaying the epoch up to where it stopped."),
        ("epoch", "Resumes from the start of an epoch."),
    ],
)
def test_how_a_run_resumes_is_said_in_words(resume: Literal["exact", "replay", "epoch"], words: str) -> None:
    assert summary.resume_line(replace(RUN, resume=resume), []) == words


def test_a_run_that_is_through_resumes_for_more_epochs() -> None:
    line = summary.resume_line(replace(RUN, state=State.COMPLETED), [])
    assert line == "With more epochs it resumes exactly where it stopped."


def test_a_resume_that_is_not_exact_has_its_reason() -> None:
    reason = "A resume may differ in the last bits: a generator gives its batches only once."
    event = EventRecord(1, RUN.id, NOW, "inexact", reason, 0)
    inexact = replace(RUN, resume="epoch", exact=False)
    assert summary.resume_line(inexact, [event]) == f"Resumes from the start of an epoch. {reason}"
    assert str(summary.page(inexact, [], [], [event])[0]).split("\n")[1].endswith(reason)


def test_a_page_holds_everything() -> None:
    epoch = EpochRecord(1, 45, {"train_loss": 1.0})
    checkpoint = CheckpointRecord(RUN.id, 45, 1, frozenset({"last", "best"}), {}, "abc" * 20, "/runs/x", 10, NOW, 1)
    failed = replace(RUN, error=ErrorRecord("ValueError", "It broke.", "Traceback: here\n"))
    head, config, epochs, checkpoints, traceback = summary.page(failed, [epoch], [checkpoint])
    assert str(head).endswith("\n/runs/3f2a91c4d5e6")
    assert "model: cnn" in config
    assert epochs.rows == [("1", "45", "1.000")]
    assert checkpoints.rows == [("45", "1", "best last", "abcabcabcabc", "/runs/x")]
    assert traceback == "Traceback: here"
    assert len(summary.page(RUN, [], [])) == 2


def test_a_data_frame_as_text() -> None:
    frame = pd.DataFrame({"name": ["a", None], "value": [0.5, float("nan")], "epoch": pd.array([3, None], "Int64")})
    assert summary.frame_table(frame).rows == [["a", "0.5000", "3"], [MISSING, MISSING, MISSING]]


def test_where_runs_live_is_told_if_it_is_not_here() -> None:
    here = replace(RUN, host=socket.gethostname())
    assert "host" not in summary.runs_table([here, here]).columns
    table = summary.runs_table([here, replace(RUN, host="alpha")])
    assert [row[table.columns.index("host")] for row in table.rows] == [socket.gethostname(), "alpha"]
    assert summary.where(here) == "/runs/3f2a91c4d5e6"
    assert summary.where(replace(RUN, host="alpha")) == "/runs/3f2a91c4d5e6 on alpha"


def test_trackers_are_told_if_any_run_shown_has_one() -> None:
    assert "tracked" not in summary.runs_table([RUN]).columns
    other = replace(RUN, id="other")
    late = TrackingRecord(RUN.id, "mlflow", "mlflow", "behind", NOW, url="http://localhost:5000/", message="It is off.")
    table = summary.runs_table([RUN, other], {RUN.id: [late, replace(late, name="wandb", state="following")]})
    assert [row[table.columns.index("tracked")] for row in table.rows] == ["mlflow (behind), wandb", ""]
    head = str(summary.page(RUN, [], [], trackers=[late])[0])
    assert head.endswith("\nMLflow: behind, 0 steps sent, http://localhost:5000/. It is off.")
