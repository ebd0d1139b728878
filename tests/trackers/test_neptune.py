"""The copy for Neptune holds what it was sent: the client's own files say so."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from dltrainer_jupyter.core.errors import TrackerError
from dltrainer_jupyter.core.records import ErrorRecord
from dltrainer_jupyter.core.states import State
from dltrainer_jupyter.core.tracking import Mark, Points, Update
from dltrainer_jupyter.testing.tracker_contract import Held, TrackerContract
from dltrainer_jupyter.testing.tracker_samples import (
    ending,
    expected,
    file_artifact,
    observations,
    tracked_run,
    update,
)
from dltrainer_jupyter.trackers.neptune import Neptune
from dltrainer_jupyter.trackers.neptune.operations import operations, queues

if TYPE_CHECKING:
    from collections.abc import Callable

    from dltrainer_jupyter.core.tracking import Opened


def read(folder: Path) -> Held:
    """Read every queue of a run, in the order in which they were made."""
    series: dict[str, list[tuple[int, float]]] = {}
    settings: dict[str, Any] = {}
    files: set[str] = set()
    for queue in queues(folder):
        for operation in operations(queue):
            first, *rest = operation["path"]
            if operation["type"] == "LogFloats" and first == "metrics":
                series.setdefault("/".join(rest), []).extend(
                    (value["step"], value["value"]) for value in operation["values"]
                )
            elif operation["type"].startswith("Assign") and first == "parameters":
                settings[".".join(rest)] = operation["value"]
            elif operation["type"] == "UploadFile" and first == "artifacts":
                files.add("/".join(rest))
    return Held({name: sorted(found) for name, found in series.items()}, settings, frozenset(files))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "run"


class TestOffline(TrackerContract):
    client = "neptune"
    keeps_nan = False
    keeps_infinities = False

    @pytest.fixture
    def make(self) -> Callable[[], Neptune]:
        return lambda: Neptune(Neptune.Config())

    @pytest.fixture
    def held(self, folder: Path) -> Callable[[Opened], Held]:
        return lambda _: read(folder)


RUN = """
import sys
from pathlib import Path
from dltrainer_jupyter.core.tracking import Mark
from dltrainer_jupyter.testing.tracker_samples import tracked_run, update, ending, observations
from dltrainer_jupyter.trackers.neptune import Neptune
folder = Path(sys.argv[1])
tracker = Neptune(Neptune.Config())
"""


def run(code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Use the client in a process of its own."""
    return subprocess.run([sys.executable, "-c", RUN + code, folder], capture_output=True, text=True, check=False)


def opened(folder: Path, sent: Mark | None = None, **settings: Any) -> tuple[Neptune, Opened]:
    tracker = Neptune(Neptune.Config(**settings))
    key = None if sent is None else tracked_run(folder).id
    return tracker, tracker.open(tracked_run(folder), key, sent or Mark())


def operations_of(folder: Path) -> list[dict[str, Any]]:
    return [operation for queue in queues(folder) for operation in operations(queue)]


@pytest.mark.slow
def test_it_says_once_that_the_service_has_closed_and_where_the_files_are(folder: Path):
    tracker, first = opened(folder, project="laboratory/digits")
    tracker.close()
    tracker, second = opened(folder, Mark())
    tracker.close()
    assert len(first.notices) == 1
    assert "closed on 2026-03-05" in first.notices[0]
    assert f"neptune sync --path {folder} --project laboratory/digits --offline-only" in first.notices[0]
    command = subprocess.run([Path(sys.executable).with_name("neptune"), "--help"], capture_output=True, check=False)
    assert ("setuptools<81" in first.notices[0]) == (command.returncode != 0), "what its command needs is said"
    assert first.url == str(folder)
    assert second.notices == ()


@pytest.mark.slow
def test_it_never_touches_the_network(folder: Path):
    guard = """
import socket
def refused(*_, **__):
    raise SystemExit("the network was tried")
for name in ("connect", "connect_ex", "sendto"):
    setattr(socket.socket, name, refused)
socket.getaddrinfo = socket.create_connection = refused
"""
    use = """
tracker.open(tracked_run(folder), None, Mark())
tracker.send(update(1, 100, **observations(1)))
tracker.end(ending())
tracker.close()
"""
    ended = run(guard + use, folder)
    assert (ended.returncode, ended.stdout) == (0, ""), ended.stderr
    assert len(read(folder).series["step/train_loss"]) == 100


@pytest.mark.slow
def test_what_a_killed_process_wrote_is_not_written_again(folder: Path):
    ended = run(
        """
import os, signal
tracker.open(tracked_run(folder), None, Mark())
tracker.send(update(1, 250, **observations(1)))
tracker.send(update(251, 377))
os.kill(os.getpid(), signal.SIGKILL)
""",
        folder,
    )
    assert ended.returncode == -9
    with next(folder.glob(".neptune/offline/*/data-1.log")).open("a") as file:
        file.write('{"obj": {"type": "LogFloats", "path": ["met')
    tracker, _ = opened(folder, Mark(0, 0, 0))
    tracker.send(update(1, 500, again=True, **observations(1)))
    tracker.close()
    assert read(folder).series == expected(update(1, 500))
    events = [operation for operation in operations_of(folder) if operation["path"] == ["events"]]
    assert len(events) == 1


