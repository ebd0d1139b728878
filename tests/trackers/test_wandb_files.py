"""W&B's files: what a killed process wrote, a disk that is full, and a process that is left as it was."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from dltrainer_jupyter.core.errors import TrackerError
from dltrainer_jupyter.core.states import State
from dltrainer_jupyter.core.tracking import Histogram, Mark, Update
from dltrainer_jupyter.testing.tracker_samples import (
    checkpoint_artifact,
    ending,
    expected,
    observations,
    tracked_run,
    update,
)
from dltrainer_jupyter.trackers.wandb import WandB
from dltrainer_jupyter.trackers.wandb.transaction_log import columns, logs, records

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dltrainer_jupyter.core.tracking import Opened

BEGIN = """
import sys
from pathlib import Path
from dltrainer_jupyter.core.errors import TrackerError
from dltrainer_jupyter.core.tracking import Mark
from dltrainer_jupyter.testing.tracker_samples import tracked_run, update, ending, observations
from dltrainer_jupyter.trackers.wandb import WandB
folder = Path(sys.argv[1])
tracker = WandB(WandB.Config(mode="offline", patience=5))
opened = tracker.open(tracked_run(folder), None, Mark())
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "run"


_open: list[WandB] = []


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    """Close what a failed test left open: the client's process is shared."""
    yield
    while _open:
        _open.pop().close()


