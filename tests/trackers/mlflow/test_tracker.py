"""What MLflow is told of a run besides its numbers, and how a run goes on."""

from __future__ import annotations

import json
import os
import sys
import warnings
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from pydantic import ValidationError

from dltrainer_jupyter.core.errors import TrackerError
from dltrainer_jupyter.core.records import ErrorRecord
from dltrainer_jupyter.core.states import State
from dltrainer_jupyter.core.tracking import Artifact, Mark, Update
from dltrainer_jupyter.testing.tracker_samples import (
    BEGAN,
    ending,
    file_artifact,
    observations,
    tracked_run,
    update,
)
from dltrainer_jupyter.trackers.mlflow import MLflow
from tests.trackers.mlflow import places

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from dltrainer_jupyter.core.tracking import Opened

NOTHING = Mark()
TOKEN = "abc123secret"  # noqa: S105 - nobody's


@pytest.fixture
def begun(uri: str, tmp_path: Path) -> Callable[..., tuple[MLflow, Opened]]:
    """Give a function that opens a run with some settings."""

    def begin(key: str | None = None, run: Any = None, **settings: Any) -> tuple[MLflow, Opened]:
        tracker = MLflow(MLflow.Config(**{"uri": uri} | settings))
        return tracker, tracker.open(run or tracked_run(tmp_path / "run"), key, NOTHING)

    return begin


def kept(uri: str, opened: Opened) -> Any:
    return places.client(uri).get_run(opened.key)


# --- settings ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "uri", ["http://me:secret@host:5000", "postgresql://me:secret@host/mlflow", "http://host/?token=secret", " "]
)
def test_a_uri_with_a_secret_is_refused_and_not_quoted(uri) -> None:
    with pytest.raises(ValidationError) as refused:
        MLflow.Config(uri=uri)
    message = refused.value.errors(include_input=False)[0]["msg"]
    assert "MLFLOW_TRACKING_TOKEN" in message
    assert "secret" not in message


def test_a_token_is_shown_nowhere() -> None:
    config = MLflow.Config(uri="http://localhost:5000", token=TOKEN)
    assert TOKEN not in repr(config) + config.model_dump_json()


def test_places_come_from_the_environment_where_settings_name_none(uri, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "from outside")
    tracker = MLflow(MLflow.Config())
    opened = tracker.open(tracked_run(tmp_path / "run"), None, NOTHING)
    assert opened.url == str(tmp_path / "mlflow.db")
    assert places.client(uri).get_experiment(kept(uri, opened).info.experiment_id).name == "from outside"


def test_nothing_of_the_process_is_changed(begun, monkeypatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "me")
    before = dict(os.environ), list(sys.path), list(warnings.filters)
    tracker, _ = begun(token=TOKEN)
    tracker.send(update(1, 100))
    tracker.end(ending())
    tracker.close()
    import mlflow

    assert (dict(os.environ), list(sys.path), list(warnings.filters)) == before
    assert mlflow.active_run() is None


# --- what is known before the first step ------------------------------------------------------------------


def test_a_run_is_described(uri, begun) -> None:
    tracker, opened = begun(run_name="mine", experiment="digits", tags={"team": "red (1)", "odd: (name)": "x"})
    tracker.close()
    run = kept(uri, opened)
    assert run.info.run_name == "mine"
    assert run.info.start_time == BEGAN * 1000
    assert run.info.status == "RUNNING"
    wanted = {
        "dltrainer.run_id": "4f1c9a0b7d2e4c6f8a1b3c5d7e9f0a2b",
        "dltrainer.framework": "pytorch",
        "dltrainer.host": "laboratory",
        "mlflow.source.type": "LOCAL",
        "mlflow.source.git.commit": "0a1b2c3d",
        "team": "red (1)",
    }
    assert wanted.items() <= run.data.tags.items()
    assert run.data.params["model.hidden"] == "[64, 32]"
    assert run.data.params["notify.webhook"] == "**********"
    assert "specification.json" in places.files(uri, opened.key)
    assert [notice for notice in opened.notices if "'odd: (name)'" in notice] == list(opened.notices)


