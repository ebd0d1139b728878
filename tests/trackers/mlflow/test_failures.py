"""What goes wrong with MLflow is one sentence, soon, without secrets, that says how to mend it."""

from __future__ import annotations

import errno
import shutil
import sqlite3
import threading
import time
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.metadata import EntryPoint
from typing import TYPE_CHECKING, Any

import pytest

from dltrainer_jupyter import tal
from dltrainer_jupyter.core.errors import ConfigurationError, TrackerError
from dltrainer_jupyter.core.secrets import MASK
from dltrainer_jupyter.core.tracking import Mark
from dltrainer_jupyter.testing.tracker_samples import file_artifact, observations, tracked_run, update
from dltrainer_jupyter.trackers.mlflow import MLflow
from dltrainer_jupyter.trackers.mlflow.failures import mended
from tests.ports import free_port
from tests.trackers.mlflow import places

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TOKEN = "abc123secret"  # noqa: S105 - nobody's
SOON = 30.0
"""Seconds, on a busy machine; MLflow's own client takes minutes."""


@contextmanager
def answering(status: int, body: bytes = b"<html></html>") -> Iterator[tuple[str, list[str | None]]]:
    """Answer each request alike; gives the address and the credentials that came."""
    came: list[str | None] = []

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            came.append(self.headers.get("Authorization"))
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815

        def log_message(self, *_: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", came
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def opened(folder: Path, **settings: Any) -> MLflow:
    tracker = MLflow(MLflow.Config(**settings))
    tracker.open(tracked_run(folder / "run"), None, Mark())
    return tracker


@pytest.mark.parametrize("status", [401, 403])
def test_refused_credentials(tmp_path, status) -> None:
    with answering(status, b"no") as (uri, came), pytest.raises(TrackerError) as refused:
        opened(tmp_path, uri=uri, token=TOKEN)
    assert set(came) == {f"Bearer {TOKEN}"}
    assert str(refused.value).startswith(f"MLflow at {uri} refuses these credentials")
    assert "MLFLOW_TRACKING_TOKEN" in str(refused.value)
    assert TOKEN not in str(refused.value)


def test_a_trackers_token_goes_before_a_password_and_a_mask_is_none(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "me")
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "abc")
    for token, wanted in ((TOKEN, f"Bearer {TOKEN}"), (MASK, "Basic bWU6YWJj"), (None, "Basic bWU6YWJj")):
        with answering(401) as (uri, came), pytest.raises(TrackerError):
            opened(tmp_path, uri=uri, token=token)
        assert set(came) == {wanted}


def test_something_else_answers(tmp_path) -> None:
    with answering(404) as (uri, _), pytest.raises(TrackerError, match="is no MLflow tracking server: expected one"):
        opened(tmp_path, uri=uri)


def test_a_server_in_trouble_is_asked_again_later_by_who_sends(tmp_path) -> None:
    began = time.monotonic()
    with answering(503) as (uri, _), pytest.raises(TrackerError, match="doesn't answer"):
        opened(tmp_path, uri=uri)
    assert time.monotonic() - began < SOON


def test_nobody_answers(tmp_path) -> None:
    began, uri = time.monotonic(), f"http://127.0.0.1:{free_port()}"
    with pytest.raises(TrackerError, match=f"MLflow at {uri} doesn't answer: check that its server runs"):
        opened(tmp_path, uri=uri)
    assert time.monotonic() - began < SOON


@pytest.mark.slow
def test_a_server_that_dies_is_noticed_soon_and_goes_on_later(tmp_path, empty_database) -> None:
    shutil.copy(empty_database, tmp_path / "mlflow.db")
    port = free_port()
    with places.server(tmp_path, port) as uri:
        tracker = MLflow(MLflow.Config(uri=uri))
        found = tracker.open(tracked_run(tmp_path / "run"), None, Mark())
        tracker.send(update(1, 100))
    began = time.monotonic()
    with pytest.raises(TrackerError, match="doesn't answer"):
        tracker.send(update(101, 200))
    assert time.monotonic() - began < SOON
    tracker.close()
    with places.server(tmp_path, port) as uri:
        tracker = MLflow(MLflow.Config(uri=uri))
        tracker.open(tracked_run(tmp_path / "run"), found.key, Mark(100, 1, 0))
        tracker.send(update(101, 200, again=True))
        assert found.url == f"{uri}/#/experiments/1/runs/{found.key}"
        assert [step for step, _ in places.held(uri, found).series["step/train_loss"]] == list(range(1, 201))


