from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from dltrainer_jupyter.core.errors import IllegalTransitionError, StaleAttemptError
from dltrainer_jupyter.core.records import BestRecord, EpochRecord, ErrorRecord, ProgressRecord, ValidationRecord
from dltrainer_jupyter.core.states import State
from dltrainer_jupyter.store import Store
from dltrainer_jupyter.testing.store_samples import checkpoint, claimed, everything, new_run, trained


def test_a_description_adds_to_what_is_known(store: Store):
    attempt = claimed(store, new_run(store))
    attempt.describe(environment={"threads": 2})
    attempt.describe(signature={"task": "classification", "outputs": 10})
    run = store.run(attempt.run_id)
    assert (run.exact, run.resume) == (True, "exact")
    attempt.describe(exact=False, resume="epoch")
    run = store.run(attempt.run_id)
    assert (run.exact, run.resume) == (False, "epoch")
    assert store.signature(attempt.run_id) == {"task": "classification", "outputs": 10}
    assert store.attempts(attempt.run_id)[0].environment == {"device": "cpu", "threads": 2}


def test_progress_is_the_runs(store: Store):
    attempt = claimed(store, new_run(store))
    progress = ProgressRecord(3, 250, 12, 100, "validating", 81.5, 12.25, 1e-3)
    attempt.progress(progress)
    assert store.run(attempt.run_id).progress == progress
    attempt.progress(ProgressRecord(epoch=4, step=np.int64(300), train_seconds=np.float32(2.0)))
    after = store.run(attempt.run_id).progress
    assert (after.epoch, after.step, after.epochs, after.steps_per_second) == (4, 300, 12, None)


def test_pausing_and_going_on(store: Store):
    attempt = claimed(store, new_run(store))
    attempt.change_state(State.PAUSED)
    assert store.run(attempt.run_id).state == State.PAUSED
    with pytest.raises(IllegalTransitionError, match="is paused and can't become paused"):
        attempt.change_state(State.PAUSED)
    attempt.change_state(State.RUNNING)
    assert store.run(attempt.run_id).state == State.RUNNING


@pytest.mark.parametrize("state", [State.SUSPENDED, State.PENDING, State.LOST])
def test_a_change_of_state_ends_nothing(store: Store, state: State):
    attempt = claimed(store, new_run(store))
    with pytest.raises(ValueError, match="expected one of running, paused"):
        attempt.change_state(state)


@pytest.mark.parametrize("state", [State.RUNNING, State.PAUSED, State.PENDING])
def test_a_trainer_ends_its_run_in_a_state_of_rest(store: Store, state: State):
    attempt = claimed(store, new_run(store))
    with pytest.raises(ValueError, match="expected one of completed, failed, lost, stopped, suspended"):
        attempt.end(state)
    attempt.heartbeat()


def test_a_trainer_that_gave_its_run_up_does_not_take_it_back(store: Store):
    attempt = claimed(store, new_run(store))
    attempt.end(State.LOST)
    with pytest.raises(StaleAttemptError, match="is lost"):
        attempt.heartbeat()
    assert store.run(attempt.run_id).state == State.LOST
    assert claimed(store, attempt.run_id).number == 2


def test_an_epoch_written_twice_is_there_once(store: Store):
    attempt = claimed(store, new_run(store))
    best = BestRecord("val_loss", "min", 0.25, 1, 4)
    for loss in (0.5, 0.25):
        validation = ValidationRecord(1, 4, [[1, 2], [3, 4]], ["a", "b"])
        attempt.epoch(EpochRecord(1, 4, {"val_loss": loss, "train_loss": 1.0}), validation, best)
    attempt.epoch(EpochRecord(2, 8, {"train_loss": 0.9}), None, None)
    assert store.epochs(attempt.run_id) == [
        EpochRecord(1, 4, {"val_loss": 0.25, "train_loss": 1.0}),
        EpochRecord(2, 8, {"train_loss": 0.9}),
    ]
    assert store.epochs(attempt.run_id, after_epoch=1) == [EpochRecord(2, 8, {"train_loss": 0.9})]
    assert store.epochs(attempt.run_id, only=[2, 3]) == [EpochRecord(2, 8, {"train_loss": 0.9})]
    assert store.epochs(attempt.run_id, only=[]) == []
    assert store.validation(attempt.run_id) == store.validation(attempt.run_id, 1) == validation
    assert store.validation(attempt.run_id, 2) is None
    assert store.validation_epochs(attempt.run_id) == [1]
    assert store.run(attempt.run_id).best == best


def test_a_validation_of_another_epoch_is_a_mistake(store: Store):
    attempt = claimed(store, new_run(store))
    with pytest.raises(ValueError, match="after epoch 2, got the one after epoch 1"):
        attempt.epoch(EpochRecord(2, 8, {}), ValidationRecord(1, 4), None)