def run(code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Use the client in a process of its own."""
    return subprocess.run([sys.executable, "-c", BEGIN + code, folder], capture_output=True, text=True, check=False)


def opened(folder: Path, sent: Mark | None = None, **settings: Any) -> tuple[WandB, Opened]:
    tracker = WandB(WandB.Config(mode="offline", **settings))
    _open.append(tracker)
    key = None if sent is None else tracked_run(folder).id
    return tracker, tracker.open(tracked_run(folder), key, sent or Mark())


def kept(folder: Path, kind: str, key: str = "") -> Iterator[Any]:
    """Give the records of a kind, of all files of the run."""
    for log in logs(folder, key or tracked_run(folder).id):
        for record, _ in records(log):
            if record.WhichOneof("record_type") == kind:
                yield getattr(record, kind)


def rows(folder: Path, key: str = "") -> list[dict[str, Any]]:
    return [columns(row) for row in kept(folder, "history", key)]


def series(folder: Path, *names: str) -> dict[str, list[tuple[int, float]]]:
    return {name: sorted((row["step"], row[name]) for row in rows(folder) if name in row) for name in names}


def services() -> list[psutil.Process]:
    found = []
    for child in psutil.Process().children():
        # One that other tests left may be gone by now.
        with contextlib.suppress(psutil.NoSuchProcess):
            if child.name() == "wandb-core":
                found.append(child)
    return found


@pytest.mark.slow
def test_what_a_killed_process_wrote_is_not_written_again(folder: Path):
    ended = run(
        """
import os, signal
tracker.send(update(1, 250, **observations(1)))
tracker.send(update(251, 377))
os.kill(os.getpid(), signal.SIGKILL)
""",
        folder,
    )
    assert ended.returncode == -9
    tracker, _ = opened(folder, Mark())
    tracker.send(update(1, 500, again=True, **observations(1)))
    tracker.close()
    wanted = expected(update(1, 500))
    assert series(folder, *wanted) == wanted
    assert [row["event/message"] for row in rows(folder) if "event/number" in row] == ["Validated."]
    assert len([row for row in rows(folder) if "confusion" in row]) == 1


def test_rows_are_counted_on_so_that_none_is_refused_for_coming_late(folder: Path):
    for first in (1, 101, 201):
        tracker, _ = opened(folder, Mark(first - 1))
        tracker.send(update(first, first + 99))
        tracker.close()
    assert [row["_step"] for row in rows(folder)] == list(range(300))


def test_a_file_that_was_cut_off_is_read_up_to_there(folder: Path):
    tracker, _ = opened(folder)
    tracker.send(update(1, 2000))
    tracker.close()
    (log,) = logs(folder, tracked_run(folder).id)
    whole = log.read_bytes()
    assert len(whole) > 3 * 32 * 1024
    log.write_bytes(whole[: len(whole) // 2])
    found = rows(folder)
    assert 0 < len(found) < 2000
    assert [row["step"] for row in found] == list(range(1, len(found) + 1))
    damaged = bytearray(whole)
    damaged[len(whole) // 4] ^= 0xFF
    log.write_bytes(damaged)
    assert 0 < len(rows(folder)) < len(found)


def test_a_row_holds_everything_of_its_step(folder: Path):
    tracker, _ = opened(folder)
    tracker.send(update(1, 100, **observations(1)))
    tracker.close()
    (row,) = [row for row in rows(folder) if row["step"] == 100 and "event/number" not in row]
    assert {"step/train_loss", "system/cpu_percent", "train_loss", "val_accuracy", "epoch", "confusion"} <= row.keys()
    assert row["weights/hidden.weight"] | {"packedBins": None} == {
        "_type": "histogram",
        "bins": [-1.0, -0.25, 0.25, 1.0],
        "values": [1, 5, 2],
        "packedBins": None,
    }
    assert row["_timestamp"] == 1_800_000_000.1
    (picture,) = folder.glob("wandb/offline-run-*/files/media/images/*.png")
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_all_charts_have_the_global_step_as_their_axis(folder: Path):
    tracker, _ = opened(folder)
    tracker.close()
    (glob,) = [metric for metric in kept(folder, "metric") if metric.glob_name]
    assert (glob.glob_name, glob.step_metric) == ("*", "step")


@pytest.mark.parametrize(
    ("state", "code", "preempted"),
    [(State.COMPLETED, 0, 0), (State.STOPPED, 0, 0), (State.FAILED, 1, 0), (State.LOST, 1, 0), (State.SUSPENDED, 1, 1)],
)
def test_how_a_run_ended_is_its_exit_code(folder: Path, state: State, code: int, preempted: int):
    tracker, _ = opened(folder)
    tracker.end(ending(state))
    tracker.close()
    assert [record.exit_code for record in kept(folder, "exit")] == [code]
    assert len(list(kept(folder, "preempting"))) == preempted
    told = {
        item.key or ".".join(item.nested_key): json.loads(item.value_json)
        for record in kept(folder, "summary")
        for item in record.update
    }
    assert (told["state"], told["val_accuracy"]) == (state.value, 0.95)


def test_checkpoints_are_versions_of_one_model(folder: Path, tmp_path: Path):
    tracker, _ = opened(folder)
    for step in (100, 200):
        given = checkpoint_artifact(tmp_path / str(step), step)
        tracker.attach(given)
        tracker.attach(given)
    tracker.close()
    found = list(kept(folder, "artifact"))
    assert [(one.name, one.type, sorted(one.aliases)) for one in found] == [
        (f"{tracked_run(folder).id}-checkpoints", "model", ["best", "latest", f"step-{step}"]) for step in (100, 200)
    ]
    assert json.loads(found[0].metadata)["digest"] == "ab" * 32
    places = [Path(entry.local_path) for one in found for entry in one.manifest.contents]
    # Copies, so that they outlive the checkpoint, and beside the run.
    assert all(place.is_file() and place.is_relative_to(folder) for place in places)


def test_too_many_bins_are_named(folder: Path):
    import numpy as np

    tracker, _ = opened(folder)
    large = Histogram("weights", "w", 1, 100, np.linspace(0, 1, 601), np.ones(600, np.int64))
    (note,) = tracker.send(Update(histograms=[large]))
    tracker.close()
    assert note == "W&B takes histograms of up to 512 bins; 'w' of epoch 1 has 600 and was left out."


def test_offline_it_says_how_to_send_the_files(folder: Path, monkeypatch: pytest.MonkeyPatch):
    for name in ("WANDB_API_KEY", "WANDB_MODE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NETRC", str(folder.parent / "none"))
    monkeypatch.setenv("WANDB_CONFIG_DIR", str(folder.parent / "none"))
    tracker = WandB(WandB.Config())
    found = tracker.open(tracked_run(folder), None, Mark())
    tracker.close()
    (notice,) = found.notices
    assert "as no API key was found; `wandb login` saves one" in notice
    assert f"wandb sync {folder / 'wandb'}" in notice
    assert found.url == str(folder)


def test_the_process_is_left_as_it_was(folder: Path):
    before = sys.excepthook, sys.exit, dict(os.environ)
    tracker, _ = opened(folder)
    assert (sys.excepthook, sys.exit, dict(os.environ)) == before
    assert len(services()) == 1
    tracker.send(update(1, 10))
    tracker.close()
    assert (sys.excepthook, sys.exit, dict(os.environ)) == before
    assert services() == []


def test_two_copies_at_once_share_the_service(tmp_path: Path):
    one, first = opened(tmp_path / "one")
    other, second = opened(tmp_path / "other")
    one.send(update(1, 10))
    one.close()
    other.send(update(1, 20))
    other.close()
    name = tracked_run(tmp_path / "one").id
    assert (first.key, second.key) == (name, f"{name}-2")
    assert (len(rows(tmp_path / "one", first.key)), len(rows(tmp_path / "other", second.key))) == (10, 20)
    assert services() == []


def test_offline_it_never_touches_the_network(folder: Path):
    ended = run(
        """
import psutil
tracker.send(update(1, 100, **observations(1)))
service, = [child for child in psutil.Process().children() if child.name() == "wandb-core"]
print([c.raddr for p in (psutil.Process(), service) for c in p.net_connections("inet") if c.raddr])
tracker.close()
""",
        folder,
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "[]\n", "")


def test_a_folder_that_cant_be_written_is_named(tmp_path: Path):
    (tmp_path / "file").touch()
    tracker = WandB(WandB.Config(mode="offline", folder=tmp_path / "file" / "runs"))
    with pytest.raises(TrackerError, match="W&B needs a folder it can write to, .*Not a directory. Set `folder`"):
        tracker.open(tracked_run(tmp_path / "run"), None, Mark())
    assert services() == []


@pytest.mark.slow
def test_a_full_disk_is_told_and_what_arrived_stays(folder: Path):
    ended = run(
        """
import psutil, resource
tracker.send(update(1, 100))
service, = [child for child in psutil.Process().children() if child.name() == "wandb-core"]
resource.prlimit(service.pid, resource.RLIMIT_FSIZE, (60_000, 60_000))
try:
    tracker.send(update(101, 1_000))
except TrackerError as error:
    print(error)
""",
        folder,
    )
    assert ended.stdout.count("\n") == 1, ended.stderr
    assert "free space on that disk, or set `folder`" in ended.stdout
    tracker, _ = opened(folder, Mark(100, 1, 0))
    tracker.send(update(101, 1_000, again=True))
    tracker.close()
    wanted = expected(update(1, 1_000))
    assert series(folder, *wanted) == wanted


def test_the_run_goes_on_when_the_clients_process_was_killed(folder: Path):
    ended = run(
        """
import contextlib, psutil
tracker.send(update(1, 100))
service, = [child for child in psutil.Process().children() if child.name() == "wandb-core"]
service.kill()
service.wait()
try:
    tracker.send(update(101, 200))
except Exception:
    print("refused")
with contextlib.suppress(TrackerError):
    tracker.close()
tracker = WandB(WandB.Config(mode="offline"))
tracker.open(tracked_run(folder), opened.key, Mark(100, 1, 0))
tracker.send(update(101, 200, again=True))
tracker.close()
""",
        folder,
    )
    assert (ended.returncode, ended.stdout) == (0, "refused\n"), ended.stderr
    wanted = expected(update(1, 200))
    assert series(folder, *wanted) == wanted
