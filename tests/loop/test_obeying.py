"""Pause, resume, set, checkpoint, stop, suspend: at once, acknowledged, and without a trace in the result."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable

import numpy as np
import psutil
import pytest
import torch

from dltrainer_jupyter.core.errors import ConfigurationError, IllegalControlError
from dltrainer_jupyter.tal import Run
from tests.waiting import until

LONG = 100_000
"""Epochs of a run that is still going when a test steers it."""


@pytest.fixture
def live(train: Callable[..., Run]) -> Callable[..., Run]:
    """Start a long run and wait for its first steps."""
    started: list[Run] = []

    def start(**changes: object) -> Run:
        run = train(epochs=LONG, **changes)
        started.append(run)
        until(lambda: run.step > 0)
        return run

    yield start  # type: ignore[misc]
    for run in started:
        if run.state in {"running", "paused", "pending"}:
            run.stop().wait(60)


@pytest.mark.slow
def test_pausing_costs_no_bit(train: Callable[..., Run]) -> None:
    """Paused, suspended and resumed while others draw and reseed, the run ends as if left alone."""
    # Long enough that it still goes on at the last verb, on a busy machine too.
    alone = train(epochs=30, batch_size=8).wait(60)
    done = threading.Event()

    def disturb() -> None:
        while not done.is_set():
            torch.rand(8)
            torch.manual_seed(random.randrange(1000))
            np.random.default_rng().random()
            np.random.seed(1)  # noqa: NPY002 - the legacy generator is the one to disturb
            random.seed()

    other = threading.Thread(target=disturb)
    other.start()
    try:
        run = train(epochs=30, batch_size=8)
        until(lambda: run.step > 0)
        for verb in (run.pause, run.pause, run.suspend, run.pause):
            verb().wait(60)
            until(lambda: run.state in {"paused", "suspended"})
            run.resume().wait(60)
        run.wait(60)
    finally:
        done.set()
        other.join()
    assert run.last.record.digest == alone.last.record.digest
    assert run.metrics().equals(alone.metrics())
    assert run.curve("train_loss")[1].tobytes() == alone.curve("train_loss")[1].tobytes()


def test_pause_is_acknowledged_with_its_step(live: Callable[..., Run]) -> None:
    """The outcome says where it paused; while paused no step is made and no CPU used."""
    run = live()
    outcome = run.pause().wait(60).outcome
    assert outcome is not None
    assert outcome.startswith("Paused at step ")
    until(lambda: run.state == "paused")
    step, process = run.step, psutil.Process()

    def used() -> float:
        before = sum(process.cpu_times()[:2])
        threading.Event().wait(1.0)  # the time over which idleness is measured
        return sum(process.cpu_times()[:2]) - before

    # Threads that other tests left to this process may have something to do now and then; a run that doesn't rest
    # works each second.
    assert any(used() < 0.1 for _ in range(10))
    assert run.step == step
    assert "Running from step" in str(run.resume().wait(60).outcome)
    until(lambda: run.step > step)


def test_the_learning_rate_changes_at_a_step(live: Callable[..., Run]) -> None:
    """A change is acknowledged with its step and stands in the history."""
    run = live(scheduler=None)
    outcome = run.set(learning_rate=5e-4).wait(60).outcome
    assert outcome is not None
    assert "0.001 → 0.0005" in outcome
    epoch = run.epoch
    until(lambda: len(run.store.epochs(run.id)) > epoch)
    assert run.store.epochs(run.id)[-1].values["learning_rate"] == 5e-4


@pytest.mark.parametrize("values", [{}, {"learning_rate": 0}, {"momentum": 0.5}, {"learning_rate": "a"}])
def test_what_cannot_be_set_is_refused(live: Callable[..., Run], values: dict[str, object]) -> None:
    """A bad setting is refused at once and changes nothing."""
    with pytest.raises(ConfigurationError, match="learning_rate"):
        live().set(**values)  # type: ignore[arg-type]


def test_a_checkpoint_by_hand_stays(live: Callable[..., Run]) -> None:
    """It is acknowledged when it is on disk, and outlives the automatic ones."""
    run = live(checkpoint={"keep": 2})
    outcome = run.checkpoint().wait(60).outcome
    assert outcome is not None
    assert outcome.startswith("Checkpoint written")
    epoch = run.epoch
    until(lambda: run.epoch > epoch + 4)
    manual = [record for record in run.checkpoints if "manual" in record.kinds]
    assert len(manual) == 1
    run.at(manual[0].step).predict(np.zeros((1, 64)))


def test_stop_leaves_a_checkpoint_to_go_on_from(live: Callable[..., Run]) -> None:
    """A stopped run can be resumed where it stood."""
    run = live()
    run.stop().wait(60)
    until(lambda: run.state == "stopped")
    assert run.last.record.step == run.step
    step = run.step
    run.resume().wait(60)
    until(lambda: run.step > step)
    assert run.store.attempts(run.id)[-1].resumed_from_step == step


def test_verbs_that_make_no_sense(train: Callable[..., Run]) -> None:
    """On a finished run they are refused in one line."""
    run = train(epochs=1).wait(60)
    for verb in (run.pause, run.stop, run.suspend, run.checkpoint):
        with pytest.raises(IllegalControlError, match="it is completed"):
            verb()
    with pytest.raises(IllegalControlError, match="more epochs"):
        run.resume()


def test_a_completed_run_goes_on_with_more_epochs(train: Callable[..., Run]) -> None:
    """Extended, it equals a run that was that long from the beginning (with a constant rate)."""
    whole = train(epochs=3, scheduler=None).wait(60)
    run = train(epochs=1, scheduler=None).wait(60)
    run.resume(epochs=3)
    run.wait(60)
    assert run.last.record.digest == whole.last.record.digest
    assert run.metrics().equals(whole.metrics())
