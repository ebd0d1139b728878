"""Files and models at trackers: each version once, and none is left out silently."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from dltrainer_jupyter.relay import artifacts, attaching
from dltrainer_jupyter.relay import following as under_test
from dltrainer_jupyter.testing.store_samples import checkpoint
from tests.waiting import until

if TYPE_CHECKING:
    from tests.relay.conftest import Tracked


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(under_test, "INTERVAL", 0.02)
    monkeypatch.setattr(under_test, "LONGEST_PAUSE", 0.05)


def committed(run: Tracked, step: int, *kinds: str, size: int = 100) -> Path:
    """Let a checkpoint exist, with files that tell it from others."""
    folder = run.folder / "checkpoints" / str(step)
    folder.mkdir(parents=True)
    (folder / "weights.safetensors").write_bytes(b"x" * (size + step))
    record = replace(checkpoint(run.trainer.attempt, step, *kinds), path=str(folder))
    run.trainer.attempt.commit_checkpoint(record)
    return folder


def attached(place, run: Tracked) -> list[str]:
    return [name for name, *_ in place.of(run.id, "artifact")]


def test_each_checkpoint_is_attached_as_it_comes(tracked, place) -> None:
    run = tracked(checkpoints="all")
    run.trainer.steps(50)
    committed(run, 10, "last")
    run.sent()
    assert attached(place, run) == ["checkpoints/step-10"]
    committed(run, 20, "last", "best")
    run.trainer.end()
    run.sent()
    assert attached(place, run) == ["checkpoints/step-10", "checkpoints/step-20", "config.yaml", "report.md"]
    _, kind, files, known = place.of(run.id, "artifact")[1]
    assert (kind, files) == ("checkpoint", {"weights.safetensors": 120})
    assert (known["step"], known["kinds"]) == (20, ["best", "last"])
    assert not list((run.folder / "tracking" / "filed").glob(".step-*"))


def test_the_best_checkpoint_is_attached_at_the_end(tracked, place) -> None:
    run = tracked()
    run.trainer.steps(50)
    committed(run, 10, "best")
    committed(run, 20, "last")
    run.sent()
    assert attached(place, run) == []
    run.trainer.end()
    run.sent()
    assert attached(place, run) == ["checkpoints/best", "config.yaml", "report.md"]
    assert place.of(run.id, "artifact")[0][2] == {"weights.safetensors": 110}


def test_none_is_attached_if_none_is_wanted(tracked, place) -> None:
    run = tracked(checkpoints="none")
    committed(run, 10, "best")
    run.trainer.end()
    run.sent()
    assert attached(place, run) == ["config.yaml", "report.md"]
    assert run.record.state == "delivered"


def test_what_is_too_large_is_left_out_with_a_note(tracked, place) -> None:
    run = tracked(checkpoints="all", largest_artifact_mb=0.01)
    committed(run, 10, "best", size=20_000)
    run.trainer.end()
    run.sent()
    assert attached(place, run) == ["config.yaml", "report.md"]
    expected = "checkpoints/step-10 isn't attached: it has 0.0 MB, and largest_artifact_mb is 0.01."
    assert expected in run.events("tracker_note")


def test_a_checkpoint_that_was_retired_is_skipped_silently_only_if_there_is_a_newer_one(
    tracked, place, monkeypatch
) -> None:
    run = tracked(checkpoints="all")
    run.trainer.steps(50)
    old, new = committed(run, 10, "last"), committed(run, 20, "last")
    (old / "weights.safetensors").unlink()
    old.rmdir()
    run.sent()
    run.sent()
    assert attached(place, run) == ["checkpoints/step-20"]
    assert run.events("tracker_note") == ["Opened in a file."]
    committed(run, 30, "last")
    monkeypatch.setattr(artifacts, "_link", lambda *_: 1 / 0)
    (run.folder / "checkpoints" / "30" / "weights.safetensors").unlink()
    (run.folder / "checkpoints" / "30").rmdir()
    run.sent()
    assert "The checkpoint of step 30 can't be read, so it isn't attached." in run.events("tracker_note")
    assert new.is_dir()


def test_a_checkpoint_stays_while_it_is_sent(tracked, place) -> None:
    run = tracked(checkpoints="all")
    folder = committed(run, 10, "last")
    (record,) = run.store.checkpoints(run.id)
    with artifacts.checkpoint(run.store.run(run.id), record, "checkpoints/step-10", run.folder) as artifact:
        assert artifact is not None
        (folder / "weights.safetensors").unlink()
        assert (artifact.path / "weights.safetensors").stat().st_size == artifact.bytes == 110
    assert not artifact.path.exists()


def test_a_file_that_fails_again_and_again_is_left_out_with_a_note(tracked, place, monkeypatch) -> None:
    run = tracked(checkpoints="all")
    committed(run, 10, "best")
    run.trainer.end()
    place.say("refuses-files")
    following = run.follow()
    until(lambda: run.record.state == "delivered")
    following.thread.join(60)
    assert attached(place, run) == ["config.yaml", "report.md"]
    (note,) = [it for it in run.events("tracker_note") if "step-10" in it]
    assert note.startswith("checkpoints/step-10 isn't attached, as the tracker didn't take it: OSError: too odd")
    assert len(place.of(run.id, "open")) == attaching.TRIES
    assert len(run.events("tracker_behind")) == 1


def test_a_model_that_cannot_be_built_is_a_note(tracked, place) -> None:
    run = tracked(model=True)
    committed(run, 10, "best")
    run.trainer.end()
    run.sent()
    assert place.of(run.id, "model") == []
    (note,) = [it for it in run.events("tracker_note") if "model" in it]
    assert note.startswith("The model isn't logged, as it can't be built: CheckpointError: ")
    assert run.record.state == "delivered"


def test_the_report_says_how_it_went(tracked, place, tmp_path) -> None:
    run = tracked()
    run.trainer.steps(45)
    run.trainer.epoch(1)
    run.trainer.end()
    run.sent()
    folder = run.folder / "tracking" / "filed"
    report = (folder / "report.md").read_text()
    assert report.startswith("# digits\n\n## Summary\n")
    assert "| State | completed |" in report
    assert "val\\_accuracy" in report
    assert "data:image" not in report
    assert "```json" not in report
    assert "epochs: 10000" in (folder / "config.yaml").read_text()
