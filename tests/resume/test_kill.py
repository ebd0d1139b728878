"""kill -9 at any moment, resume, and nothing shows that it ever happened."""

from __future__ import annotations

import os
import random
import signal
from typing import Any

import psutil
import pytest

from dltrainer_jupyter.core import failpoints
from dltrainer_jupyter.tal import Run
from tests.resume import subject
from tests.waiting import until

EPOCHS = 10
RANDOM_KILLS = int(os.environ.get("DLTRAINER_TEST_KILLS", "4"))
"""``make chaos`` asks for 25."""
WRITER_KILLS = int(os.environ.get("DLTRAINER_TEST_WRITER_KILLS", "1"))
"""Kills at each place of the checkpoint writer."""


@pytest.fixture(scope="module")
def undisturbed(session_home: Any) -> dict[str, Any]:
    """Train once without disturbance, in a thread: where it trains must not matter either."""
    run = subject.start("thread", EPOCHS, "undisturbed").wait(120)
    result = subject.outcome(run)
    result["steps_total"] = run.step
    return result


def _finish(run: Run) -> Run:
    """Resume a dead run here until it is complete."""
    until(lambda: run.state == "lost")
    run.resume(executor="thread")
    return run.wait(120)


@pytest.mark.parametrize("kill", range(RANDOM_KILLS))
def test_killed_at_a_random_step(undisturbed: dict[str, Any], kill: int) -> None:
    """Kill the trainer's process somewhere between its first and its last step."""
    at = random.Random(kill).randrange(1, undisturbed["steps_total"] - 20)
    run = subject.start("process", EPOCHS, f"killed-{kill}")
    until(lambda: run.step >= at or run.state == "completed", timeout=60)
    trainer = run.store.attempts(run.id)[-1]
    os.kill(trainer.pid, signal.SIGKILL)
    assert subject.outcome(_finish(run)) == _without_total(undisturbed)
    assert run.record.attempt == 2


@pytest.mark.parametrize("place", failpoints.NAMES)
@pytest.mark.parametrize("count", range(1, WRITER_KILLS + 1))
def test_killed_at_a_named_place(
    undisturbed: dict[str, Any], place: str, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kill the trainer inside the checkpoint writer, between row and folder, between epoch and checkpoint."""
    monkeypatch.setenv("DLTRAINER_FAILPOINT", f"{place}:{2 * count}")
    run = subject.start("process", EPOCHS, f"{place}-{count}")
    until(lambda: run.state in {"lost", "completed"}, timeout=60)
    assert run.state == "lost", f"the trainer never reached {place}"
    assert subject.outcome(_finish(run)) == _without_total(undisturbed)


def test_killed_again_and_again(undisturbed: dict[str, Any]) -> None:
    """Kill each attempt after some more steps."""
    run = subject.start("process", EPOCHS, "again")
    for kill in range(3):
        goal = (kill + 1) * undisturbed["steps_total"] // 5
        until(lambda goal=goal: run.step >= goal and run.state == "running", timeout=60)
        process = psutil.Process(run.store.attempts(run.id)[-1].pid)
        process.kill()
        until(lambda: run.state == "lost")
        if kill < 2:
            run.resume(executor="process").wait(60)
    assert subject.outcome(_finish(run)) == _without_total(undisturbed)


def _without_total(result: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in result.items() if key != "steps_total"}