def test_a_checkpoint_comes_back_as_it_was(store: Store):
    attempt = claimed(store, new_run(store))
    record = checkpoint(attempt, 8, "last", "manual")
    attempt.commit_checkpoint(record)
    assert store.checkpoints(attempt.run_id) == [record]
    assert store.checkpoint(attempt.run_id, "last") == store.checkpoint(attempt.run_id, 8) == record
    assert store.checkpoint(attempt.run_id, "best") is None
    assert store.checkpoint(attempt.run_id, 4) is None


def test_the_same_step_again_keeps_what_was_asked_for_by_hand(store: Store):
    attempt = claimed(store, new_run(store))
    attempt.commit_checkpoint(checkpoint(attempt, 8, "last", "manual"))
    attempt.commit_checkpoint(checkpoint(attempt, 8, "last", "best"))
    assert [record.kinds for record in store.checkpoints(attempt.run_id)] == [{"best", "last", "manual"}]


def test_another_runs_checkpoint_is_a_mistake(store: Store):
    attempt, other = claimed(store, new_run(store)), claimed(store, new_run(store))
    with pytest.raises(ValueError, match=f"of run '{attempt.run_id}', got one of '{other.run_id}'"):
        attempt.commit_checkpoint(checkpoint(other, 8))


def test_rewinding_to_before_there_was_a_best(store: Store):
    attempt = trained(store)
    attempt.commit_checkpoint(checkpoint(attempt, 2, "manual"))
    attempt.rewind(3, 0, None)
    assert store.run(attempt.run_id).best is None
    assert [(record.step, record.kinds) for record in store.checkpoints(attempt.run_id)] == [(2, {"manual", "last"})]
    assert store.epochs(attempt.run_id) == []


def test_rewinding_touches_no_other_run(store: Store):
    attempt, other = trained(store), trained(store)
    before = everything(store, other.run_id)
    attempt.rewind(0, 0, None)
    attempt.end(State.STOPPED)
    store.delete_run(attempt.run_id)
    assert everything(store, other.run_id) == before


def test_events_are_read_from_where_one_left_off(store: Store):
    attempt = claimed(store, new_run(store))
    for number in range(4):
        attempt.event("note", str(number), step=number, data={"n": number})
    first, second, *rest = store.events(attempt.run_id)
    assert (second.message, second.step, second.data) == ("1", 1, {"n": 1})
    assert store.events(attempt.run_id, after_id=second.id) == rest
    assert store.events(attempt.run_id, limit=1) == [first]


def test_every_write_is_a_sign_of_life(store: Store):
    attempt = claimed(store, new_run(store))
    seen = [store.attempts(attempt.run_id)[0].heartbeat_at]
    for write in (attempt.heartbeat, lambda: attempt.event("note", "x"), lambda: attempt.progress(ProgressRecord())):
        write()
        seen.append(store.attempts(attempt.run_id)[0].heartbeat_at)
    assert seen == sorted(set(seen))


def test_an_error_without_a_step_or_frames(store: Store):
    attempt = claimed(store, new_run(store))
    attempt.end(State.FAILED, ErrorRecord("MemoryError", ""))
    assert store.run(attempt.run_id).error == ErrorRecord("MemoryError", "", "", None)


def test_another_thread_waits_for_the_end_of_a_transaction(store: Store):
    attempt = claimed(store, new_run(store))
    begun, order = threading.Event(), []

    def poll() -> None:
        begun.wait()
        # Reading is never held up; the database is not asked to wait by our own threads.
        assert attempt.pending_controls() == []
        order.append("read")
        attempt.heartbeat()
        order.append("beat")

    thread = threading.Thread(target=poll)
    thread.start()
    with attempt.transaction():
        begun.set()
        while "read" not in order:
            thread.join(0.01)
        attempt.event("note", "x")
        order.append("written")
    thread.join()
    assert order == ["read", "written", "beat"]


def test_pause_of_a_transaction_is_joined_not_committed(store: Store):
    attempt = claimed(store, new_run(store))
    with attempt.transaction():
        attempt.event("note", "x")
        with attempt.transaction():
            attempt.event("note", "y")
        assert store.events(attempt.run_id) == []
    assert len(store.events(attempt.run_id)) == 2


def test_a_trainers_threads_write_different_things_at_once(store: Store):
    attempt = claimed(store, new_run(store))

    def steps() -> None:
        for start in range(1, 1001, 20):
            with attempt.transaction():
                attempt.curves({"loss": (start, np.arange(start, start + 20, dtype=np.float32))})
                attempt.progress(ProgressRecord(epoch=1, step=start + 19))

    def checkpoints() -> None:
        for step in range(1, 51):
            attempt.commit_checkpoint(checkpoint(attempt, step, "last"))

    def beats() -> None:
        for _ in range(50):
            attempt.heartbeat()
            attempt.pending_controls()

    with ThreadPoolExecutor() as threads:
        results = [threads.submit(work) for work in (steps, checkpoints, beats)]
    assert [result.result() for result in results] == [None] * 3
    found_steps, values = store.curve_values(attempt.run_id, "loss")
    assert found_steps.tolist() == values.tolist() == list(range(1, 1001))
    kinds = [record.kinds for record in store.checkpoints(attempt.run_id)]
    assert kinds == [frozenset()] * 49 + [{"last"}]