@pytest.mark.parametrize(
    ("uri", "said"),
    [
        ("gopher://host/mlflow", "MLflow doesn't know what 'gopher://host/mlflow' is"),
        ("sqlite:////proc/nowhere/mlflow.db", "MLflow at sqlite:////proc/nowhere/mlflow.db doesn't take"),
    ],
)
def test_a_wrong_place(tmp_path, uri, said, monkeypatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    with pytest.raises(TrackerError, match=said):
        opened(tmp_path)


@pytest.mark.parametrize(
    ("uri", "said"),
    [
        ("localhost:5055", "write http://localhost:5055"),
        ("localhost", "write http://localhost"),
        ("lab-7.uni.edu:5000/mlflow", "write http://lab-7.uni.edu:5000/mlflow"),
        ("10.0.0.7", "write http://10.0.0.7"),
        ("htp://localhost:5055", "MLflow knows no 'htp://', did you mean http://localhost:5055?"),
        ("sqllite:////x/mlflow.db", "did you mean sqlite:////x/mlflow.db?"),
        ("gopher://host/mlflow", "MLflow knows no 'gopher://', expected one of databricks, file, http, https, "),
        ("http://", "http:// names no host"),
    ],
)
def test_a_wrong_place_is_refused_before_anything_starts(uri, said) -> None:
    settings = {"model": "mlp", "data": "digits", "track": {"type": "mlflow", "uri": uri}}
    with pytest.raises(ConfigurationError) as refused:
        tal.describe(settings)
    message = str(refused.value)
    assert message.startswith("track.uri: expected a server (http://HOST:PORT), a database (sqlite:////FOLDER/")
    assert said in message
    assert "\n" not in message


@pytest.mark.parametrize(
    "uri",
    [
        "http://localhost:5000", "HTTPS://lab/mlflow", "sqlite:///mlflow.db", "postgresql+psycopg2://lab/mlflow",
        "mysql+pymysql://lab/mlflow", "file:///data/mlruns", "databricks", "databricks://profile", "uc:profile",
        "mlruns", "./mlruns", "/data/mlruns", "C:\\mlruns", "C:/mlruns", "arn:aws:sagemaker:eu-west-1:123:mlflow/lab",
    ],
)  # fmt: skip
def test_what_mlflow_takes_is_taken(uri) -> None:
    assert MLflow.Config(uri=uri).uri == uri


def test_places_that_other_packages_bring_are_taken(monkeypatch) -> None:
    brought = EntryPoint("azureml", "azureml.mlflow:store", "mlflow.tracking_store")
    monkeypatch.setattr("dltrainer_jupyter.trackers.mlflow.places.entry_points", lambda **_: [brought])
    assert MLflow.Config(uri="azureml://lab/mlflow").uri == "azureml://lab/mlflow"


def test_a_file_that_is_no_database(tmp_path) -> None:
    (tmp_path / "mlflow.db").write_text("something else, and long enough to be looked at" * 100)
    began = time.monotonic()
    with pytest.raises(TrackerError, match="file is not a database") as refused:
        opened(tmp_path, uri=places.database(tmp_path))
    assert "\n" not in str(refused.value)
    assert time.monotonic() - began < SOON


def test_no_space_is_left(tmp_path) -> None:
    with pytest.raises(TrackerError, match="no space left where MLflow at there keeps its data"), mended("there"):
        raise OSError(errno.ENOSPC, "No space left on device")
    database = sqlite3.connect(tmp_path / "full.db")
    database.execute("PRAGMA max_page_count = 2")
    database.execute("CREATE TABLE t (x)")
    with pytest.raises(TrackerError, match="no space left"), mended("there"):
        database.execute("INSERT INTO t VALUES (zeroblob(100000))")
    database.close()


def test_the_client_isnt_there(monkeypatch, tmp_path) -> None:
    monkeypatch.setitem(__import__("sys").modules, "mlflow", None)
    with pytest.raises(TrackerError, match=r'pip install "dltrainer-jupyter\[mlflow\]"'):
        opened(tmp_path)


def test_a_package_that_mlflow_needs_for_a_place_is_named() -> None:
    missing = ModuleNotFoundError("No module named 'psycopg2'", name="psycopg2")
    with pytest.raises(TrackerError) as refused, mended("there"):
        raise missing
    assert str(refused.value) == "MLflow needs the package psycopg2, which isn't installed here: pip install psycopg2."


def test_where_files_cant_be_kept_numbers_are(uri, tmp_path) -> None:
    blocked = tmp_path / "blocked"
    blocked.write_text("a file where a folder should be")
    places.client(uri).create_experiment("blocked", artifact_location=str(blocked / "files"))
    tracker = MLflow(MLflow.Config(uri=uri, experiment="blocked"))
    found = tracker.open(tracked_run(tmp_path / "run"), None, Mark())
    assert len(found.notices) == 1
    assert found.notices[0].startswith("MLflow's place for files can't be written from here")
    assert list(tracker.send(replace(update(1, 100), **observations(1)))) == []
    (note,) = tracker.attach(file_artifact(tmp_path / "files", "report.md"))
    assert note.startswith("'report.md' isn't at MLflow.")
    tracker.close()
    assert len(places.held(uri, found).series["step/train_loss"]) == 100
