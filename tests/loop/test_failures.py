"""Whatever goes wrong, the run says what, and nothing that was saved is lost."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from dltrainer_jupyter.checkpoints import format as checkpoint_format
from dltrainer_jupyter.checkpoints.writer import Ticket
from dltrainer_jupyter.core.errors import ConfigurationError, TrainingFailed
from dltrainer_jupyter.loop.keeper import Keeper
from dltrainer_jupyter.tal import Run
from tests.waiting import until


class _FailsLater(nn.Linear):
    """A user's model with a bug that shows after some steps."""

    calls = 0

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.calls += 1
        if self.calls > 30:
            raise ZeroDivisionError(self.user_message())
        return super().forward(x.flatten(1))

    def user_message(self) -> str:
        return "a bug of mine"


def test_a_metric_of_another_task_is_refused(train: Callable[..., Run]) -> None:
    """Of a loader only its first batch tells the task; the message says what can be measured."""

    def batches() -> Iterator[Any]:
        yield np.zeros((4, 64), np.float32), np.zeros((4, 10), np.float32)

    run = train(data=batches, batch_size=None, metrics=["accuracy"], executor="inline", validation=False)
    with pytest.raises(TrainingFailed, match="'accuracy' doesn't measure regression.*use mae, mse, r2, rmse"):
        run.wait()


def test_the_users_own_error_is_shown_as_theirs(train: Callable[..., Run]) -> None:
    """Their frames and no others; the last checkpoint can be used."""
    run = train(model=_FailsLater(64, 10), executor="inline", epochs=3)
    with pytest.raises(TrainingFailed, match="ZeroDivisionError: a bug of mine") as caught:
        run.wait()
    assert "raise ZeroDivisionError" in caught.value.traceback_text
    assert "dltrainer_jupyter" not in caught.value.traceback_text
    assert run.state == "failed"
    assert run.error is not None
    assert run.error.step == run.step
    assert len(run.last.predict([[0.0] * 64])) == 1


class _BecomesNaN(nn.Linear):
    calls = 0

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.calls += self.training
        scale = float("nan") if self.calls == 40 else 1.0
        return super().forward(x.flatten(1)) * scale


def test_a_nan_loss_fails_with_its_step(train: Callable[..., Run]) -> None:
    """The step is named; the last good checkpoint stays and holds no NaN."""
    run = train(model=_BecomesNaN(64, 10), executor="inline", epochs=3)
    # One call more than steps: the model is tried on a batch before the first step.
    with pytest.raises(TrainingFailed, match="nan at step 39"):
        run.wait()
    assert run.last.record.step < 39
    assert all(bool(torch.isfinite(value).all()) for value in run.last.model().state_dict().values())
    assert run.curve("train_loss")[0][-1] == 39


@pytest.mark.parametrize("on_nan", ["skip", "continue"])
def test_a_nan_loss_may_be_survived(train: Callable[..., Run], on_nan: str) -> None:
    """Left out, the weights stay finite; gone on with, they don't."""
    run = train(model=_BecomesNaN(64, 10), executor="inline", epochs=3, on_nan=on_nan).wait()
    finite = all(bool(torch.isfinite(value).all()) for value in run.last.model().state_dict().values())
    assert finite == (on_nan == "skip")


def test_a_full_disk_pauses_the_run(train: Callable[..., Run], monkeypatch: pytest.MonkeyPatch) -> None:
    """The previous checkpoint stays, the reason is told, and the run goes on when there is room."""
    run = train(epochs=100_000)
    until(lambda: run.step > 0 and len(run.checkpoints) > 0)
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def no_room(*_: object, **__: object) -> None:
        raise full

    with monkeypatch.context() as patched:
        patched.setattr(checkpoint_format, "write_file", no_room)
        until(lambda: run.state == "paused")
        messages = [event.message for event in run.store.events(run.id) if event.kind == "trouble"]
        assert any("No space left" in message for message in messages)
        assert run.last.model() is not None
    run.resume().wait(60)
    step = run.step
    until(lambda: run.step > step)
    run.stop().wait(60)
    until(lambda: run.state == "stopped")
    assert run.last.record.step == run.step