def test_its_data_are_an_input(uri, begun) -> None:
    tracker, opened = begun()
    tracker.close()
    (found,) = kept(uri, opened).inputs.dataset_inputs
    assert found.dataset.name == "digits"
    assert json.loads(found.dataset.profile) == {"task": "classification", "labels": ["0", "1", "2"]}
    from mlflow.data.schema import TensorDatasetSchema

    schema = TensorDatasetSchema.from_dict(json.loads(found.dataset.schema))
    assert schema.features.inputs[0].shape == (-1, 64)
    assert [(tag.key, tag.value) for tag in found.tags] == [("mlflow.data.context", "training")]


def test_settings_that_are_too_long_are_split_then_cut(uri, begun, tmp_path) -> None:
    spec = {"split": "ab" * 10_000, "cut": "cd" * 40_000, "empty": "", "nothing": None, "none": {}, "x" * 300: 1}
    tracker, opened = begun(run=tracked_run(tmp_path / "run", spec=spec))
    tracker.close()
    found = kept(uri, opened).data.params
    assert found["split"] + "".join(found[f"split.part{part}"] for part in (2, 3, 4)) == spec["split"]
    parts = [found["cut"], *(found[f"cut.part{part}"] for part in range(2, 10))]
    assert "".join(parts) == spec["cut"][:54_000]
    assert (found["empty"], found["nothing"], found["none"]) == ("", "null", "{}")
    assert any("'cut' has 80,000 characters" in notice for notice in opened.notices)
    assert any("xxx…" in notice for notice in opened.notices)
    assert len(opened.notices) == 2
    path = next((tmp_path / "mlflow-artifacts").rglob("specification.json"))
    assert json.loads(path.read_text()) == spec


# --- what comes -------------------------------------------------------------------------------------------


def test_times_are_those_of_the_points(uri, begun) -> None:
    tracker, opened = begun()
    tracker.send(update(1, 100))
    tracker.close()
    history = places.client(uri).get_metric_history(opened.key, "step/train_loss")
    assert [metric.timestamp for metric in history] == [int(BEGAN * 1000) + step for step in range(1, 101)]


def test_infinities_are_named_once(begun) -> None:
    tracker, _ = begun()
    sent = update(1, 3, "train_loss")
    endless = replace(sent.curves["train_loss"], values=np.asarray([1.0, np.inf, -np.inf]))
    first = tracker.send(replace(sent, curves={"train_loss": endless}))
    assert len(first) == 1
    assert "1.797e308" in first[0]
    assert list(tracker.send(replace(sent, curves={"val_loss": endless}))) == []


def test_a_renamed_series_is_named_once(begun) -> None:
    tracker, _ = begun()
    assert len(tracker.send(update(1, 5, "loss (%)"))) == 1
    assert list(tracker.send(update(6, 9, "loss (%)"))) == []


def test_the_machines_series_can_be_left_out(uri, begun) -> None:
    tracker, opened = begun(system_metrics=False)
    tracker.send(update(1, 10))
    tracker.close()
    assert places.held(uri, opened).series.keys() == {"step/train_loss"}


def test_what_isnt_a_number_becomes_a_file(uri, begun, tmp_path) -> None:
    tracker, opened = begun()
    for epoch in (1, 2):
        assert list(tracker.send(replace(update(1, 1), **observations(epoch)))) == []
    tracker.send(replace(update(1, 1, again=True), **observations(2)))
    tracker.close()
    found = set(places.files(uri, opened.key))
    assert {"confusion/step-000000100.json", "confusion/step-000000200.json", "confusion/newest.png"} <= found
    assert {"histograms/epoch-000001.json", "histograms/epoch-000002.json", "events.jsonl"} <= found
    place = tmp_path / "mlflow-artifacts" / opened.key / "artifacts"
    assert json.loads((place / "confusion/step-000000200.json").read_text())["matrix"][0] == [9, 1, 0]
    assert (place / "confusion/newest.png").read_bytes().startswith(b"\x89PNG")
    assert [json.loads(line)["id"] for line in (place / "events.jsonl").read_text().splitlines()] == [1, 2]


def test_an_event_may_hold_any_sign(uri, begun, tmp_path) -> None:
    tracker, opened = begun()
    (event,) = observations(1)["events"]
    sent = [replace(event, id=1, message="one\u2028two\nthree\x85\r"), replace(event, id=2)]
    for one in sent:
        tracker.send(Update(events=[one]))
    tracker.close()
    lines = (tmp_path / "mlflow-artifacts" / opened.key / "artifacts" / "events.jsonl").read_bytes().splitlines()
    assert [json.loads(line)["message"] for line in lines] == [one.message for one in sent]


