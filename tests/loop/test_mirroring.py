"""The copy never stands in the training's way, and says when it is behind."""

from __future__ import annotations

import shutil
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import torch
from torch import nn

from dltrainer_jupyter import tal
from dltrainer_jupyter.checkpoints.file_systems import MountedFolder
from dltrainer_jupyter.checkpoints.mirror import RunMirror
from dltrainer_jupyter.checkpoints.mirror_index import Index
from dltrainer_jupyter.checkpoints.place import Place
from dltrainer_jupyter.loop import copying, mirroring
from dltrainer_jupyter.store import Store
from dltrainer_jupyter.store import attempts as store_attempts
from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import Callable

    from dltrainer_jupyter.store import Attempt
    from dltrainer_jupyter.tal import Run


@pytest.fixture(autouse=True)
def in_haste(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mirroring, "INTERVAL", 0.02)
    monkeypatch.setattr(mirroring, "LONGEST_PAUSE", 0.1)


@pytest.fixture
def drive(tmp_path: Path) -> Path:
    path = tmp_path / "drive"
    path.mkdir()
    return path


def _told(run: Run) -> list[str]:
    return [event.kind for event in run.store.events(run.id) if event.kind.startswith("mirror")]


def _index(drive: Path, run: Run) -> Index | None:
    return RunMirror(Place(str(drive / "runs")), run.id).index()


def _steps(index: Index | None) -> list[int]:
    return [] if index is None else sorted(row["step"] for row in index.checkpoints.values())


def _there(drive: Path, run: Run) -> dict[str, set[str]]:
    """Name what lies in the run's folder at the mirror."""
    root = drive / "runs" / run.id
    return {part: {path.name for path in (root / part).iterdir()} for part in ("checkpoints", "history")}


def test_the_copy_holds_what_the_run_keeps(train: Callable[..., Run], drive: Path) -> None:
    run = train(executor="inline", epochs=6, checkpoint={"keep": 2, "mirror": str(drive / "runs")})
    index = _index(drive, run)
    assert index is not None
    assert _steps(index) == [it.step for it in run.checkpoints]
    kinds = {row["step"]: row["kinds"] for row in index.checkpoints.values()}
    assert kinds == {it.step: sorted(it.kinds) for it in run.checkpoints}
    assert index.run["run"]["state"] == "completed"
    assert index.objects is None
    assert set(index.checkpoints) <= _there(drive, run)["checkpoints"]
    # The index before is kept with what it names; nothing else is.
    assert len(_there(drive, run)["checkpoints"]) <= 2 * len(run.checkpoints)
    assert _told(run) == []


def test_a_drive_that_is_not_there_is_told_of_and_caught_up_with(train: Callable[..., Run], drive: Path) -> None:
    drive.rmdir()
    run = train(epochs=100_000, checkpoint={"every_epochs": 1, "mirror": str(drive / "runs")})
    until(lambda: _told(run) == ["mirror_behind"])
    step = run.step
    until(lambda: run.step > step)
    assert _told(run) == ["mirror_behind"]
    drive.mkdir()
    until(lambda: _told(run) == ["mirror_behind", "mirror_caught_up"])
    until(lambda: max(_steps(_index(drive, run))) > 0)
    run.stop().wait(60)
    until(lambda: (found := _index(drive, run)) is not None and found.run["run"]["state"] == "stopped")
    message = run.store.events(run.id)[0].message
    assert "is behind since" in message
    assert "is the drive mounted?" in message


def test_a_drive_that_hangs_holds_nobody_up(
    train: Callable[..., Run], drive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mirroring, "PATIENCE", 0.3)
    hangs, goes_on = threading.Event(), threading.Event()

    def hang(_folder: MountedFolder, *_: Any) -> None:
        hangs.set()
        goes_on.wait()

    monkeypatch.setattr(MountedFolder, "put", hang)
    began = time.monotonic()
    run = train(executor="inline", epochs=2, checkpoint={"mirror": str(drive / "runs")})
    took = time.monotonic() - began
    goes_on.set()
    assert hangs.is_set()
    assert run.state == "completed"
    # Not even its end waits longer than it must.
    assert took < 0.3 + 30


