"""What every store must do, whatever database lies under it.

Examples
--------
>>> class TestMyStore(StoreContract):  # doctest: +SKIP
...     @pytest.fixture
...     def store(self, tmp_path):
...         return Store.open(f"sqlite:///{tmp_path}/runs.db")
"""

# ruff: noqa: S101, PLR2004 - assert is how a test speaks, and expected values are written where they are expected

from __future__ import annotations

import contextlib
import math
import os
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from dltrainer_jupyter.core.errors import (
    IllegalControlError,
    IllegalTransitionError,
    RunNotFoundError,
    StaleAttemptError,
)
from dltrainer_jupyter.core.records import (
    BestRecord,
    EpochRecord,
    ErrorRecord,
    ProgressRecord,
    ValidationRecord,
)
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.core.states import State
from dltrainer_jupyter.store import Store
from dltrainer_jupyter.testing.store_curves import CurveContract
from dltrainer_jupyter.testing.store_histograms import HistogramContract
from dltrainer_jupyter.testing.store_samples import CLAIM, WRITES, checkpoint, claimed, everything, new_run, trained
from dltrainer_jupyter.testing.store_tracking import TrackingContract


class StoreContract(CurveContract, HistogramContract, TrackingContract):
    """Subclass it and override ``store``."""

    @pytest.fixture
    def store(self) -> Store:
        """Give an open store; it may hold other runs."""
        raise NotImplementedError

    # --- runs ---------------------------------------------------------------------------------------

    def test_a_new_run_waits_for_a_trainer(self, store: Store) -> None:
        """It is described completely, and nothing has happened to it."""
        spec = RunSpec(name="neu", model={"type": "mlp", "hidden": [64]}, data="wine", epochs=7, validation=False)
        run_id = uuid.uuid4().hex
        made = store.create_run(run_id, spec, folder="/runs/x", environment={"git": {"commit": "abc"}}, resume="replay")
        assert made == store.run(run_id)
        assert (made.state, made.attempt, made.progress) == (State.PENDING, 0, ProgressRecord(epochs=7))
        assert (made.spec, made.resume, made.environment) == (spec, "replay", {"git": {"commit": "abc"}})
        assert made.created_at.tzinfo is UTC
        assert abs((datetime.now(UTC) - made.created_at).total_seconds()) < 60

    def test_a_run_is_found_by_id_prefix_and_name(self, store: Store) -> None:
        """A name means its newest run."""
        name = uuid.uuid4().hex[:10] + " name"
        older, newer = new_run(store, name), new_run(store, name)
        assert store.find(older).id == older
        assert store.find(older[:12]).id == older
        assert store.find(name).id == newer
        with pytest.raises(RunNotFoundError, match=f"Did you mean '{name}'"):
            store.find(name[:-1])

    def test_every_trainer_write_bumps_the_revision(self, store: Store) -> None:
        """Watchers poll nothing else; a mere sign of life is nothing to look at."""
        for write in WRITES.values():
            attempt = trained(store)
            before = store.revision(attempt.run_id)
            attempt.heartbeat()
            assert store.revision(attempt.run_id) == before
            write(attempt)
            assert store.revision(attempt.run_id) == before + 1

    def test_deleting_takes_everything_along(self, store: Store) -> None:
        """A run that is alive is refused."""
        attempt = trained(store)
        store.request_control(attempt.run_id, "pause", {}, "me")
        with pytest.raises(IllegalControlError, match="Stop it first"):
            store.delete_run(attempt.run_id)
        attempt.end(State.STOPPED)
        store.delete_run(attempt.run_id)
        with pytest.raises(RunNotFoundError):
            store.run(attempt.run_id)
        for read in (store.epochs, store.events, store.controls, store.attempts, store.checkpoints, store.curve_names):
            assert read(attempt.run_id) == []
        assert store.validation_epochs(attempt.run_id) == []

    # --- trainers -----------------------------------------------------------------------------------

    def test_one_of_many_threads_claims_a_run(self, store: Store) -> None:
        """The others are told that it is taken."""
        run_id = new_run(store)
        barrier, won, refused = threading.Barrier(8), [], []

        def claim() -> None:
            barrier.wait()
            try:
                won.append(claimed(store, run_id))
            except IllegalTransitionError as error:
                refused.append(str(error))

        _in_threads(8, claim)
        assert [attempt.number for attempt in won] == [1]
        assert len(refused) == 7
        assert "trains it (attempt 1)" in refused[0]

    def test_one_of_several_processes_claims_a_run_and_its_death_is_noticed(self, store: Store) -> None:
        """At once, even while the dead process has a parent that hasn't asked for its exit status."""
        run_id = new_run(store)
        command = [sys.executable, "-c", CLAIM, store.url, run_id]
        pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        with contextlib.ExitStack() as until_they_end:
            starts = [subprocess.Popen(command, **pipes) for _ in range(3)]  # noqa: S603 - our own code
            processes = [until_they_end.enter_context(process) for process in starts]
            assert [_line(process) for process in processes] == ["ready"] * 3
            for process in processes:
                _tell(process)
            answers = [_line(process) for process in processes]
            assert sorted(answers) == ["1", "refused", "refused"]
            assert run_id not in store.reap()
            winner = processes[answers.index("1")]
            winner.kill()
            _wait_for_zombie(winner)
            assert run_id in store.reap()
            assert store.run(run_id).state == State.LOST
            assert [event.kind for event in store.events(run_id)] == ["lost"]
            assert claimed(store, run_id).number == 2

    @pytest.mark.parametrize("write", WRITES)
    def test_a_replaced_trainer_can_write_nothing(self, store: Store, write: str) -> None:
        """Neither after its end, nor once another has taken over."""
        attempt = trained(store)
        attempt.end(State.SUSPENDED)
        before = everything(store, attempt.run_id)
        with pytest.raises(StaleAttemptError, match="is suspended"):
            WRITES[write](attempt)
        assert everything(store, attempt.run_id) == before
        store.request_start(attempt.run_id)
        claimed(store, attempt.run_id)
        before = everything(store, attempt.run_id)
        with pytest.raises(StaleAttemptError, match="Attempt 2 trains"):
            WRITES[write](attempt)
        assert everything(store, attempt.run_id) == before

    def test_a_transaction_is_all_or_nothing(self, store: Store) -> None:
        """Also for what a trainer remembers of the ends of its series."""
        attempt = trained(store)
        before = everything(store, attempt.run_id)

        def fail_halfway() -> None:
            with attempt.transaction():
                attempt.curves({"train_loss": (5, np.ones(3, np.float32)), "new": (1, np.ones(1, np.float32))})
                with attempt.transaction():
                    attempt.event("note", "Never happened.")
                raise KeyError

        with pytest.raises(KeyError):
            fail_halfway()
        assert everything(store, attempt.run_id) == before
        attempt.curves({"train_loss": (5, np.full(2, 9, np.float32))})
        assert store.curve_values(attempt.run_id, "train_loss")[1].tolist() == [0, 1, 2, 3, 9, 9]

    def test_threads_of_a_trainer_and_of_others_lose_nothing(self, store: Store) -> None:
        """Eight at once, half of them through the trainer."""
        attempt = claimed(store, new_run(store))
        before = store.revision(attempt.run_id)

        def write() -> None:
            for _ in range(20):
                attempt.event("note", "from the trainer")
                store.add_event(attempt.run_id, "note", "from outside")
                attempt.pending_controls()

        _in_threads(8, write)
        events = store.events(attempt.run_id)
        assert len(events) == len({event.id for event in events}) == 320
        assert store.revision(attempt.run_id) == before + 320

    def test_ending_says_why_and_answers_what_waits(self, store: Store) -> None:
        """Starting again forgets the error and asks for an epoch more."""
        attempt = claimed(store, new_run(store))
        control = store.request_control(attempt.run_id, "pause", {}, "me")
        error = ErrorRecord("ValueError", "odd \x00 \ud800 text", "traceback", 3)
        attempt.end(State.FAILED, error)
        run = store.run(attempt.run_id)
        assert run.error == ErrorRecord("ValueError", "odd \ufffd \ufffd text", "traceback", 3)
        assert (run.state, run.progress.phase) == (State.FAILED, "ended")
        assert store.attempts(attempt.run_id)[0].ended_at is not None
        assert store.control(control.id).status == "refused"
        again = store.request_start(attempt.run_id, epochs=11, executor="process")
        assert (again.state, again.error, again.progress.epochs) == (State.PENDING, None, 11)
        assert again.spec.executor == "process"

    # --- controls -----------------------------------------------------------------------------------

    def test_a_control_is_requested_obeyed_and_answered(self, store: Store) -> None:
        """The trainer sees what waits, oldest first; the first answer stays."""
        attempt = claimed(store, new_run(store))
        first = store.request_control(attempt.run_id, "set", {"learning_rate": 1e-4}, "ada")
        second = store.request_control(attempt.run_id, "stop", {}, "ada")
        assert attempt.pending_controls() == [first, second]
        attempt.acknowledge(first.id, status="done", outcome="Done.", step=7)
        attempt.acknowledge(first.id, status="refused", outcome="Too late.", step=8)
        answered = store.control(first.id)
        assert (answered.status, answered.outcome, answered.step) == ("done", "Done.", 7)
        assert answered.finished_at is not None
        assert answered.finished_at >= answered.requested_at
        assert attempt.pending_controls() == [second]
        assert [control.id for control in store.controls(attempt.run_id)] == [second.id, first.id]

    # --- history ------------------------------------------------------------------------------------

    def test_numbers_that_are_not_finite_survive(self, store: Store) -> None:
        """In metrics, in series, in events and in what a checkpoint says about itself."""
        odd = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf, "big": 1e308}
        attempt = claimed(store, new_run(store))
        attempt.epoch(EpochRecord(1, 4, odd), None, None)
        attempt.event("note", "Odd.", data={"deep": [odd]})
        attempt.curves({"odd": (1, np.array([math.nan, math.inf, -math.inf, 1.0], np.float32))})
        assert repr(store.epochs(attempt.run_id)[0].values) == repr(dict(sorted(odd.items())))
        assert repr(store.events(attempt.run_id)[0].data) == repr({"deep": [odd]})
        assert repr(store.curve_values(attempt.run_id, "odd")[1].tolist()) == "[nan, inf, -inf, 1.0]"

    def test_best_and_last_move_to_newer_checkpoints(self, store: Store) -> None:
        """What was asked for by hand stays so."""
        attempt = claimed(store, new_run(store))
        attempt.commit_checkpoint(checkpoint(attempt, 4, "best", "last", "manual"))
        attempt.commit_checkpoint(checkpoint(attempt, 8, "last"))
        kinds = {record.step: record.kinds for record in store.checkpoints(attempt.run_id)}
        assert kinds == {4: {"best", "manual"}, 8: {"last"}}
        attempt.commit_checkpoint(checkpoint(attempt, 12, "best", "last"))
        attempt.retire_checkpoints([8])
        kinds = {record.step: record.kinds for record in store.checkpoints(attempt.run_id)}
        assert kinds == {4: {"manual"}, 12: {"best", "last"}}
        found = store.checkpoint(attempt.run_id, "best")
        assert found is not None
        assert found == store.checkpoint(attempt.run_id, 12)
        assert store.checkpoint(attempt.run_id, 8) is None

    def test_rewinding_forgets_what_came_after_a_checkpoint(self, store: Store) -> None:
        """And says anew which checkpoint is the last and which the best."""
        attempt = trained(store)
        first = BestRecord("val_loss", "min", 0.7, 1, 4)
        attempt.curves({"train_loss": (5, np.ones(3000, np.float32)), "late": (9, np.ones(2, np.float32))})
        better = BestRecord("val_loss", "min", 0.5, 2, 8)
        attempt.epoch(EpochRecord(2, 8, {"val_loss": 0.5}), ValidationRecord(2, 8), better)
        attempt.commit_checkpoint(checkpoint(attempt, 8, "best", "last"))
        attempt.rewind(6, 1, first)
        steps, values = store.curve_values(attempt.run_id, "train_loss")
        assert steps.tolist() == [1, 2, 3, 4, 5, 6]
        assert values.tolist() == [0, 1, 2, 3, 1, 1]
        assert store.curve_names(attempt.run_id) == ["train_loss"]
        assert (
            [record.epoch for record in store.epochs(attempt.run_id)] == store.validation_epochs(attempt.run_id) == [1]
        )
        assert store.run(attempt.run_id).best == first
        assert {record.step: record.kinds for record in store.checkpoints(attempt.run_id)} == {4: {"best", "last"}}
        attempt.curves({"train_loss": (7, np.full(1, 5, np.float32))})
        assert store.curve_values(attempt.run_id, "train_loss")[1].tolist() == [0, 1, 2, 3, 1, 1, 5]


def _in_threads(count: int, work: Callable[[], None]) -> None:
    errors: list[Exception] = []

    def guarded() -> None:
        try:
            work()
        except Exception as error:  # noqa: BLE001 - any error at all must reach the test
            errors.append(error)

    threads = [threading.Thread(target=guarded) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []


def _line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def _wait_for_zombie(process: subprocess.Popen[str]) -> None:
    if hasattr(os, "waitid"):
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    else:
        process.wait()


def _tell(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()