def test_the_client_takes_all_folders_of_a_run_for_one_run(folder: Path):
    from neptune.cli.collect import collect_offline_containers

    for _ in range(3):
        tracker, _ = opened(folder, Mark())
        tracker.close()
    (container,) = collect_offline_containers(path=folder / ".neptune")
    assert len(container.execution_dirs) == 3


def test_pictures_histograms_and_events_are_there(folder: Path):
    tracker, _ = opened(folder)
    tracker.send(update(1, 100, **observations(1)))
    tracker.close()
    uploads = {"/".join(op["path"]): op["tmp_file_name"] for op in operations_of(folder) if op["type"] == "UploadFile"}
    (place,) = folder.glob(".neptune/offline/*/upload_path")
    assert (place / uploads["confusion/epoch-000001"]).read_bytes().startswith(b"\x89PNG")
    measured = json.loads((place / uploads["histograms/weights/hidden.weight/epoch-000001"]).read_text())
    assert measured == {"step": 100, "edges": [-1.0, -0.25, 0.25, 1.0], "counts": [1, 5, 2]}
    (event,) = [op for op in operations_of(folder) if op["path"] == ["events"]]
    assert event["values"][0]["value"] == "note: Validated. (step 100)"


@pytest.mark.parametrize(
    ("state", "failed"), [(State.COMPLETED, False), (State.FAILED, True), (State.LOST, True), (State.SUSPENDED, False)]
)
def test_a_failed_run_is_marked(folder: Path, state: State, failed: bool):
    tracker, _ = opened(folder)
    tracker.end(ending(state))
    tracker.close()
    told = {"/".join(op["path"]): op.get("value") for op in operations_of(folder)}
    assert (told["sys/failed"], told["dltrainer/state"]) == (failed, state.value)


def test_a_long_error_is_kept_whole(folder: Path):
    message = "".join(f"{number:05d}" for number in range(5_000))
    tracker, _ = opened(folder)
    tracker.end(replace(ending(State.FAILED), error=ErrorRecord("ValueError", message)))
    tracker.close()
    told = {"/".join(op["path"]): op.get("value") for op in operations_of(folder)}
    assert told["dltrainer/error-1"] + told["dltrainer/error-2"] == message


def test_it_says_which_values_it_left_out(folder: Path):
    values = np.asarray([1.0, math.nan, math.inf])
    steps = np.arange(1, 4)
    tracker, _ = opened(folder)
    (note,) = tracker.send(Update({"train_loss": Points(steps, values, steps * 1.0)}))
    tracker.close()
    assert note == "Neptune takes finite numbers only, so series 'step/train_loss' lacks 2 values at steps 2 to 3."


def test_a_folder_that_cant_be_written_is_named(tmp_path: Path):
    (tmp_path / "file").touch()
    tracker = Neptune(Neptune.Config(folder=tmp_path / "file" / "runs"))
    with pytest.raises(TrackerError, match="needs a folder it can write to, but .*Not a directory. Set `folder`"):
        tracker.open(tracked_run(tmp_path / "run"), None, Mark())


@pytest.mark.slow
def test_a_full_disk_is_told_and_what_arrived_stays(folder: Path):
    ended = run(
        """
import resource
from dltrainer_jupyter.core.errors import TrackerError
tracker.open(tracked_run(folder), None, Mark())
tracker.send(update(1, 100))
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
try:
    tracker.send(update(101, 5_000))
except TrackerError as error:
    print(error)
""",
        folder,
    )
    assert ended.stdout.count("\n") == 1, ended.stderr
    assert "File too large. Set `folder`, or free space there." in ended.stdout
    tracker, _ = opened(folder, Mark(100, 1, 0))
    tracker.send(update(101, 5_000, again=True))
    tracker.close()
    assert read(folder).series == expected(update(1, 5_000))


def test_the_process_is_left_as_it_was(folder: Path):
    before, threads = (sys.excepthook, os.environ.get("NEPTUNE_DATA_DIRECTORY")), set(threading.enumerate())
    tracker, _ = opened(folder)
    assert sys.excepthook is before[0]
    tracker.close()
    assert (sys.excepthook, os.environ.get("NEPTUNE_DATA_DIRECTORY")) == before
    # Threads that other tests left may end meanwhile.
    assert set(threading.enumerate()) <= threads


def test_an_attached_file_outlives_its_original(folder: Path, tmp_path: Path):
    given = file_artifact(tmp_path / "there", "../../report.md", "text")
    tracker, _ = opened(folder)
    tracker.attach(given)
    tracker.close()
    given.path.unlink()
    (upload,) = [op for op in operations_of(folder) if op["type"] == "UploadFile"]
    assert Path(upload["file_path"]).read_text() == "text"
    assert Path(upload["file_path"]).is_relative_to(folder)
