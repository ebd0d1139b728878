"""Runs brought back from a mirror, and files that are read from there."""

from __future__ import annotations

import shutil
import stat
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from dltrainer_jupyter import tal
from dltrainer_jupyter.checkpoints.file_systems import MountedFolder
from dltrainer_jupyter.core.errors import (
    CheckpointError,
    ConfigurationError,
    RunNotFoundError,
    TrainingFailed,
)
from dltrainer_jupyter.executors.objects import FILE
from dltrainer_jupyter.tal import places
from tests.s3 import s3_bucket, s3_server
from tests.tal.subject import X, net, quick
from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import Callable

    from dltrainer_jupyter.tal import Run

__all__ = ["s3_bucket", "s3_server"]


@pytest.fixture
def mirror(tmp_path: Path) -> str:
    return str(tmp_path / "runs")


@pytest.fixture
def vanish(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Path]:
    """Lose this machine, and give the home of another."""

    def lose() -> Path:
        shutil.rmtree(home)
        monkeypatch.setenv("DLTRAINER_HOME", str(tmp_path / "another"))
        return tmp_path / "another"

    return lose


def _mirrored(mirror: str, **settings: object) -> Run:
    return quick(**{"model": net(), "checkpoint": {"mirror": mirror}, "epochs": 3, **settings})


