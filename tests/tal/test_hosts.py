"""Two hosts, one PostgreSQL: each sees the other's runs, and goes on with those whose files it can reach."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from dltrainer_jupyter import tal
from dltrainer_jupyter.checkpoints.mirror import RunMirror
from dltrainer_jupyter.checkpoints.place import Place
from dltrainer_jupyter.core.errors import CheckpointError
from dltrainer_jupyter.store import Store
from tests.postgres import postgresql, postgresql_url
from tests.tal.subject import X
from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dltrainer_jupyter.tal import Run

__all__ = ["postgresql", "postgresql_url"]

pytestmark = pytest.mark.postgres

ALPHA = """
import socket, sys
socket.gethostname = lambda: "alpha"
from dltrainer_jupyter.store import liveness
liveness._boot = lambda: "another boot"
from dltrainer_jupyter import tal
from tests.tal.subject import MANY_X, MANY_Y, SMALL, net

def train(name, **checkpoint):
    tal.train(model=net(), data=(MANY_X, MANY_Y), epochs=100_000, name=name, checkpoint=checkpoint, verbose=False)

train("alone")
train("mirrored", mirror=sys.argv[1])
tal.settings.artifacts = sys.argv[2]
train("shared")
sys.stdin.readline()
"""
"""Trains three runs as another host does, until it is killed."""


@pytest.fixture
def drive(tmp_path: Path) -> Path:
    """Give a folder that both hosts see."""
    path = tmp_path / "drive"
    path.mkdir()
    return path


@pytest.fixture
def runs(postgresql_url: str, drive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Run]]:
    """Let another host train, and vanish; give its runs as this host sees them."""
    monkeypatch.setenv("DLTRAINER_STORE", postgresql_url)
    alpha = subprocess.Popen(
        [sys.executable, "-c", ALPHA, str(drive / "mirror"), str(drive / "runs")],
        stdin=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
        env={**os.environ, "DLTRAINER_HOME": str(tmp_path / "alpha")},
    )
    with alpha:
        try:
            until(lambda: alpha.poll() is not None or len(tal.runs()) == 3, timeout=60)
            found = {run.name: run for run in tal.runs()}
            until(lambda: alpha.poll() is not None or all(map(_has_come_far, found.values())), timeout=60)
            mirror = RunMirror(Place(str(drive / "mirror")), found["mirrored"].id)
            until(lambda: alpha.poll() is not None or _copied(mirror), timeout=60)
            assert alpha.poll() is None
        finally:
            alpha.kill()
    # Its own disk is not to be seen from here.
    shutil.move(tmp_path / "alpha", tmp_path / "out-of-sight")
    yield found
    for run in tal.runs():
        if run.state == "running" and run.record.host == socket.gethostname():
            run.stop().wait(60)
    ours = [run.id for run in tal.runs()]
    until(lambda: not any(run_id in thread.name for run_id in ours for thread in threading.enumerate()))
    Store.open(postgresql_url).close()


def _has_come_far(run: Run) -> bool:
    return run.store.checkpoint(run.id, "best") is not None


def _copied(mirror: RunMirror) -> bool:
    index = mirror.index()
    return index is not None and any("best" in row["kinds"] for row in index.checkpoints.values())


def _let_its_lease_run_out(runs: dict[str, Run]) -> None:
    """Let all have been silent for longer than a lease."""
    with runs["alone"].store._database.write() as connection:
        connection.exec_driver_sql("UPDATE training_attempts SET heartbeat_at = heartbeat_at - interval '91 seconds'")


@pytest.mark.slow
def test_runs_of_another_host(runs: dict[str, Run], drive: Path, caplog: pytest.LogCaptureFixture) -> None:
    here = socket.gethostname()
    assert {run.record.host for run in runs.values()} == {"alpha"}
    # Whether its trainers live nobody here can tell, until they have been silent for as long as a lease.
    assert {run.state for run in runs.values()} == {"running"}
    _let_its_lease_run_out(runs)
    assert {run.state for run in runs.values()} == {"lost"}

    # Files on another host: each verb says which, and what would have helped; the run stays as it is.
    alone, folder = runs["alone"], runs["alone"].folder
    for use in (alone.resume, lambda: alone.best.predict(X), lambda: alone.clone(step=alone.last.record.step)):
        with pytest.raises(CheckpointError) as refused:
            use()
        for told in ("run 'alone'", "on host 'alpha'", str(folder), f"this is '{here}'", "DLTRAINER_MIRROR"):
            assert told in str(refused.value)
    assert (alone.state, alone.record.host, len(tal.runs())) == ("lost", "alpha", 3)

    # A copy within reach, or a folder that both see: it just goes on here.
    for name in ("mirrored", "shared"):
        run = runs[name]
        step = run.step
        run.resume().wait(60)
        until(lambda run=run, step=step: run.step > step or run.error, timeout=60)  # type: ignore[misc]
        assert run.error is None
        assert len(run.last.predict(X)) == len(X)
        attempt = run.store.attempts(run.id)[-1]
        assert (run.record.host, attempt.host, attempt.number) == (here, here, 2)
        assert attempt.resumed_from_step is not None
        assert attempt.resumed_from_step > 0
    assert runs["mirrored"].folder == tal.settings.artifacts / runs["mirrored"].id
    assert all(Path(it.path).is_relative_to(tal.settings.artifacts) for it in runs["mirrored"].checkpoints)
    assert runs["shared"].folder == drive / "runs" / runs["shared"].id

    # A run can be forgotten here; its files stay where nobody here can reach them.
    alone.delete()
    assert f"stay on host 'alpha': remove {folder} there" in caplog.text
