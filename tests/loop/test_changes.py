"""Settings changed while a run trains: in force from the next step, and after a death again, with the same bits."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from dltrainer_jupyter.executors import worker
from dltrainer_jupyter.loop.doorbell import Doorbell
from dltrainer_jupyter.store.store import Store
from dltrainer_jupyter.tal import Run
from dltrainer_jupyter.tal.description import describe
from dltrainer_jupyter.tal.submit import submit
from tests.chaos.outcome import differences, outcome
from tests.loop.conftest import SETTINGS

STEPS = 23
"""Steps of an epoch; then come three looks at the bell in the validation, and one when the epoch is closed."""
CHANGED: dict[str, Any] = {
    "learning_rate": 4e-3,
    "epochs": 7,
    "validation": {"interval": 2},
    "early_stopping": {"patience": 2},
    "checkpoint": {"keep": 7, "every_epochs": 2},
}


class Death(BaseException):
    """Ends a trainer in the middle of everything."""


class Person(Doorbell):
    """Asks for something when the loop has looked at the bell so many times, and lets the trainer die at another."""

    def __init__(self, asks: Mapping[int, Callable[[], object]], dies: int | None = None) -> None:
        self._asks = asks
        self._dies = dies
        self._looks = 0
        super().__init__()

    @property
    def rung(self) -> bool:
        """Looked at after every call that makes steps, every batch of validation, and every epoch."""
        self._looks += 1
        if self._looks == self._dies:
            raise Death
        if (ask := self._asks.get(self._looks)) is not None:
            ask()
            self._rung = True
        return self._rung

    @rung.setter
    def rung(self, value: bool) -> None:
        self._rung = value


class Here:
    """A trainer in this process, with a person at its side."""

    name = "thread"
    needs_pickling = False

    def __init__(self, asks: Mapping[int, Mapping[str, Any]], dies: int | None = None) -> None:
        self._asks = asks
        self._dies = dies

    def start(self, store_url: str, run_id: str) -> None:
        """Train until the run has ended, or the trainer has died."""
        run = Run(run_id, Store.open(store_url))
        asks = {look: lambda values=values: run.set(**values) for look, values in self._asks.items()}
        with contextlib.suppress(Death):
            worker.main(store_url, run_id, executor="thread", bell=Person(asks, self._dies), owns_process=False)


def train(place: Here, **changes: Any) -> Run:
    given = {
        **SETTINGS,
        "epochs": 3,
        "scheduler": {"type": "cosine"},
        "early_stopping": {"patience": 9, "min_delta": 1.0},
        "fast": {"several_steps": False},
        **changes,
    }
    spec, own = describe(given)
    return submit(spec, own, place=place)


def forget_checkpoints(run: Run, since: int) -> None:
    """Leave of the checkpoints as many as if the trainer had died before the others were written."""
    for record in run.checkpoints:
        if record.step >= since:
            shutil.rmtree(record.path)
    with run.store._database.write() as connection:
        connection.exec_driver_sql(f"DELETE FROM training_checkpoints WHERE run_id = '{run.id}' AND step >= {since}")


def resume(run: Run, place: Here | None = None) -> None:
    run.store.request_start(run.id)
    run.start(place or Here({}))


@pytest.mark.parametrize("look", [10, STEPS, STEPS + 2, STEPS + 4], ids=["step", "last step", "validation", "closed"])
def test_a_change_is_made_again_at_the_same_step(look: int) -> None:
    """Whether the newest checkpoint is of before or after the change; the schedule follows the other length."""
    expected = train(Here({look: CHANGED}))
    (control,) = expected.store.controls(expected.id)
    step = min(look, STEPS)
    assert control.status == "done", control.outcome
    assert control.outcome == (
        "learning_rate 0.001 → 0.004, epochs 3 → 7, validation.interval 1 → 2, early_stopping.patience 9 → 2, "
        f"checkpoint.keep 3 → 7, checkpoint.every_epochs 1 → 2 at step {step} (epoch 1)."
    )
    # Validated are epochs 2, 4 and 6, the first one as well if its steps were made; two of them bring no improvement.
    assert expected.epoch == (6 if look < STEPS else 4)
    for died_at, first_lost in ((look + 1, step), (look + 3, 1), (look + 60, 1000)):
        run = train(Here({look: CHANGED}, dies=died_at))
        assert run.state == "lost"
        forget_checkpoints(run, first_lost)
        resume(run)
        assert differences(outcome(run), outcome(expected)) == []
        assert [it.outcome for it in run.store.controls(run.id)] == [control.outcome]


def test_what_is_asked_for_after_a_death_overrules_what_was_to_come_again() -> None:
    """A person sees the run at an earlier step than before, and wants something else now."""
    run = train(Here({20: {"learning_rate": 4e-3, "epochs": 4}}, dies=22))
    forget_checkpoints(run, 1)
    resume(run, Here({5: {"learning_rate": 2e-3}}))
    expected = train(Here({5: {"learning_rate": 2e-3}, 20: {"epochs": 4}}))
    assert differences(outcome(run), outcome(expected)) == []


@pytest.mark.slow
def test_several_steps_a_call_make_the_change_at_the_same_step() -> None:
    """A call ends where a change is to be made again."""
    settings = {"framework": "jax", "model": {"type": "mlp", "hidden": [16]}, "scheduler": None, "fast": {}}
    expected = train(Here({4: {"learning_rate": 4e-3}}), **settings)
    step = expected.store.controls(expected.id)[0].step
    assert step is not None
    run = train(Here({4: {"learning_rate": 4e-3}}, dies=5), **settings)
    other = run.store.controls(run.id)[0].step
    with run.store._database.write() as connection:
        # Calls are as long as the machine is fast: the very same step is no matter of looks.
        connection.exec_driver_sql(f"UPDATE training_controls SET step = {step} WHERE run_id = '{run.id}'")
    forget_checkpoints(run, 1)
    resume(run)
    assert differences(outcome(run), outcome(expected)) == [], (step, other)


def test_a_run_that_is_resumed_with_other_epochs_forgets_those_that_were_set() -> None:
    run = train(Here({5: {"epochs": 4}}, dies=8))
    forget_checkpoints(run, 1)
    run.store.request_start(run.id, epochs=2)
    run.start(Here({}))
    assert (run.state, run.epoch, run.record.progress.epochs) == ("completed", 2, 2)


def test_fewer_epochs_end_the_run_with_its_present_one() -> None:
    run = train(Here({STEPS + 10: {"epochs": 2}}), validation={"interval": 5})
    assert (run.state, run.epoch, run.step) == ("completed", 2, 2 * STEPS)
    # The last epoch is validated in any case.
    assert "val_loss" in run.store.epochs(run.id)[-1].values


def test_the_patience_and_the_number_of_checkpoints_are_those_in_force() -> None:
    run = train(
        Here({STEPS + 4: {"early_stopping": {"patience": 1}, "checkpoint": {"keep": 2}}}),
        epochs=8,
        learning_rate=1e-9,
        early_stopping={"patience": 7, "min_delta": 1.0},
        model={"type": "mlp", "hidden": [16]},
    )
    assert (run.state, run.epoch) == ("completed", 2)
    assert len([it for it in run.checkpoints if "best" not in it.kinds]) <= 2


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"epochs": 1}, "Can't set epochs to 1: the run is in epoch 2 already. Give it at least as many."),
        ({"early_stopping.patience": 3}, "this run has no early stopping"),
    ],
)
def test_what_a_trainer_cannot_do_is_refused_and_said(values: dict[str, Any], why: str) -> None:
    """Whoever asks first is told at once; what has changed meanwhile is the trainer's to say."""
    asked: list[Run] = []

    class Unchecked(Here):
        def start(self, store_url: str, run_id: str) -> None:
            run = Run(run_id, Store.open(store_url))
            asked.append(run)
            person = Person({STEPS + 10: lambda: run.store.request_control(run.id, "set", values, "ada")})
            worker.main(store_url, run_id, executor="thread", bell=person, owns_process=False)

    run = train(Unchecked({}), early_stopping=None)
    (control,) = run.store.controls(run.id)
    assert (control.status, run.epoch) == ("refused", 3)
    assert why in str(control.outcome)


@pytest.mark.slow
def test_a_module_with_schedulers_of_its_own_keeps_its_length() -> None:
    """Its schedulers were made for the number of steps there were."""
    from tests.chaos import subjects

    spec, own = describe(subjects.settings("lightning", epochs=2))
    run = submit(spec, own, place=Here({5: {"epochs": 3}}))
    (control,) = run.store.controls(run.id)
    assert control.status == "refused"
    assert "Suspend the run and resume it with epochs=3." in str(control.outcome)