@pytest.mark.slow
def test_artifacts_on_s3(
    s3_bucket: Callable[[], str], vanish: Callable[[], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"{s3_bucket()}/runs"
    monkeypatch.setenv("DLTRAINER_ARTIFACTS", url)
    run = quick(model=net(), epochs=3, name="far")
    predicted, history, digest = run.best.predict_proba(X), run.metrics(), run.last.record.digest
    straight = quick(model=net(), epochs=5).last.record.digest

    # Files that are lost here are read from there.
    shutil.rmtree(run.folder)
    assert np.array_equal(tal.get(run.id).best.predict_proba(X), predicted)

    another = vanish()
    restored = {it.name: it for it in tal.restore()}
    assert set(restored) == {"far", "run"}
    again = restored["far"]
    assert again.spec.checkpoint.mirror == url
    assert again.folder.is_relative_to(another)
    assert again.metrics().equals(history)
    assert again.last.record.digest == digest
    assert np.array_equal(again.best.predict_proba(X), predicted)
    again.resume(epochs=5, executor="inline")
    assert again.last.record.digest == straight
    assert again.epoch == 5


def test_a_run_that_was_left_alone_stays_completed(mirror: str, vanish: Callable[[], Path]) -> None:
    run = _mirrored(mirror)
    run_id, step = run.id, run.step
    vanish()
    [again] = tal.restore(mirror)
    assert (again.id, again.state, again.step) == (run_id, "completed", step)
    assert tal.get().id == again.id
    assert tal.restore(mirror) == []


def test_objects_come_along_readable_by_their_owner_alone(mirror: str, vanish: Callable[[], Path]) -> None:
    _mirrored(mirror)
    vanish()
    [again] = tal.restore(mirror)
    assert stat.S_IMODE((again.folder / FILE).stat().st_mode) == 0o600
    clone = again.clone(step=again.last.record.step, epochs=1)
    clone.wait(60)
    assert clone.state == "completed"


def test_without_its_objects_a_run_comes_back_to_be_looked_at(mirror: str, vanish: Callable[[], Path]) -> None:
    run = _mirrored(mirror, checkpoint={"mirror": mirror, "mirror_objects": False})
    history = run.metrics()
    vanish()
    [again] = tal.restore(mirror)
    assert again.metrics().equals(history)
    again.resume(epochs=5)
    with pytest.raises(TrainingFailed, match="objects of this run were not kept"):
        again.wait(60)


def test_which_runs(mirror: str, vanish: Callable[[], Path]) -> None:
    for name in ("one", "two", "two"):
        _mirrored(mirror, name=name, epochs=1)
    vanish()
    with pytest.raises(RunNotFoundError, match=r"holds no run 'twoo'\. Did you mean 'two'\? It holds: "):
        tal.restore(mirror, "twoo")
    assert [run.name for run in tal.restore(mirror, "two")] == ["two", "two"]
    assert [run.name for run in tal.restore(mirror)] == ["one"]


def test_where_there_is_nothing(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="expected the folder or URL of a mirror, got nothing"):
        tal.restore()
    with pytest.raises(RunNotFoundError, match=r"holds no run; expected folders that a run with checkpoint: {mirror"):
        tal.restore(tmp_path / "nothing")
    with pytest.raises(ConfigurationError, match="without a password") as refused:
        tal.restore("sftp://ada:canary@host/runs")
    assert "canary" not in str(refused.value)


def test_deleting_a_run_deletes_its_copy(mirror: str, tmp_path: Path) -> None:
    run = _mirrored(mirror)
    assert (tmp_path / "runs" / run.id).exists()
    run.delete()
    assert list((tmp_path / "runs").iterdir()) == []


def test_a_mirror_that_hangs_does_not_hold_up_who_deletes(
    mirror: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    run = _mirrored(mirror, epochs=1)
    answers = threading.Event()
    remove = MountedFolder.remove

    def remove_late(folder: MountedFolder, name: str) -> None:
        assert answers.wait(60)
        remove(folder, name)

    monkeypatch.setattr(MountedFolder, "remove", remove_late)
    monkeypatch.setattr(places, "PATIENCE", 0.05)
    run.delete()
    assert tal.runs() == []
    assert "is still being removed" in caplog.text
    answers.set()
    until(lambda: not Path(mirror, run.id).exists())


def test_a_run_whose_mirror_cannot_be_had_is_deleted(mirror: str, caplog: pytest.LogCaptureFixture) -> None:
    run = _mirrored(mirror, epochs=1)
    folder = run.folder
    shutil.rmtree(mirror)
    Path(mirror).write_text("a file in its place")
    run.delete()
    assert (tal.runs(), folder.exists()) == ([], False)
    assert "stays in its mirror" in caplog.text


def test_a_run_that_finds_none_of_its_checkpoints_does_not_begin_anew(mirror: str) -> None:
    run = _mirrored(mirror)
    checkpoints, history = run.checkpoints, run.metrics()
    shutil.move(run.folder / "models", run.folder / "elsewhere")
    shutil.move(mirror, f"{mirror}-elsewhere")
    run.resume(epochs=5)
    with pytest.raises(TrainingFailed, match="None of the checkpoints of run 'run' is here or in its mirror"):
        run.wait(60)
    assert (run.checkpoints, run.metrics().equals(history)) == (checkpoints, True)
    shutil.move(run.folder / "elsewhere", run.folder / "models")
    run.resume(epochs=5)
    assert run.wait(60).epoch == 5


def test_the_settings_name_a_mirror_for_every_run(mirror: str, tmp_path: Path) -> None:
    tal.settings.mirror = mirror
    try:
        run = quick(epochs=1)
        assert (run.spec.checkpoint.mirror, run.spec.checkpoint.every_seconds) == (mirror, 30)
        asked = quick(epochs=1, checkpoint={"every_seconds": 50})
        assert (asked.spec.checkpoint.mirror, asked.spec.checkpoint.every_seconds) == (mirror, 50)
        without = quick(epochs=1, checkpoint={"mirror": False})
        assert (without.spec.checkpoint.mirror, without.spec.checkpoint.every_seconds) == (False, 60)
    finally:
        tal.settings._assigned.clear()
    assert {path.name for path in (tmp_path / "runs").iterdir()} == {run.id, asked.id}


def test_a_url_nobody_knows_is_refused_before_anything_starts() -> None:
    with pytest.raises(ConfigurationError, match="Expected a folder or a URL"):
        quick(checkpoint={"mirror": "s4://bucket"})
    assert tal.runs() == []


def test_a_checkpoint_that_is_nowhere_says_so(mirror: str) -> None:
    run = _mirrored(mirror)
    shutil.rmtree(run.folder)
    shutil.rmtree(mirror)
    with pytest.raises(CheckpointError, match=r"is not in .* on this host, and the mirror .* does not hold it"):
        run.best.predict(X)
