from __future__ import annotations

import json
import math
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dltrainer_jupyter import tal
from dltrainer_jupyter.core.errors import (
    CheckpointError,
    ConfigurationError,
    DLTrainerError,
    IllegalControlError,
    IllegalTransitionError,
    RunNotFoundError,
    TrainingFailed,
    UnknownNameError,
)
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.core.states import State
from dltrainer_jupyter.tal import Run
from dltrainer_jupyter.tal.session import open_store
from tests.tal.subject import VALUES, X, Y, long, net, quick
from tests.waiting import until


@pytest.fixture
def pending() -> Run:
    """A run nobody trains, so that it stays as it is."""
    store = open_store()
    record = store.create_run("0123456789ab", RunSpec(model="mlp", data="digits"), folder="/nowhere", environment={})
    return Run(record.id, store)


@pytest.fixture
def live() -> Iterator[Run]:
    with long() as run:
        yield run


# --- waiting ------------------------------------------------------------------------------------------------


def test_waiting_gives_the_run() -> None:
    run = quick()
    assert run.wait() is run
    assert (run.state, run.epoch, run.step) == ("completed", 2, 2)


def test_waiting_for_too_long_leaves_the_run_going(live: Run) -> None:
    with pytest.raises(TimeoutError, match=r"^Run 'mlp-run' is still running after 0\.01 s; it goes on\.$"):
        live.wait(0.01)
    before = live.step
    until(lambda: live.step > before)


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs interval timers")
def test_interrupting_the_wait_leaves_the_run_going(live: Run) -> None:
    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    before_us = signal.signal(signal.SIGALRM, interrupt)
    try:
        # Armed inside, as it may go off before the wait begins.
        with pytest.raises(KeyboardInterrupt):  # noqa: PT012
            signal.setitimer(signal.ITIMER_REAL, 0.1)
            live.wait(60)
    finally:
        signal.signal(signal.SIGALRM, before_us)
    before = live.step
    until(lambda: live.step > before)
    assert live.state == "running"


def test_waiting_for_a_failed_run_raises_its_error() -> None:
    def loss(outputs: Any, targets: Any) -> Any:
        return outputs.no_such_thing

    run = quick(loss=loss)
    with pytest.raises(TrainingFailed) as error:
        run.wait()
    assert str(error.value) == "AttributeError: 'Tensor' object has no attribute 'no_such_thing'"
    assert "return outputs.no_such_thing" in error.value.traceback_text


def test_waiting_for_a_run_whose_trainer_died_says_so(pending: Run) -> None:
    attempt = pending.store.claim(pending.id, executor="process", environment={})
    # As if the process had been another one, which is no more.
    database = attempt._database
    with database.write() as connection:
        connection.exec_driver_sql("UPDATE training_attempts SET pid = 999999999")
    with pytest.raises(
        TrainingFailed, match="The trainer of run 'run' died; resume it to go on from its last checkpoi"
    ):
        pending.wait(60)
    assert pending.state == "lost"


# --- verbs --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", ["pause", "suspend", "stop", "checkpoint"])
def test_a_verb_on_a_finished_run_is_refused_in_one_line(verb: str) -> None:
    run = quick()
    with pytest.raises(IllegalControlError) as error:
        getattr(run, verb)()
    assert str(error.value).startswith(f"Can't {verb} run 'mlp-run': it is completed. ")
    with pytest.raises(IllegalControlError):
        getattr(tal, verb)(run.id)
    assert run.store.controls(run.id) == []


def test_a_completed_run_goes_on_with_more_epochs_only() -> None:
    run = quick()
    for epochs in (None, 1, 2):
        with pytest.raises(IllegalControlError, match=r"Give it more epochs to go on \(epochs=N in Python, --epochs N"):
            run.resume(epochs=epochs)
    run.resume(epochs=3)
    assert (run.wait().state, run.epoch, len(run.metrics())) == ("completed", 3, 3)


def test_an_extended_run_equals_one_that_was_that_long_from_the_start() -> None:
    extended, whole = quick(epochs=2), quick(epochs=4)
    extended.resume(epochs=4)
    assert extended.wait().last.record.digest == whole.last.record.digest
    assert extended.metrics().equals(whole.metrics())


