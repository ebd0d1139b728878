"""A machine vanishes with everything on it; another goes on from the mirror, and nothing shows that it happened."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from dltrainer_jupyter import tal
from dltrainer_jupyter.checkpoints.mirror import RunMirror
from dltrainer_jupyter.checkpoints.place import Place
from dltrainer_jupyter.tal import Run
from tests.chaos.killing import finish, undisturbed
from tests.chaos.outcome import differences, outcome
from tests.chaos.trainers import Trainers, strike
from tests.waiting import until

pytestmark = pytest.mark.timeout(600)


def copied(mirror: Path, run: Run) -> list[int]:
    """List the steps whose checkpoints the mirror holds, newest last."""
    index = RunMirror(Place(str(mirror)), run.id).index()
    return [] if index is None else sorted(row["step"] for row in index.checkpoints.values())


def state_there(mirror: Path, run: Run) -> str | None:
    """Give the run's state as the mirror knows it; the trainer tells it after it has let go of the run."""
    index = RunMirror(Place(str(mirror)), run.id).index()
    return None if index is None else str(index.run["run"]["state"])


def damage_newest(mirror: Path, run_id: str) -> None:
    """Turn a bit of the newest checkpoint's weights; a later one may have been on its way, and doesn't count."""
    index = RunMirror(Place(str(mirror)), run_id).index()
    assert index is not None
    newest = max(index.checkpoints, key=lambda name: index.checkpoints[name]["step"])
    weights = mirror / run_id / "checkpoints" / newest / "weights.safetensors"
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1
    weights.write_bytes(data)


@pytest.mark.slow
def test_a_machine_that_vanishes_takes_little_along(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mirror = tmp_path / "drive" / "runs"
    mirror.parent.mkdir()
    trainers = Trainers(
        "pytorch", forked=("torch",), epochs=25, checkpoint={"every_seconds": 0.1, "mirror": str(mirror)}
    )
    expected = undisturbed(trainers)
    run = trainers.start("vanishes")
    # Two at least, so that one may turn out damaged.
    until(lambda: len(steps := copied(mirror, run)) > 1 and steps[-2] > 0, timeout=60)
    assert strike(run)
    step = run.step
    shutil.rmtree(home)
    shutil.copytree(mirror, tmp_path / "damaged" / "runs")
    steps = copied(mirror, run)

    monkeypatch.setenv("DLTRAINER_HOME", str(tmp_path / "another"))
    [again] = tal.restore(mirror, "vanishes")
    assert (again.id, again.state, again.last.record.step) == (run.id, "lost", steps[-1])
    assert 0 < steps[-1] <= step
    trainers.resume(again)
    finish(trainers, again)
    until(lambda: state_there(mirror, run) == "completed")
    assert differences(outcome(again), expected.outcome) == []

    # And where the newest copy is damaged, from the one before.
    damage_newest(tmp_path / "damaged" / "runs", run.id)
    monkeypatch.setenv("DLTRAINER_HOME", str(tmp_path / "third"))
    [third] = tal.restore(tmp_path / "damaged" / "runs", "vanishes")
    assert third.last.record.step == steps[-2]
    told = [event.message for event in third.store.events(third.id) if event.kind == "damaged_mirror"]
    assert len(told) == 1
    assert "weights.safetensors is damaged" in told[0]
    trainers.resume(third)
    finish(trainers, third)
    assert differences(outcome(third), expected.outcome) == []
