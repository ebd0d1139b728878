from __future__ import annotations

import json
import math
from collections.abc import Callable
from datetime import UTC, datetime

import numpy as np
import pytest
import sqlalchemy as sa

from dltrainer_jupyter.core.records import (
    BestRecord,
    CheckpointRecord,
    EpochRecord,
    ErrorRecord,
    ProgressRecord,
    ValidationRecord,
)
from dltrainer_jupyter.core.states import State
from dltrainer_jupyter.store import Store
from dltrainer_jupyter.store.attempts import Attempt
from dltrainer_jupyter.views.live import confusion, epoch_columns, snapshot

Begin = Callable[..., Attempt]
NAN = float("nan")


def text(store: Store, run_id: str = "run-1") -> str:
    """Give a snapshot as it goes over the wire: strict JSON."""
    return json.dumps(snapshot(store, run_id), allow_nan=False)


def checkpoint(attempt: Attempt, step: int, *kinds: str, **metrics: float) -> None:
    record = CheckpointRecord(
        run_id=attempt.run_id,
        step=step,
        epoch=1,
        kinds=frozenset(kinds),
        metrics=metrics,
        digest="d" * 64,
        path=f"/runs/{attempt.run_id}/step-{step}",
        bytes=1000,
        created_at=datetime.now(UTC),
        attempt=attempt.number,
    )
    attempt.commit_checkpoint(record)


# --- nothing yet ------------------------------------------------------------------------------------------


def test_a_run_that_waits_has_a_snapshot(store: Store, begin: Begin) -> None:
    begin()
    found = json.loads(text(store))
    assert found["run"] | {"created_at": ""} == {
        "id": "run-1",
        "name": "run-1",
        "state": "running",
        "framework": "pytorch",
        "executor": "thread",
        "device": "cpu",
        "resume": "exact",
        "exact": True,
        "attempts": 1,
        "created_at": "",
        "error": None,
        "rebuildable": True,
        "notices": [],
    }
    assert found["epochs"] == {"epoch": [], "step": []}
    assert (found["curves"], found["confusion"], found["best"], found["checkpoints"]) == ({}, None, None, [])
    assert (found["progress"]["fraction"], found["progress"]["epoch_fraction"]) == (0, 0)
    assert found["config"] == "name: run-1\nmodel: mlp\ndata: digits\n"
    assert found["allowed"] == ["pause", "resume", "suspend", "stop", "checkpoint", "set"]


def test_nothing_of_a_step_is_done_before_the_first_epoch(store: Store, begin: Begin) -> None:
    begin().progress(ProgressRecord(epoch=0, step=0, epochs=5, steps_per_epoch=10))
    assert snapshot(store, "run-1")["progress"]["epoch_fraction"] == 0


@pytest.mark.parametrize(
    ("epoch", "step", "fraction", "epoch_fraction"),
    [(1, 0, 0, 0), (1, 5, 0.1, 0.5), (2, 10, 0.2, 0), (2, 20, 0.4, 1), (5, 50, 1, 1), (9, 90, 1, 1)],
)
def test_how_far_it_is(
    store: Store, begin: Begin, *, epoch: int, step: int, fraction: float, epoch_fraction: float
) -> None:
    begin().progress(ProgressRecord(epoch=epoch, step=step, epochs=5, steps_per_epoch=10, steps_per_second=5.0))
    found = snapshot(store, "run-1")["progress"]
    assert found["fraction"] == pytest.approx(fraction)
    assert found["epoch_fraction"] == pytest.approx(epoch_fraction)
    assert found["seconds_left"] == max(50 - step, 0) / 5


# --- everything at once -----------------------------------------------------------------------------------


def test_what_is_not_finite_is_none(store: Store, begin: Begin) -> None:
    attempt = begin(learning_rate=0.5)
    attempt.curves({"train_loss": (1, np.array([1, np.nan, np.inf, -np.inf], np.float32))})
    values = {"train_loss": NAN, "val_loss": math.inf, "learning_rate": 0.5}
    attempt.epoch(EpochRecord(1, 4, values), None, BestRecord("val_loss", "min", 0.25, 1, 4))
    attempt.progress(ProgressRecord(1, 4, 2, 4, "training", math.inf, 1.0, NAN))
    checkpoint(attempt, 4, "last", val_loss=NAN)
    found = json.loads(text(store))
    assert found["curves"]["train_loss"] == {"steps": [1, 2, 3, 4], "values": [1, None, None, None]}
    assert found["epochs"] == {
        "epoch": [1],
        "step": [4],
        "learning_rate": [0.5],
        "train_loss": [None],
        "val_loss": [None],
    }
    assert found["checkpoints"][0]["metrics"] == {"val_loss": None}
    assert (found["best"]["value"], found["monitor"]) == (0.25, "val_loss")


def test_metrics_that_come_and_go_leave_gaps(store: Store, begin: Begin) -> None:
    attempt = begin()
    attempt.epoch(EpochRecord(1, 4, {"train_loss": 1.0}), None, None)
    attempt.epoch(EpochRecord(2, 8, {"train_loss": 0.5, "val_loss": 0.7}), None, None)
    assert epoch_columns(store, store.run("run-1")) == {
        "epoch": [1, 2],
        "step": [4, 8],
        "train_loss": [1, 0.5],
        "val_loss": [None, 0.7],
    }