@pytest.mark.parametrize("epochs", [0, -1])
def test_epochs_are_at_least_one(epochs: int) -> None:
    with pytest.raises(DLTrainerError, match="."):
        quick().resume(epochs=epochs)


def test_a_live_run_is_steered(live: Run) -> None:
    outcome = live.pause().wait(60).outcome
    assert outcome is not None
    assert outcome.startswith("Paused at step ")
    assert live.state == "paused"
    assert tal.resume(live.id).wait(60).status == "done"
    assert live.set(learning_rate=1e-4).wait(60).outcome.startswith("learning_rate 0.001 → 0.0001 at step ")
    assert live.checkpoint().wait(60).outcome.startswith("Checkpoint written at step ")
    assert [record.kinds & {"manual"} for record in live.checkpoints if "manual" in record.kinds] == [{"manual"}]
    assert tal.suspend(live.id).wait(60).outcome.startswith("Suspended at step ")
    until(lambda: live.state == "suspended")
    live.resume().wait(60)
    assert live.state == "running"
    assert tal.stop(live.id).wait(60).outcome.startswith("Stopped at step ")
    until(lambda: live.state == "stopped")


def test_a_live_run_takes_neither_epochs_nor_another_executor(live: Run) -> None:
    for arguments in ({"epochs": 2000}, {"executor": "process"}):
        with pytest.raises(IllegalControlError, match="epochs and executor can be given when it has ended"):
            live.resume(**arguments)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({}, "Expected settings to change, such as learning_rate=1e-4; got nothing. A live run can change: epochs, "),
        ({"learning_rate": 0}, "learning_rate: expected greater than 0, got 0."),
        ({"learning_rate": math.nan}, "learning_rate: expected a finite number, got nan."),
        ({"learning_rate": math.inf}, "learning_rate: expected a finite number, got inf."),
        ({"learning_rate": 10**400}, "learning_rate: expected a number, got 1000"),
        ({"learning_rate": True}, "learning_rate: expected a number, got true."),
        ({"learning_rate": None}, "learning_rate: expected a number, got nothing."),
        ({"epochs": 2.5}, "epochs: expected a whole number, got 2.5."),
        ({"momentum": 0.9}, "Unknown setting 'momentum'. A live run can change: "),
        ({"lr": 0.001}, "Unknown setting 'lr'. Did you mean 'learning_rate'?"),
        ({"checkpoint": {"kep": 3}}, "Unknown setting 'checkpoint.kep'. Did you mean 'checkpoint.keep'?"),
        ({"patience": 3}, "Unknown setting 'patience'. Did you mean 'early_stopping.patience'?"),
        (
            {"learning_rate": 0.1, "seed": 9},
            "seed can't be changed in a live run; clone the run to train with another.",
        ),
        ({"model.dropout": 0.1}, "model.dropout can't be changed in a live run; clone the run to train with another."),
        ({"validation": False}, "validation can't be changed in a live run; clone the run to train with another."),
    ],
)
def test_only_what_is_declared_can_be_set_to_what_it_takes(pending: Run, values: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        pending.set(**values)
    assert str(error.value).startswith(said)
    assert pending.store.controls(pending.id) == []


def test_what_is_switched_off_cannot_be_set(pending: Run) -> None:
    with pytest.raises(IllegalControlError, match=r"this run has no early stopping\. Clone it with early_stopping"):
        pending.set(early_stopping={"patience": 3})


def test_settings_are_given_nested_or_with_dots(pending: Run) -> None:
    control = pending.set(checkpoint={"keep": 5}, **{"checkpoint.every_seconds": None, "epochs": np.int64(70)})
    assert control.record.arguments == {"checkpoint.keep": 5, "checkpoint.every_seconds": None, "epochs": 70}


def test_the_settings_in_force_are_shown_and_cloned(live: Run) -> None:
    before = live.spec
    live.set(learning_rate=2e-4, epochs=before.epochs + 5, checkpoint={"keep": 7}).wait(60)
    shown = live.document()
    assert shown["config"]["learning_rate"] == 2e-4
    assert shown["config"]["epochs"] == shown["epochs"] == before.epochs + 5
    assert shown["config"]["checkpoint"]["keep"] == live.spec.checkpoint.keep == 7
    assert live.record.spec == before
    cloned = live.clone(epochs=1)
    assert (cloned.spec.learning_rate, cloned.spec.checkpoint.keep, cloned.spec.epochs) == (2e-4, 7, 1)
    cloned.wait(60)


@pytest.mark.parametrize("rate", [1, 1e-4, np.float32(0.5), np.float64(0.5), np.int64(1)])
def test_any_number_is_a_rate(pending: Run, rate: Any) -> None:
    arguments = pending.set(learning_rate=rate).record.arguments
    assert arguments == {"learning_rate": float(rate)}
    assert type(arguments["learning_rate"]) is float


def test_the_verbs_stand_beside_the_run(live: Run) -> None:
    assert tal.pause(live.name).wait(60).status == "done"
    assert tal.set(live.id[:6], learning_rate=0.01).wait(60).status == "done"
    assert tal.checkpoint().wait(60).status == "done"


def test_a_trainer_that_cannot_start_fails_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    from dltrainer_jupyter.executors.inline import InlineExecutor

    def start(*_: object) -> None:
        msg = "no more processes"
        raise OSError(msg)

    monkeypatch.setattr(InlineExecutor, "start", start)
    with pytest.raises(TrainingFailed, match="The trainer could not be started: no more processes"):
        quick()
    assert tal.get().state == "failed"


# --- controls -----------------------------------------------------------------------------------------------


def test_a_control_nobody_answers_times_out(pending: Run) -> None:
    control = pending.pause()
    assert (control.status, control.outcome) == ("requested", None)
    assert control.note == "Run 'run' is still starting; it pauses before its first step."
    assert repr(control) == f"<Control pause: {control.note}>"
    assert control.answer(0) == control.note
    began = time.monotonic()
    with pytest.raises(TimeoutError, match=r"The trainer has not answered 'pause' within 0\.05 s"):
        control.wait(0.05)
    assert time.monotonic() - began < 30


def test_a_control_of_a_trainer_that_died_is_refused(pending: Run) -> None:
    attempt = pending.store.claim(pending.id, executor="process", environment={})
    control = pending.checkpoint()
    with attempt._database.write() as connection:
        connection.exec_driver_sql("UPDATE training_attempts SET pid = 999999999")
    with pytest.raises(IllegalControlError):
        control.wait(60)
    assert control.status == "refused"


def test_a_refused_control_raises_why(pending: Run) -> None:
    attempt = pending.store.claim(pending.id, executor="thread", environment={})
    control = pending.set(learning_rate=1)
    attempt.acknowledge(control.id, status="refused", outcome="It is a bad idea.", step=3)
    with pytest.raises(IllegalControlError, match=r"^It is a bad idea\.$"):
        control.wait(1)
    assert repr(control) == "<Control set: It is a bad idea.>"


# --- deleting -----------------------------------------------------------------------------------------------


def test_deleting_leaves_nothing_behind() -> None:
    run, other = quick(), quick()
    folder = run.folder
    assert any(folder.iterdir())
    run.delete()
    assert not folder.exists()
    assert repr(run) == f"<Run {run.id}: deleted>"
    for look in (lambda: run.state, run.delete, run.pause, lambda: tal.get(run.id), lambda: run.wait(1)):
        with pytest.raises(RunNotFoundError):
            look()
    assert [found.id for found in tal.runs()] == [other.id]
    assert other.last.predict(X).shape == (40,)


def test_a_live_run_is_stopped_before_it_is_deleted(live: Run) -> None:
    with pytest.raises(IllegalControlError, match="Can't delete run 'mlp-run': it is running. Stop it first."):
        tal.delete(live.id)
    assert live.folder.exists()


def test_a_control_outlives_its_run_as_a_word() -> None:
    run = quick()
    run.resume(epochs=3)
    control_id = run.store.controls(run.id)[0].id
    control = tal.Control(control_id, run.store)
    run.delete()
    assert repr(control) == f"<Control {control_id}: its run is deleted>"
    with pytest.raises(RunNotFoundError):
        control.wait(1)


# --- looking ------------------------------------------------------------------------------------------------


def test_the_history_has_a_row_an_epoch() -> None:
    table = quick(epochs=3, metrics=["accuracy"]).metrics()
    columns = ["epoch", "step", "learning_rate", "train_loss", "val_loss", "train_accuracy", "val_accuracy"]
    assert list(table.columns) == columns
    assert table["epoch"].tolist() == [1, 2, 3]
    assert np.isfinite(table.to_numpy()).all()


def test_the_curve_has_a_value_a_step() -> None:
    run = quick(epochs=5, batch_size=8)
    steps, values = run.curve("train_loss")
    assert steps.tolist() == list(range(1, 21))
    assert np.isfinite(values).all()
    steps, _ = run.curve("train_loss", start=3, stop=9)
    assert steps.tolist() == list(range(3, 9))
    with pytest.raises(UnknownNameError, match=r"Unknown series 'train_los'.*train_loss"):
        run.curve("train_los")
    with pytest.raises(ConfigurationError, match="points: expected a whole number, got 'many'"):
        run.curve("train_loss", points="many")


def test_the_confusion_matrix_is_a_table() -> None:
    table = quick(epochs=2).confusion()
    assert (table.index.name, table.columns.name) == ("true", "predicted")
    assert list(table.columns) == list(table.index) == ["0", "1"]
    assert int(table.to_numpy().sum()) == 8
    with pytest.raises(IllegalControlError, match="has no confusion matrix after epoch 9; there are 1, 2"):
        quick().confusion(9)
    with pytest.raises(IllegalControlError, match=r"does regression, which has no confusion matrix; see .*residuals"):
        quick(data=(X, VALUES)).confusion()


def test_examples_tell_where_they_are_in_ones_own_data() -> None:
    run = quick()
    table = run.examples(sort="-loss")
    assert [str(truth) for truth in Y[table["sample"]]] == table["truth"].tolist()
    assert sorted(table["sample"]) == run.partition.validation.tolist()
    assert run.examples(test_run=run.test().id)["sample"].tolist() == run.partition.validation.tolist()
    assert "sample" not in run.examples(test_run=run.test((X[:8], Y[:8])).id)


def test_an_evaluation_before_the_first_validation_is_refused() -> None:
    with pytest.raises(IllegalControlError, match="was not validated yet"):
        quick(validation=False).evaluation()


def test_a_run_is_described_as_strict_json() -> None:
    run = quick(metrics=["accuracy"])
    document = json.loads(json.dumps(run.document(), allow_nan=False))
    assert (document["id"], document["state"], document["epoch"]) == (run.id, "completed", 2)
    assert document["checkpoints"][-1]["digest"] == run.last.record.digest


def test_a_run_shows_itself(pending: Run) -> None:
    assert repr(pending) == "<Run run (0123456789ab): pending, epoch 0/10>"
    assert repr(quick(metrics=["accuracy"])).startswith("<Run mlp-run (")
    assert ", epoch 2/2, best val_accuracy " in repr(quick(metrics=["accuracy"]))


def test_handles_of_one_run_are_equal(pending: Run) -> None:
    again = Run(pending.id, open_store())
    assert again == pending
    assert len({again, pending}) == 1
    assert again != quick()
    assert again != pending.id


def test_a_checkpoint_that_is_not_there_lists_those_that_are() -> None:
    run = quick(epochs=2)
    assert run.at(2).record.step == 2
    with pytest.raises(CheckpointError, match=r"has no checkpoint at step 99; there are: .*2\."):
        run.at(99)


def test_a_checkpoint_goes_by_what_people_call_it() -> None:
    run = quick(epochs=2)
    assert run.trained("best").record == run.best.record
    assert run.trained("last").record == run.last.record
    assert [run.trained(which).record.step for which in (2, "2", np.int64(2))] == [2, 2, 2]
    for which in ("newest", "1.5", None, "-1"):
        with pytest.raises(ConfigurationError, match="checkpoint: expected best, last or a step, got "):
            run.trained(which)


def test_files_lie_where_the_settings_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DLTRAINER_ARTIFACTS", str(tmp_path / "elsewhere"))
    run = quick()
    assert run.folder == tmp_path / "elsewhere" / run.id
    assert all(Path(record.path).is_relative_to(run.folder) for record in run.checkpoints)


# --- cloning ------------------------------------------------------------------------------------------------


def test_a_clone_trains_the_same_with_what_is_changed() -> None:
    run = quick(epochs=2, metrics=["accuracy"])
    same, other = run.clone(), run.clone(seed=5, optimizer={"eps": 0.1})
    assert same.wait().last.record.digest == run.last.record.digest
    assert other.spec.optimizer.config == {"eps": 0.1}
    assert other.wait().last.record.digest != run.last.record.digest


def test_a_clone_leaves_out_what_other_data_bring_along() -> None:
    run = quick(model=net(), batch_size=16, epochs=1)
    other = run.clone(data=batches_of_five)
    assert (other.state, other.step, other.error) == ("completed", 8, None)
    assert "batch_size" not in other.spec.model_fields_set
    # Validation arrays are cut by it, and so are other arrays.
    assert run.clone(data=batches_of_five, validation=(X, Y)).spec.batch_size == 16
    assert run.clone(data=(X[:20], Y[:20])).spec.batch_size == 16
    with pytest.raises(ConfigurationError, match="batch_size: batches_of_five gives batches as they are, got 4"):
        run.clone(data=batches_of_five, batch_size=4)


def batches_of_five() -> Iterator[Any]:
    yield from ((X[first : first + 5], Y[first : first + 5]) for first in range(0, 40, 5))


def test_a_clone_leaves_out_what_another_model_brings_along() -> None:
    import lightning
    import torch

    class Module(lightning.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.layer = torch.nn.Linear(6, 2)

        def training_step(self, batch: Any) -> torch.Tensor:
            return torch.nn.functional.cross_entropy(self.layer(batch[0]), batch[1])

        def configure_optimizers(self) -> torch.optim.Optimizer:
            return torch.optim.SGD(self.parameters(), lr=0.25)

    run = quick(optimizer="adamw", loss=torch.nn.CrossEntropyLoss(), epochs=1)
    other = run.clone(model=Module(), validation=False)
    assert (other.state, other.spec.recipe.type, other.spec.loss) == ("completed", "lightning", None)
    assert "optimizer" not in other.spec.model_fields_set
    with pytest.raises(ConfigurationError, match="optimizer: a LightningModule brings its own"):
        run.clone(model=Module(), optimizer="adamw")
    # A portable recipe that is asked for uses them.
    assert run.clone(model=net(), recipe="supervised").spec.optimizer.type == "adamw"


def test_a_clone_of_a_clone_keeps_the_rate_of_ones_own_optimizer() -> None:
    import torch

    run = quick(optimizer=lambda model: torch.optim.SGD(model.parameters(), lr=0.25))
    assert run.metrics()["learning_rate"].tolist() == [0.25, 0.25]
    assert run.clone().clone().metrics()["learning_rate"].tolist() == [0.25, 0.25]


# --- states ---------------------------------------------------------------------------------------------------


def test_of_two_that_resume_one_succeeds() -> None:
    run = quick()
    failures: list[Exception] = []

    def resume() -> None:
        barrier.wait()
        try:
            run.resume(epochs=4, executor="inline")
        except DLTrainerError as error:
            failures.append(error)

    barrier = threading.Barrier(2)
    threads = [threading.Thread(target=resume) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert run.wait(60).epoch == 4
    assert len(run.store.attempts(run.id)) == 2
    assert all(isinstance(error, IllegalControlError | IllegalTransitionError) for error in failures)
    assert len(failures) == 1


def test_a_run_that_was_suspended_has_ended_for_whoever_waits(live: Run) -> None:
    live.suspend()
    assert live.wait(60) is live
    assert State(live.state) is State.SUSPENDED


def test_whoever_resumes_a_short_run_is_answered() -> None:
    """The answer comes before the first step, so that a run too short to look at its controls gives one too."""
    run = quick(epochs=1)
    control = run.resume(epochs=2, executor="inline")
    assert control.wait(60).outcome == "Running from step 1 (epoch 1)."
    assert run.wait(60).state == "completed"


def test_who_waited_for_a_suspension_may_resume_at_once() -> None:
    """The answer comes with the run's new state, never before it."""
    with long() as run:
        for _ in range(5):
            run.pause().wait(60)
            run.suspend().wait(60)
            assert run.state == "suspended"
            run.resume().wait(60)
            assert run.state == "running"


def test_a_preset_in_a_clone_goes_before_what_the_run_records() -> None:
    run = quick(model={"type": "mlp", "preset": "easy"}, epochs=1)
    assert run.spec.model.config == {"hidden": [32]}
    other = run.clone(model={"preset": "medium", "dropout": 0.0}, epochs=1)
    assert other.spec.model.config == {"hidden": [128, 64], "dropout": 0.0}
    assert other.wait(60).state == "completed"
