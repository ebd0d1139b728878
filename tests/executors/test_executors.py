"""Where a trainer runs makes no difference, and its end is never silent."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
from typing import Any

import pytest

from dltrainer_jupyter import tal
from dltrainer_jupyter.core.errors import IllegalTransitionError, TrainingFailed
from dltrainer_jupyter.core.states import State
from dltrainer_jupyter.executors import process, worker
from dltrainer_jupyter.loop.doorbell import Doorbell
from dltrainer_jupyter.store.attempts import Attempt
from dltrainer_jupyter.tal import Run
from tests.waiting import until

SMALL: dict[str, Any] = {
    "model": {"type": "mlp", "hidden": [16], "dropout": 0.2},
    "data": "digits",
    "epochs": 3,
    "metrics": ["accuracy"],
    "verbose": False,
}


def test_every_executor_gives_the_same_bits() -> None:
    """Thread, process and inline end with the same weights and history."""
    runs = [tal.train(executor=executor, **SMALL) for executor in ("thread", "process", "inline")]
    for run in runs:
        run.wait(90)
    assert len({run.last.record.digest for run in runs}) == 1
    assert runs[0].metrics().equals(runs[1].metrics())
    assert runs[0].metrics().equals(runs[2].metrics())


def test_two_runs_in_one_process() -> None:
    """Side by side each gives what it gives alone."""
    alone = [tal.train(seed=seed, **SMALL).wait(60).last.record.digest for seed in (1, 2)]
    together = [tal.train(seed=seed, **SMALL) for seed in (1, 2)]
    assert [run.wait(60).last.record.digest for run in together] == alone


_ENDS_EARLY = """
    from dltrainer_jupyter import tal
    import threading
    run = tal.train(model="mlp", data="digits", epochs=100000, name="early", verbose=False)
    while run.step < 5:
        threading.Event().wait(0.01)
    {end}
"""


def _script(end: str) -> subprocess.Popen[bytes]:
    code = textwrap.dedent(_ENDS_EARLY).format(end=end)
    return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)


@pytest.mark.slow
def test_a_process_that_ends_suspends_its_threads() -> None:
    """Like a kernel that is shut down: a checkpoint is written, and another process goes on from it."""
    with _script("print('bye')") as kernel:
        assert kernel.wait(60) == 0
    run = tal.get("early")
    assert run.state == "suspended"
    assert run.last.record.step == run.step
    run.resume(executor="thread").wait(60)
    run.stop().wait(60)


@pytest.mark.slow
def test_a_process_that_is_killed_is_noticed() -> None:
    """The run is lost at once, not after a timeout; waiting for it says so."""
    with _script("print('up', flush=True); run.wait()") as kernel:
        assert kernel.stdout is not None
        assert kernel.stdout.readline() == b"up\n"
        run = tal.get("early")
        assert run.state == "running"
        kernel.kill()
    until(lambda: run.state == "lost", timeout=20)
    with pytest.raises(TrainingFailed, match="resume it"):
        run.wait()


@pytest.mark.slow
def test_a_process_survives_the_one_that_started_it() -> None:
    """A kernel that dies doesn't take a process run along; it still obeys."""
    starter = (
        textwrap.dedent(_ENDS_EARLY)
        .format(end="import os; os._exit(9)")
        .replace("verbose=False", "verbose=False, executor='process'")
    )
    assert subprocess.run([sys.executable, "-c", starter], check=False).returncode == 9
    run = tal.get("early")
    step = run.step
    until(lambda: run.step > step)
    run.pause().wait(60)
    assert run.state == "paused"
    run.stop().wait(60)
    until(lambda: run.state == "stopped")


@pytest.mark.slow
def test_sigterm_suspends_a_trainer() -> None:
    """As a cluster sends it before it takes a machine away."""
    run = tal.train(executor="process", **{**SMALL, "epochs": 100_000})
    until(lambda: run.step > 0, timeout=60)
    os.kill(run.store.attempts(run.id)[-1].pid, signal.SIGTERM)
    until(lambda: run.state == "suspended")
    assert run.last.record.step == run.step


def test_a_trainer_that_cannot_start_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    """The run fails with the tail of the trainer's output."""
    monkeypatch.setattr(process, "search_path", str)
    monkeypatch.setattr(sys, "executable", "/bin/false")
    run = tal.train(executor="process", **SMALL)
    with pytest.raises(TrainingFailed, match="before it began"):
        run.wait(60)


def test_one_run_one_trainer() -> None:
    """A run that a live trainer holds can't be claimed by another."""
    run = tal.train(**{**SMALL, "epochs": 100_000})
    until(lambda: run.step > 0)
    with pytest.raises(IllegalTransitionError):
        run.store.claim(run.id, executor="thread", environment={})
    run.stop().wait(60)
    until(lambda: run.state == "stopped")


def test_a_superseded_trainer_stops_without_writing() -> None:
    """Taken for dead and claimed by another, the first trainer leaves; its rows are refused."""
    run = tal.train(**{**SMALL, "epochs": 100_000})
    until(lambda: run.step > 0)
    second = _claim(run)
    trainer = next(thread for thread in threading.enumerate() if thread.name == f"dltrain-{run.id}")
    trainer.join(60)
    assert not trainer.is_alive()
    assert run.state == "running"
    assert run.store.attempts(run.id)[-1].number == second.number
    second.end(State.STOPPED)


def _claim(run: Run) -> Attempt:
    """Claim a run whose trainer lives but was taken for dead; it may take the run back in between."""
    for _ in range(100):
        _pretend_it_died(run)
        try:
            return run.store.claim(run.id, executor="thread", environment={})
        except IllegalTransitionError:
            continue
    pytest.fail("the first trainer took the run back each time")


def _pretend_it_died(run: Run) -> None:
    """Do what a reaper does that takes a sleeping trainer for dead."""
    from sqlalchemy import create_engine, text

    with create_engine(run.store.url).begin() as connection:
        connection.execute(text("UPDATE training_jobs SET state = 'lost' WHERE id = :id"), {"id": run.id})


def test_stopped_before_it_began() -> None:
    """A run whose trainer never came can be stopped, resumed and deleted."""
    run = tal.train(**SMALL).wait(60)
    run.store.request_start(run.id, epochs=5)  # asked for, and nobody came
    assert run.state == "pending"
    assert run.stop().wait(1).outcome == "Stopped before it began."
    assert run.state == "stopped"
    assert worker.main(run.store.url, run.id, executor="thread", bell=Doorbell(), owns_process=False) is None
    run.resume().wait(60)
    assert run.wait(60).epoch == 5
    run.delete()