def test_events_come_newest_first_and_some_are_notices(store: Store, begin: Begin) -> None:
    attempt = begin()
    attempt.event("cloned", "Cloned.", 0)
    attempt.event("trouble", "Paused at step 3. The disk is full.", 3)
    found = snapshot(store, "run-1")
    assert [event["kind"] for event in found["events"]][:2] == ["trouble", "cloned"]
    assert found["run"]["notices"] == ["Paused at step 3. The disk is full."]


def test_controls_come_with_their_outcome(store: Store, begin: Begin) -> None:
    attempt = begin()
    control = store.request_control("run-1", "set", {"learning_rate": 1e-4}, "ada")
    attempt.acknowledge(control.id, status="done", outcome="Done.", step=3)
    (found,) = snapshot(store, "run-1")["controls"]
    expected = {"kind": "set", "arguments": {"learning_rate": 1e-4}, "status": "done", "outcome": "Done.", "step": 3}
    assert found | expected == found
    assert found["requested_by"] == "ada"


def test_a_failed_run_says_why(store: Store, begin: Begin) -> None:
    begin().end(State.FAILED, ErrorRecord("ValueError", "ValueError: " + "x" * 5000, "begin" + "y" * 20_000 + "end", 7))
    found = json.loads(text(store))["run"]
    assert (found["state"], found["error"]["type"], found["error"]["step"]) == ("failed", "ValueError", 7)
    assert found["error"]["message"].startswith("ValueError: xxx")
    assert found["error"]["traceback"].endswith("yyyend")
    assert len(text(store)) < 20_000


def test_the_revision_grows_with_what_is_written(store: Store, begin: Begin) -> None:
    attempt = begin()
    before = snapshot(store, "run-1")["revision"]
    attempt.event("note", "Something.")
    assert snapshot(store, "run-1")["revision"] > before


def test_a_refresh_makes_no_statement_anew(store: Store, begin: Begin) -> None:
    """To make a statement takes longer than to execute it, and the time is taken from the user's own cells."""
    attempt = begin()
    attempt.curves({"train_loss": (1, np.ones(10, np.float32))})
    executed: list[sa.Executable] = []
    sa.event.listen(store._database._engine, "before_execute", lambda *given: executed.append(given[1]))
    snapshot(store, "run-1")
    first = executed.copy()
    snapshot(store, "run-1")
    assert first
    assert list(map(id, executed[len(first) :])) == list(map(id, first))


# --- how much ---------------------------------------------------------------------------------------------


def test_a_long_run_fits_into_100_kilobytes(store: Store, begin: Begin) -> None:
    """100,000 steps in 2,000 epochs with four metrics and ten classes, and everything else there can be much of."""
    attempt, rng = begin(metrics=["accuracy", "f1", "precision", "recall"]), np.random.default_rng(0)
    attempt.curves({"train_loss": (1, rng.normal(size=100_000).astype(np.float32))})
    machine = [f"system/gpu{number}_{what}" for number in range(8) for what in ("percent", "memory_gb")]
    for step in range(1000, 100_001, 1000):
        attempt.curves({name: (step, rng.random(1).astype(np.float32)) for name in machine})
    names = ["train_loss", "val_loss"] + [
        f"{part}_{m}" for part in ("train", "val") for m in ("accuracy", "f1", "recall")
    ]
    with attempt.transaction():
        for epoch in range(1, 2001):
            values = dict(zip(names, rng.random(len(names)).tolist(), strict=True)) | {"learning_rate": 1 / 3000}
            attempt.epoch(EpochRecord(epoch, 50 * epoch, values), None, None)
        matrix = rng.integers(0, 10_000, (10, 10)).tolist()
        found = ValidationRecord(2000, 100_000, matrix, [f"class {number}" for number in range(10)])
        best = BestRecord("val_accuracy", "max", 0.99, 1001, 50_050)
        attempt.epoch(EpochRecord(2000, 100_000, dict.fromkeys(names, 1 / 3)), found, best)
        for step in range(80):
            attempt.event("note", f"Something happened at step {step}, and this is what it was.", step)
    for step in range(1, 101):
        checkpoint(attempt, step, "manual", *(["best"] if step == 3 else []), val_accuracy=1 / 3, val_loss=1 / 7)
        control = store.request_control("run-1", "checkpoint", {}, "ada")
        attempt.acknowledge(control.id, status="done", outcome=f"Checkpoint written at step {step}.", step=step)
    sent = text(store)
    assert len(sent) <= 100_000
    found = json.loads(sent)
    assert len(found["curves"]["train_loss"]["steps"]) > 660
    columns = found["epochs"]
    assert (columns["epoch"][0], columns["epoch"][-1]) == (1, 2000)
    assert 1001 in columns["epoch"]
    assert {len(column) for column in columns.values()} == {len(columns["epoch"])}
    assert [row["step"] for row in found["checkpoints"]] == [3, *range(51, 101)]
    assert (len(found["controls"]), len(found["events"])) == (50, 50)


@pytest.mark.parametrize(("classes", "shown"), [(2, True), (100, True), (101, False)])
def test_a_matrix_of_very_many_classes_is_fetched_apart(store: Store, begin: Begin, classes: int, shown: bool) -> None:
    labels = [str(number) for number in range(classes)]
    matrix = np.eye(classes, dtype=int).tolist()
    begin().epoch(EpochRecord(1, 4, {}), ValidationRecord(1, 4, matrix, labels), None)
    whole = {"epoch": 1, "labels": labels, "matrix": matrix}
    assert snapshot(store, "run-1")["confusion"] == (whole if shown else None)
    assert confusion(store, "run-1") == whole
    assert confusion(store, "run-1", 2) is None
