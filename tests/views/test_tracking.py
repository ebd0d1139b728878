from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from dltrainer_jupyter.core.records import ProgressRecord, TrackingRecord
from dltrainer_jupyter.core.states import ENDED, State
from dltrainer_jupyter.core.tracking import Mark
from dltrainer_jupyter.store.listing import RunFilter
from dltrainer_jupyter.views import tracking
from dltrainer_jupyter.views.live import snapshot
from dltrainer_jupyter.views.pages import page
from dltrainer_jupyter.views.rows import ChangedRows
from dltrainer_jupyter.views.tables import run_document

if TYPE_CHECKING:
    from collections.abc import Callable

    from dltrainer_jupyter.store import Store
    from dltrainer_jupyter.store.tracking import TrackingHold

URL = "http://localhost:5000/#/experiments/1/runs/0f5f"
WHY = "http://localhost:5000 doesn't answer."


@dataclass(frozen=True)
class Run:
    """What is asked of a run."""

    state: State = State.RUNNING
    progress: ProgressRecord = field(default_factory=ProgressRecord)


def record(name: str = "mlflow", kind: str | None = None, **changes: Any) -> TrackingRecord:
    now = datetime(2026, 3, 14, tzinfo=UTC)
    return TrackingRecord(**{
        "run_id": "run-1", "name": name, "type": kind or name, "state": "following", "updated_at": now, **changes,
    })  # fmt: skip


@pytest.fixture
def hold(store: Store, begin: Callable) -> TrackingHold:
    """Hold the tracker of a run."""
    begin()
    store.begin_tracking("run-1", [("mlflow", "mlflow")])
    found = store.hold_tracking("run-1", "mlflow")
    assert found is not None
    return found


def test_trackers_are_called_as_they_call_themselves() -> None:
    names = [("mlflow", "mlflow"), ("neptune", "neptune"), ("tensorboard", "tensorboard"), ("wandb-2", "wandb")]
    assert [tracking.label(record(*each)) for each in names] == ["MLflow", "Neptune", "TensorBoard", "W&B 2"]
    assert tracking.label(record("<b>lab\n")) == "<b>lab"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (URL, True),
        ("HTTPS://tracker.lab", True),
        (None, False),
        ("/runs/tensorboard", False),
        ("file:///etc/passwd", False),
        ("javascript:alert(1)//http://", False),
        (" http://tracker.lab", False),
        ("http:tracker.lab", False),
        ("data:text/html,http://", False),
    ],
)
def test_only_pages_may_become_links(url: str | None, expected: bool) -> None:
    assert tracking.is_page(url) is expected


def test_a_run_without_trackers_has_none(store: Store, begin: Callable) -> None:
    begin()
    assert snapshot(store, "run-1")["trackers"] == run_document(store, "run-1")["trackers"] == []
    (row,), _ = page(store, RunFilter())
    assert row["trackers"] == []


def test_a_run_says_where_its_copies_are_and_how_far(store: Store, hold: TrackingHold) -> None:
    hold.save(mark=Mark(step=900, epoch=2, event=3))
    hold.tell("behind", f"{WHY}\n{'x' * 1000}", url=URL)
    (shown,) = snapshot(store, "run-1")["trackers"]
    assert (shown["name"], shown["type"], shown["label"]) == ("mlflow", "mlflow", "MLflow")
    assert (shown["state"], shown["url"], shown["step"]) == ("behind", URL, 900)
    assert shown["message"].startswith(f"{WHY} xxx")
    assert len(shown["message"]) == 300, "a word of a thousand letters is cut all the same"
    assert datetime.fromisoformat(shown["updated_at"]).tzinfo is not None
    assert run_document(store, "run-1")["trackers"] == [shown]


def test_watchers_see_how_a_copy_does(store: Store, hold: TrackingHold) -> None:
    changed = ChangedRows(store)
    changed.read()
    revision = store.revision("run-1")
    hold.tell("following", url=URL)
    assert store.revision("run-1") > revision
    (row,), _ = changed.read()
    assert row["trackers"] == [{"label": "MLflow", "state": "following", "url": URL}]


def test_a_page_asks_for_its_runs_trackers_once(store: Store, begin: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    for run_id in ("a", "b", "c", "d"):
        begin(run_id)
        store.begin_tracking(run_id, [("wandb", "wandb"), ("mlflow", "mlflow")])
    asked: list[Any] = []
    read = type(store).tracking_of

    def noted(self: Store, run_ids: Any) -> Any:
        asked.append(list(run_ids))
        return read(self, run_ids)

    monkeypatch.setattr(type(store), "tracking_of", noted)
    rows, _ = page(store, RunFilter(), limit=3)
    assert [[it["label"] for it in row["trackers"]] for row in rows] == [["MLflow", "W&B"]] * 3
    assert asked == [["d", "c", "b"]]


def test_any_number_of_runs_is_asked_for(store: Store, begin: Callable) -> None:
    begin("last")
    store.begin_tracking("last", [("mlflow", "mlflow")])
    found = tracking.trackers_of(store, [*map(str, range(40_000)), "last"])
    assert [it.name for it in found["last"]] == ["mlflow"]
    assert list(found) == ["last"]


def test_in_words() -> None:
    run = Run()
    late = record(state="behind", message=WHY, step=900, url=URL)
    assert tracking.line(tracking.tracker_row(late, run)) == f"MLflow: behind, 900 steps sent, {URL}. {WHY}"
    copied = record("tensorboard", state="delivered", step=12_000, url="/runs/tb")
    assert tracking.line(tracking.tracker_row(copied, run)) == "TensorBoard: delivered, 12,000 steps sent, /runs/tb"
    assert tracking.line(tracking.tracker_row(record(state="waiting"), run)) == "MLflow: waiting, 0 steps sent"
    assert tracking.cell([late, copied, record("wandb")], run) == "mlflow (behind), tensorboard, wandb"


@pytest.mark.parametrize("ended", sorted(ENDED))
def test_the_copy_of_a_run_that_has_ended_follows_nothing_but_catches_up(ended: State) -> None:
    run = Run(ended, ProgressRecord(step=12_000))
    copy = record(step=900, url=URL)
    row = tracking.tracker_row(copy, run)
    assert (row["state"], row["step"], row["steps"]) == ("catching_up", 900, 12_000)
    assert tracking.place(copy, run)["state"] == "catching_up"
    assert tracking.line(row) == f"MLflow: catching up, 900 of 12,000 steps sent, {URL}"
    assert tracking.cell([copy], run) == "mlflow (catching up)"
    behind = tracking.tracker_row(record(state="behind", step=900, message=WHY), run)
    assert tracking.line(behind) == f"MLflow: behind, 900 of 12,000 steps sent. {WHY}"
    whole = tracking.tracker_row(record(state="delivered", step=12_000), run)
    assert (whole["state"], whole["steps"]) == ("delivered", None)
    assert tracking.tracker_row(copy, Run())["steps"] is None