def test_a_newer_folder_takes_the_place_of_an_older_one(uri, begun, tmp_path) -> None:
    tracker, opened = begun()
    for name in ("old", "new"):
        file_artifact(tmp_path / name, f"{name}.txt")
        file_artifact(tmp_path / name / "parts", "same.txt", name)
        assert list(tracker.attach(Artifact("checkpoints/best", "checkpoint", tmp_path / name, 8))) == []
    tracker.attach(Artifact("notes/renamed.txt", "report", tmp_path / "new" / "new.txt", 8))
    tracker.close()
    found = [name for name in places.files(uri, opened.key) if name.startswith(("checkpoints", "notes"))]
    assert sorted(found) == ["checkpoints/best/new.txt", "checkpoints/best/parts/same.txt", "notes/renamed.txt"]


@pytest.mark.parametrize(
    ("state", "status"),
    [
        (State.COMPLETED, "FINISHED"),
        (State.STOPPED, "KILLED"),
        (State.FAILED, "FAILED"),
        (State.LOST, "FAILED"),
        (State.SUSPENDED, "SCHEDULED"),
    ],
)
def test_the_end_is_told(uri, begun, state, status) -> None:
    tracker, opened = begun()
    error = ErrorRecord("ValueError", "expected 3 channels, got 1") if state is State.FAILED else None
    tracker.end(replace(ending(state), error=error))
    run = kept(uri, opened)
    assert run.info.status == status
    assert run.info.end_time == (None if state is State.SUSPENDED else (BEGAN + 60) * 1000)
    assert run.data.tags.get("dltrainer.error") == (error and "ValueError: expected 3 channels, got 1")
    tracker.close()
    tracker, _ = begun(opened.key)
    assert kept(uri, opened).info.status == "RUNNING"
    tracker.end(ending())
    assert "dltrainer.error" not in kept(uri, opened).data.tags


def test_a_long_error_is_cut_and_a_note_says_so(uri, begun) -> None:
    tracker, opened = begun()
    error = ErrorRecord("ValueError", "x" * 6000)
    (note,) = tracker.end(replace(ending(State.FAILED), error=error))
    tracker.close()
    assert note == "MLflow's tag 'dltrainer.error' holds the first 5,000 of its 6,012 characters."
    assert kept(uri, opened).data.tags["dltrainer.error"] == f"ValueError: {'x' * 4988}"


# --- going on ---------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_changed_setting_stands_beside_the_first_one(uri, begun, tmp_path) -> None:
    run = tracked_run(tmp_path / "run")
    _, opened = begun(run=run)
    changed = replace(run, spec={**run.spec, "learning_rate": 0.5, "patience": 3}, attempt=2)
    _, again = begun(opened.key, changed)
    found = kept(uri, again).data
    assert (found.params["learning_rate"], found.params["patience"]) == ("0.001", "3")
    assert found.tags["changed.learning_rate"] == "0.5"
    assert found.tags["dltrainer.attempt"] == "2"


def test_whoever_made_it_and_couldnt_say_so_is_followed(begun, uri) -> None:
    _, opened = begun()
    _, again = begun()
    assert again.key == opened.key
    _, elsewhere = begun(experiment="another")
    assert elsewhere.key != opened.key


def test_what_was_deleted_can_be_restored(uri, begun) -> None:
    _, opened = begun()
    client = places.client(uri)
    client.delete_run(opened.key)
    with pytest.raises(TrackerError, match="mlflow runs restore --run-id"):
        begun(opened.key)
    client.restore_run(opened.key)
    client.delete_experiment(kept(uri, opened).info.experiment_id)
    with pytest.raises(TrackerError, match="'DLTrainer' was deleted .* `mlflow experiments restore"):
        begun()
    with pytest.raises(TrackerError, match="'DLTrainer' was deleted"):
        begun(opened.key)
    with pytest.raises(TrackerError, match="has no run 0{32} any more: check that the tracker's uri"):
        begun("0" * 32)


def test_only_an_open_run_takes_anything() -> None:
    with pytest.raises(TrackerError, match="call open"):
        MLflow(MLflow.Config()).send(update(1, 1))