def test_a_disk_full_at_the_end_does_not_lose_the_end(
    train: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run whose last checkpoint can't be written rests with the reason, and completes when there is room."""
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    genuine = checkpoint_format.write_file

    def no_room_at_the_end(path: Path, data: bytes) -> object:
        if "step-000000046" in str(path):
            raise full
        return genuine(path, data)

    monkeypatch.setattr(checkpoint_format, "write_file", no_room_at_the_end)
    run = train(epochs=2, batch_size=64, checkpoint={"every_epochs": None, "every_seconds": None})
    until(lambda: run.state == "paused")
    assert run.step == 46
    monkeypatch.setattr(checkpoint_format, "write_file", genuine)
    run.resume()
    run.wait(60)
    assert run.last.record.step == 46


def test_a_failed_checkpoint_is_written_again_when_the_run_is_left(
    train: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped where a checkpoint had failed, the run tries once more; nothing is lost."""
    run = train(epochs=100_000)
    until(lambda: run.step > 0)
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def no_room(*_: object, **__: object) -> None:
        raise full

    with monkeypatch.context() as patched:
        patched.setattr(checkpoint_format, "write_file", no_room)
        run.pause().wait(60)
        until(lambda: any(event.kind == "trouble" for event in run.store.events(run.id)))
    run.stop().wait(60)
    until(lambda: run.state == "stopped")
    assert run.last.record.step == run.step


def test_a_checkpoint_that_fails_as_the_run_is_left_is_written_once_more(
    train: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Being written when the run was told to stop, it fails only then."""
    run = train(epochs=100_000, checkpoint={"every_epochs": None, "every_seconds": None})
    until(lambda: run.step > 0)
    genuine, outcome = checkpoint_format.write_file, Keeper.problem_with
    waited_for, failed = threading.Event(), threading.Event()

    def fail_once(path: Path, data: bytes) -> object:
        if not failed.is_set():
            assert waited_for.wait(60)
            failed.set()
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return genuine(path, data)

    def told(ticket: Ticket) -> str | None:
        waited_for.set()
        return outcome(ticket)

    monkeypatch.setattr(checkpoint_format, "write_file", fail_once)
    monkeypatch.setattr(Keeper, "problem_with", staticmethod(told))
    run.pause().wait(60)
    run.stop().wait(60)
    until(lambda: run.state == "stopped")
    assert failed.is_set()
    assert run.last.record.step == run.step


class _GivesUp(nn.Linear):
    calls = 0

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.calls += 1
        if self.calls > 30:
            raise SystemExit(3)
        return super().forward(x.flatten(1))


def test_a_model_that_exits_fails_its_run(train: Callable[..., Run]) -> None:
    """Not the process, and the run doesn't seem to go on."""
    run = train(model=_GivesUp(64, 10), epochs=3)
    with pytest.raises(TrainingFailed, match="SystemExit"):
        run.wait(60)


def test_two_metrics_of_one_name_are_refused(train: Callable[..., Run]) -> None:
    """The history has one column a name."""
    with pytest.raises(ConfigurationError, match="two of them are called 'f1'"):
        train(metrics=["f1", {"type": "f1", "average": "micro"}])


@pytest.mark.slow
def test_a_damaged_checkpoint_is_passed_over(train: Callable[..., Run]) -> None:
    """The newest valid one is resumed, the damage is told, and the result is the same."""
    # Long enough that it still goes on when it is told to suspend, on a busy machine too.
    whole = train(epochs=30, batch_size=8).wait(60)
    run = train(epochs=30, batch_size=8, checkpoint={"keep": 5})
    until(lambda: len(run.checkpoints) >= 3)
    run.suspend().wait(60)
    until(lambda: run.state in {"suspended", "completed"})
    assert run.state == "suspended"
    weights = Path(run.last.record.path) / "weights.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    run.resume()
    run.wait(60)
    assert any(event.kind == "damaged_checkpoint" for event in run.store.events(run.id))
    assert run.last.record.digest == whole.last.record.digest
    assert run.metrics().equals(whole.metrics())


def test_without_a_whole_checkpoint_it_starts_again(train: Callable[..., Run]) -> None:
    """It says so, and the result is that of a run that was never interrupted."""
    whole = train(epochs=2, scheduler=None).wait(60)
    run = train(epochs=1, scheduler=None).wait(60)
    for record in run.checkpoints:
        (Path(record.path) / "manifest.json").unlink()
    run.resume(epochs=2)
    run.wait(60)
    assert any(event.kind == "restart" for event in run.store.events(run.id))
    assert run.last.record.digest == whole.last.record.digest
    assert run.metrics().equals(whole.metrics())
