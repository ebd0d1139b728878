"""kill -9 after a setting was changed: a trainer elsewhere makes the change at its step, to the same bits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from dltrainer_jupyter.executors import worker
from dltrainer_jupyter.loop.doorbell import Doorbell
from dltrainer_jupyter.store.store import Store
from dltrainer_jupyter.tal import Run
from dltrainer_jupyter.tal.description import describe
from dltrainer_jupyter.tal.submit import submit
from tests.chaos.forked import PRELOADED, ForkedExecutor
from tests.chaos.outcome import differences, outcome
from tests.chaos.trainers import at_work, strike
from tests.loop.conftest import SETTINGS

LONG = {**SETTINGS, "epochs": 120, "threads": 1, "executor": "process", "checkpoint": {"every_seconds": 0.1}}
CHANGES = {"learning_rate": 3e-3, "epochs": 80, "validation.interval": 3}


class Recorded:
    """A trainer in this process, of a run whose changes are on record before it begins."""

    name = "thread"
    needs_pickling = False

    def __init__(self, step: int) -> None:
        self._step = step

    def start(self, store_url: str, run_id: str) -> None:
        """Train to the end."""
        store = Store.open(store_url)
        control = store.request_control(run_id, "set", CHANGES, "ada")
        with store._database.write() as connection:
            connection.exec_driver_sql(
                f"UPDATE training_controls SET status = 'done', step = {self._step} WHERE id = {control.id}"
            )
            connection.exec_driver_sql(f"UPDATE training_jobs SET epochs = 80 WHERE id = '{run_id}'")
        worker.main(store_url, run_id, executor="thread", bell=Doorbell(), owns_process=False)


def begun(place: Any) -> Run:
    spec, own = describe(LONG)
    return submit(spec, own, place=place)


@pytest.mark.slow
@pytest.mark.parametrize(
    "then",
    [
        pytest.param(lambda _: None, id="at once"),
        pytest.param(lambda run: at_work(run, run.step + 60), id="later"),
    ],
)
def test_killed_after_a_change(then: Callable[[Run], object]) -> None:
    """Before a checkpoint holds it, most likely, and after."""
    run = begun(ForkedExecutor(*PRELOADED))
    at_work(run, 30)
    control = run.set(**CHANGES).wait(60)
    step = control.record.step
    assert step is not None
    then(run)
    assert strike(run)
    assert run.state == "lost"
    run.resume(executor="thread")
    run.wait(60)
    assert (run.state, run.epoch, [it.executor for it in run.store.attempts(run.id)]) == (
        "completed",
        80,
        ["process", "thread"],
    )
    assert differences(outcome(run), outcome(begun(Recorded(step)))) == []
