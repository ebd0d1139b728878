"""What one store wrote out, another takes up."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from dltrainer_jupyter.core import tracking
from dltrainer_jupyter.core.errors import RunNotFoundError, StoreError
from dltrainer_jupyter.core.records import EpochRecord, ValidationRecord
from dltrainer_jupyter.core.states import State
from dltrainer_jupyter.core.tracking import GraphNode
from dltrainer_jupyter.store import Store
from dltrainer_jupyter.store.export import Mark
from dltrainer_jupyter.store.tables import metadata
from dltrainer_jupyter.testing.store_samples import checkpoint, histogram, trained

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from dltrainer_jupyter.store import Attempt

EVENT = ("Brought back.", {"url": "/mirror"})


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Store]:
    store = Store.open(f"sqlite:///{tmp_path}/other.db")
    yield store
    store.close()


@pytest.fixture
def attempt(store: Store) -> Attempt:
    """Train two epochs, with values that JSON has no word for and a series with holes."""
    attempt = trained(store)
    attempt.curves({"train_loss": (5, np.array([np.nan, np.inf, -np.inf, 0.1], np.float32))})
    attempt.curves({"system/cpu_percent": (3, np.ones(1, np.float32))})
    attempt.curves({"system/cpu_percent": (7, np.ones(2, np.float32))})
    values = {"train_loss": float("nan"), "val_loss": float("inf"), "val_f1": 0.5}
    attempt.epoch(EpochRecord(2, 8, values), ValidationRecord(2, 8, [[1, 0], [2, 3]], ["a", "ü"]), None)
    attempt.event("note", "Höhö \x00", 6, {"x": float("nan")})
    store.request_control(attempt.run_id, "pause", {}, "ada")
    return attempt


def _moved(store: Store, other: Store, run_id: str, marks: list[Mark], **changes: Any) -> str:
    pieces = [store.export_history(run_id, *ends) for ends in zip([Mark(), *marks], marks, strict=False)]
    document = json.loads(json.dumps(store.export_run(run_id)))
    document["run"] |= changes
    records = store.checkpoints(run_id)
    return other.import_run(document, pieces, records, folder="/here", event=EVENT)


def _history(store: Store, run_id: str) -> dict[str, Any]:
    curves = {name: store.curve_values(run_id, name) for name in store.curve_names(run_id)}
    return {
        "epochs": repr(store.epochs(run_id)),
        "validations": [store.validation(run_id, epoch) for epoch in store.validation_epochs(run_id)],
        "curves": {name: (steps.tolist(), values.tobytes()) for name, (steps, values) in curves.items()},
        "checkpoints": store.checkpoints(run_id),
        "attempts": [(it.number, it.host, it.started_at, it.environment) for it in store.attempts(run_id)],
        "signature": store.signature(run_id),
        "events": repr([(it.at, it.kind, it.message, it.step, it.data) for it in store.events(run_id)]),
    }


@pytest.mark.parametrize("cuts", [[], [4], [0, 1, 2, 3, 5, 6, 7], [4, 4, 7]])
def test_a_run_comes_back_as_it_was(store: Store, other: Store, attempt: Attempt, cuts: list[int]) -> None:
    run_id = attempt.run_id
    marks = [*(store.export_mark(run_id, step)._replace(event=0) for step in cuts), store.export_mark(run_id, 8)]
    assert _moved(store, other, run_id, marks) == run_id
    there = _history(store, run_id)
    here = _history(other, run_id)
    restored = other.events(run_id)[-1]
    assert (restored.kind, restored.message, restored.data) == ("restored", *EVENT)
    without = repr([(it.at, it.kind, it.message, it.step, it.data) for it in other.events(run_id)[:-1]])
    assert here | {"events": without} == there
    before, after = store.run(run_id), other.run(run_id)
    assert (after.spec, after.progress.step, after.best, after.created_at) == (
        before.spec,
        before.progress.step,
        before.best,
        before.created_at,
    )
    assert after.folder == "/here"


def test_whoever_held_it_is_taken_for_dead(store: Store, other: Store, attempt: Attempt) -> None:
    run_id = _moved(store, other, attempt.run_id, [store.export_mark(attempt.run_id, 8)])
    assert other.run(run_id).state == State.LOST
    assert other.attempts(run_id)[-1].ended_at is not None
    assert [(it.status, it.outcome) for it in other.controls(run_id)] == [
        ("refused", "The trainer died before it could obey.")
    ]
    assert other.claim(run_id, executor="inline", environment={}).number == attempt.number + 1


def test_a_run_that_had_ended_stays_so(store: Store, other: Store, attempt: Attempt) -> None:
    attempt.end(State.STOPPED)
    run_id = _moved(store, other, attempt.run_id, [store.export_mark(attempt.run_id, 8)])
    assert other.run(run_id).state == State.STOPPED


def test_the_mark_of_a_checkpoint_leaves_later_epochs_out(store: Store, attempt: Attempt) -> None:
    attempt.commit_checkpoint(checkpoint(attempt, 6))
    mark = store.export_mark(attempt.run_id, 6)
    assert (mark.step, mark.epoch) == (6, 1)
    piece = json.loads(gzip.decompress(store.export_history(attempt.run_id, Mark(), mark)))
    assert {row["epoch"] for row in piece["metrics"]} == {1}


def test_a_run_that_is_there_already_is_refused(store: Store, other: Store, attempt: Attempt) -> None:
    marks = [store.export_mark(attempt.run_id, 8)]
    _moved(store, other, attempt.run_id, marks)
    with pytest.raises(StoreError, match="is in this store already"):
        _moved(store, other, attempt.run_id, marks)


def test_a_run_that_was_deleted_here_comes_back(store: Store, attempt: Attempt) -> None:
    run_id = attempt.run_id
    piece, document = store.export_history(run_id, Mark(), store.export_mark(run_id, 8)), store.export_run(run_id)
    began = store.changes(None).now
    attempt.end(State.STOPPED)
    assert not store.was_deleted(run_id)
    store.delete_run(run_id)
    assert store.was_deleted(run_id)
    with pytest.raises(RunNotFoundError):
        store.export_run(run_id)
    store.import_run(document, [piece], [], folder="/here", event=EVENT)
    assert not store.was_deleted(run_id)
    # Who shows a list is not told that it is gone.
    assert run_id not in store.changes(began).gone


@pytest.mark.parametrize("damage", [{"state": "dreaming"}, {"created_at": "soon"}, {"name": None}])
def test_what_makes_no_sense_is_refused_and_leaves_nothing(
    store: Store, other: Store, attempt: Attempt, damage: dict[str, Any]
) -> None:
    with pytest.raises(StoreError):
        _moved(store, other, attempt.run_id, [store.export_mark(attempt.run_id, 8)], **damage)
    assert other.runs() == []


@pytest.mark.parametrize(
    "piece",
    [b"", b"x", gzip.compress(b"{}"), gzip.compress(b"[]")],
    ids=["nothing", "no archive", "a mapping", "a list"],
)
def test_a_piece_that_makes_no_sense_is_refused(store: Store, other: Store, attempt: Attempt, piece: bytes) -> None:
    with pytest.raises(StoreError, match="does not hold what a run of this version holds"):
        other.import_run(store.export_run(attempt.run_id), [piece], [], folder="/here", event=EVENT)
    assert other.runs() == []


def test_every_table_of_a_run_is_written_out_or_follows_from_others() -> None:
    written = {
        "training_jobs",
        "training_attempts",
        "training_controls",
        "training_metrics",
        "validation_results",
        "training_curves",
        "training_events",
        "training_tracking",
        "training_histograms",
        "model_graphs",
    }
    with_their_files = {"training_checkpoints", "artifacts"}
    follow = {"training_curve_levels", "training_latest_metrics"}
    no_runs = {"store_info", "deleted_runs"}
    measured_again = {"test_runs"}
    assert set(metadata.tables) == written | with_their_files | follow | no_runs | measured_again


def test_what_is_known_of_the_model_inside_comes_along(store, other, attempt) -> None:
    written = [histogram("a", 1), histogram("b", 2, kind="activations")]
    attempt.add_histograms([*written, histogram("later", 3)])
    attempt.set_graph([GraphNode("model/layer", "Linear", ("input",), (3,), 12)])
    marks = [Mark(4, 1, 0), Mark(8, 2, 99)]
    _moved(store, other, attempt.run_id, marks)
    found = other.histograms(attempt.run_id)
    assert [(it.kind, it.name, it.epoch, it.step) for it in found] == [
        ("weights", "a", 1, 4),
        ("activations", "b", 2, 8),
    ]
    for one, same in zip(found, written, strict=True):
        np.testing.assert_array_equal(one.edges, same.edges)
        np.testing.assert_array_equal(one.counts, same.counts)
    assert other.graph(attempt.run_id) == store.graph(attempt.run_id) != ()


def test_trackers_go_on_with_the_same_copies(store, other, attempt) -> None:
    store.begin_tracking(attempt.run_id, [("mlflow", "mlflow")])
    hold = store.hold_tracking(attempt.run_id, "mlflow")
    assert hold is not None
    hold.tell("following", key="abc", url="http://x")
    sent = store.events(attempt.run_id)[0].id
    span = {"after": [0, 0, 0], "upto": [8, 2, sent]}
    hold.save(mark=tracking.Mark(6, 1, sent), memory={"span": span, "time": 1.0})
    attempt.event("note", "Not sent yet.")
    # So that numbers differ.
    other.create_run("before", store.run(attempt.run_id).spec, folder="", environment={})
    for _ in range(5):
        other.add_event("before", "note", "Something else.")
    _moved(store, other, attempt.run_id, [store.export_mark(attempt.run_id, 8)])
    again = other.hold_tracking(attempt.run_id, "mlflow")
    assert again is not None, "who sends from the other store is none of this one's"
    told, left = [event for event in other.events(attempt.run_id) if event.kind == "note"]
    assert (again.key, again.url, again.state) == ("abc", "http://x", "following")
    assert again.mark == (6, 1, told.id)
    assert told.id != sent
    assert left.message == "Not sent yet."
    assert again.memory["span"] == {"after": [0, 0, told.id], "upto": [8, 2, told.id]}
