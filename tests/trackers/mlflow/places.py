"""Places of MLflow's for tests: a database in a folder, a server on localhost; and what its own reader finds there."""

from __future__ import annotations

import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dltrainer_jupyter.core.tracking import Opened
from dltrainer_jupyter.testing.tracker_contract import Held
from dltrainer_jupyter.trackers.mlflow.surroundings import surroundings
from tests.ports import free_port
from tests.waiting import until

_STARTS_IN = 90.0


def database(folder: Path) -> str:
    """Give an SQLite database's address."""
    return f"sqlite:///{folder}/mlflow.db"


@contextmanager
def server(folder: Path, port: int | None = None) -> Iterator[str]:
    """Run MLflow's own server over a database in a folder."""
    port = port or free_port()
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    command += ["--backend-store-uri", database(folder), "--artifacts-destination", str(folder / "served")]
    environment = {**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    with (folder / "server.log").open("w") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log, env=environment, start_new_session=True)
        try:
            until(lambda: process.poll() is not None or _answers(port), timeout=_STARTS_IN)
            assert process.poll() is None, (folder / "server.log").read_text()[-2000:]
            yield f"http://127.0.0.1:{port}"
        finally:
            os.killpg(process.pid, 9)  # it has workers of its own
            process.wait()


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=10) as answer:
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError):
        return False


def client(uri: str) -> Any:
    """Give MLflow's own client."""
    with surroundings(None):
        from mlflow import MlflowClient

        return MlflowClient(tracking_uri=uri)


def held(uri: str, opened: Opened) -> Held:
    """Read everything that MLflow has of a run."""
    with surroundings(None):
        reader = client(uri)
        run = reader.get_run(opened.key)
        series = {
            name: sorted((metric.step, metric.value) for metric in reader.get_metric_history(opened.key, name))
            for name in run.data.metrics
        }
        return Held(series, run.data.params, frozenset(files(uri, opened.key)))


def files(uri: str, key: str, folder: str | None = None) -> list[str]:
    """List a run's files, those in folders too."""
    with surroundings(None):
        found: list[str] = []
        for entry in client(uri).list_artifacts(key, folder):
            found += files(uri, key, entry.path) if entry.is_dir else [entry.path]
        return found