def test_pieces_of_history_are_joined(
    train: Callable[..., Run], drive: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(copying, "_FAN_OUT", 2)
    run = train(executor="inline", epochs=3)
    store, mirror = run.store, RunMirror(Place(str(drive / "runs")), run.id)
    copy = copying.Copy(store, mirror, None, attempt=1, resumed_from=None, own={})
    for step in range(1, run.step + 1, 7):
        copy._index = copying.replace(
            copy._index, history=tuple(copy._history(run.id, store.export_mark(run.id, step)))
        )
    while copy.bring_up_to_date(run.checkpoints):
        pass
    index = mirror.index()
    assert index is not None
    levels = [piece.level for piece in index.history]
    assert levels == sorted(set(levels), reverse=True)
    assert max(levels) >= 2
    other = Store.open(f"sqlite:///{tmp_path}/other.db")
    other.import_run(index.run, [mirror.piece(it) for it in index.history], [], folder="", event=("", {}))
    for name in store.curve_names(run.id):
        for here, there in zip(other.curve_values(run.id, name), store.curve_values(run.id, name), strict=True):
            assert here.tobytes() == there.tobytes()
    assert other.epochs(run.id) == store.epochs(run.id)
    other.close()


def test_a_checkpoint_that_is_given_up_while_it_is_copied_is_left_out(
    train: Callable[..., Run], drive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = train(executor="inline", epochs=3)
    first, *others = run.checkpoints
    put = MountedFolder.put

    def retired_meanwhile(folder: MountedFolder, source: Path, *rest: Any) -> None:
        if source.parent.name == Path(first.path).name:
            with run.store._database.write() as connection:
                connection.exec_driver_sql(f"DELETE FROM training_checkpoints WHERE step = {first.step}")
            shutil.rmtree(first.path, ignore_errors=True)
        put(folder, source, *rest)

    monkeypatch.setattr(MountedFolder, "put", retired_meanwhile)
    mirror = RunMirror(Place(str(drive / "runs")), run.id)
    copy = copying.Copy(run.store, mirror, None, attempt=1, resumed_from=None, own={})
    while copy.bring_up_to_date(run.checkpoints):
        pass
    assert _steps(mirror.index()) == [it.step for it in others]


def test_a_damaged_checkpoint_is_left_out_and_told_of_once(train: Callable[..., Run], drive: Path) -> None:
    run = train(executor="inline", epochs=3)
    damaged, *others = run.checkpoints
    (weights,) = Path(damaged.path).glob("weights.*")
    weights.write_bytes(b"x")
    with mirroring.Mirroring(run.store, _first_attempt(run), str(drive / "runs")):
        until(lambda: _steps(_index(drive, run)) == [it.step for it in others])
    assert _told(run) == ["mirror_incomplete"]
    assert "is damaged" in run.store.events(run.id)[0].message


def _first_attempt(run: Run) -> Attempt:
    """Hold a run that has ended: who copies it reads, and writes by the store."""
    return store_attempts.Attempt(run.store._database, run.id, 1, {})


def test_what_comes_up_while_the_mirror_is_slow_goes_first(train: Callable[..., Run], drive: Path) -> None:
    run = train(executor="inline", epochs=4, checkpoint={"keep": 4})
    records = run.checkpoints
    mirror = RunMirror(Place(str(drive / "runs")), run.id)
    copy = copying.Copy(run.store, mirror, None, attempt=1, resumed_from=None, own={})
    assert copy.bring_up_to_date(records[:2])
    assert _steps(mirror.index()) == [records[1].step]
    assert copy.bring_up_to_date(records)
    assert _steps(mirror.index()) == [records[1].step, records[-1].step]


def test_a_run_that_is_deleted_while_it_is_copied_leaves_no_copy(
    train: Callable[..., Run], drive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = train(executor="inline", epochs=2)
    copies, goes_on = threading.Event(), threading.Event()
    put = MountedFolder.put

    def put_late(folder: MountedFolder, *rest: Any) -> None:
        put(folder, *rest)
        copies.set()
        assert goes_on.wait(60)

    monkeypatch.setattr(MountedFolder, "put", put_late)
    with mirroring.Mirroring(run.store, _first_attempt(run), str(drive / "runs")):
        assert copies.wait(60)
        run.delete()
        goes_on.set()
    assert list((drive / "runs").iterdir()) == []


def test_a_copy_of_attempts_that_never_were_is_left_alone(train: Callable[..., Run], drive: Path) -> None:
    """They were this store's, before its file was put back to what it had been."""
    run = train(executor="inline", epochs=1, checkpoint={"mirror": str(drive / "runs")})
    mirror = RunMirror(Place(str(drive / "runs")), run.id)
    found = mirror.index()
    assert found is not None
    mirror.put_index(copying.replace(found, attempt=9))
    with mirroring.Mirroring(run.store, _first_attempt(run), str(drive / "runs")):
        until(lambda: _told(run) == ["mirror_taken"])
    assert mirror.index() == copying.replace(found, attempt=9)


def test_a_long_history_is_cut(train: Callable[..., Run], drive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copying, "_LONGEST_PIECE", 10)
    run = train(executor="inline", epochs=2, checkpoint={"every_epochs": None, "mirror": str(drive / "runs")})
    index = _index(drive, run)
    assert index is not None
    steps = [piece.step for piece in index.history]
    assert steps[-1] == run.step
    assert max(after - before for before, after in zip([-1, *steps], steps, strict=False)) <= 10


def test_what_a_resumed_run_takes_back_is_written_anew(train: Callable[..., Run], drive: Path) -> None:
    run = train(executor="inline", epochs=4, checkpoint={"mirror": str(drive / "runs")})
    before = _index(drive, run)
    assert before is not None
    last = run.last.record
    shutil.rmtree(last.path)
    shutil.rmtree(drive / "runs" / run.id / "checkpoints")
    run.resume(epochs=5)
    run.wait(60)
    until(lambda: (found := _index(drive, run)) is not None and found.run["run"]["state"] == "completed")
    resumed_from = run.store.attempts(run.id)[-1].resumed_from_step
    assert resumed_from is not None
    assert resumed_from < last.step
    after = _index(drive, run)
    assert after is not None
    assert {it for it in after.history if it in before.history} == {
        it for it in before.history if it.step < resumed_from
    }
    assert after.history[-1].step == run.step


def test_a_copy_that_another_machine_goes_on_with_is_left_alone(
    train: Callable[..., Run], drive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = train(executor="inline", epochs=2, checkpoint={"mirror": str(drive / "runs")})
    with monkeypatch.context() as elsewhere:
        elsewhere.setenv("DLTRAINER_HOME", str(tmp_path / "another"))
        [again] = tal.restore(drive / "runs")
        again.resume(epochs=3)
        again.wait(60)
        until(lambda: (found := _index(drive, run)) is not None and found.attempt == 2)
        until(lambda: (found := _index(drive, run)) is not None and found.run["run"]["state"] == "completed")
    theirs = _index(drive, run)
    run.resume(epochs=4)
    run.wait(60)
    until(lambda: _told(run) == ["mirror_taken"])
    assert _index(drive, run) == theirs
    run.delete()
    assert _index(drive, run) == theirs
    with monkeypatch.context() as elsewhere:
        elsewhere.setenv("DLTRAINER_HOME", str(tmp_path / "another"))
        again.delete()
    assert not (drive / "runs" / run.id).exists()


def test_a_copy_that_is_taken_while_a_run_trains_is_told_of_and_left_alone(
    train: Callable[..., Run], drive: Path
) -> None:
    run = train(epochs=100_000, checkpoint={"every_epochs": 1, "mirror": str(drive / "runs")})
    until(lambda: _index(drive, run) is not None)
    mirror, found = RunMirror(Place(str(drive / "runs")), run.id), _index(drive, run)
    assert found is not None
    theirs = copying.replace(found, attempt=2, number=1, store="another")
    mirror.put_index(theirs)
    until(lambda: _told(run) == ["mirror_taken"])
    step = run.step
    until(lambda: run.step > step)
    run.stop().wait(60)
    run.wait(60)
    assert _told(run) == ["mirror_taken"]
    assert mirror.index() == theirs


def test_of_two_who_go_on_with_one_copy_at_once_one_finds_out(
    train: Callable[..., Run], drive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = train(executor="inline", epochs=2, checkpoint={"mirror": str(drive / "runs")})
    mirror, found = RunMirror(Place(str(drive / "runs")), run.id), _index(drive, run)
    copies = []
    for home in ("one", "other"):
        monkeypatch.setenv("DLTRAINER_HOME", str(tmp_path / home))
        [again] = tal.restore(drive / "runs")
        copy = copying.Copy(again.store, mirror, found, attempt=2, resumed_from=run.step, own={})
        copies.append((copy, again))
    (one, ones), (other, others) = copies
    with monkeypatch.context() as just_before:
        just_before.setattr(RunMirror, "index", lambda _: found)
        for copy, again in copies:
            copy.bring_up_to_date(again.checkpoints)
    with pytest.raises(copying.TakenError, match=r"went on with it \(attempt 2\)"):
        one.bring_up_to_date(ones.checkpoints)
    other.bring_up_to_date(others.checkpoints)
    last = _index(drive, run)
    assert last is not None
    assert (last.store, last.attempt, last.number) == (others.store.uuid, 2, 2)
    with pytest.raises(copying.TakenError):
        one.bring_up_to_date(ones.checkpoints)


class FailsOnce(nn.Module):
    """Loses its connection in the middle of the second epoch, once."""

    calls = 0

    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Sequential(nn.Flatten(), nn.Linear(64, 10))

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        FailsOnce.calls += self.training
        if FailsOnce.calls == 30 and self.training:
            raise ConnectionError
        return self.net(inputs)


def test_a_trainer_that_tries_again_goes_on_copying(
    train: Callable[..., Run], drive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked = threading.Event()
    look, follow = mirroring.Mirroring._look, mirroring.Mirroring.follow

    def look_and_tell(self: mirroring.Mirroring) -> None:
        try:
            look(self)
        finally:
            looked.set()

    def follow_late(self: mirroring.Mirroring, attempt: Attempt) -> None:
        # The store knows of the next attempt already.
        looked.clear()
        assert looked.wait(60)
        looked.clear()
        assert looked.wait(60)
        follow(self, attempt)

    monkeypatch.setattr(mirroring.Mirroring, "_look", look_and_tell)
    monkeypatch.setattr(mirroring.Mirroring, "follow", follow_late)
    retry = {"on": ["ConnectionError"], "wait_seconds": 0.2}
    run = train(executor="inline", model=FailsOnce(), retry=retry, epochs=4, checkpoint={"mirror": str(drive / "runs")})
    assert [attempt.number for attempt in run.store.attempts(run.id)] == [1, 2]
    index = _index(drive, run)
    assert index is not None
    assert (index.attempt, index.run["run"]["state"]) == (2, "completed")
    assert _steps(index)[-1] == run.step
    assert index.objects is not None
