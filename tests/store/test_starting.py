from __future__ import annotations

import threading

import pytest

from dltrainer_jupyter.core.errors import (
    ConfigurationError,
    DLTrainerError,
    IllegalControlError,
    IllegalTransitionError,
)
from dltrainer_jupyter.core.records import ErrorRecord, ProgressRecord
from dltrainer_jupyter.core.states import State
from dltrainer_jupyter.store import Store
from dltrainer_jupyter.store.liveness import this_process
from dltrainer_jupyter.testing.store_samples import claimed, everything, new_run

ERROR = ErrorRecord("OSError", "no such program")


def test_a_trainer_is_recorded(store: Store):
    run_id = new_run(store)
    attempt = store.claim(run_id, executor="process", environment={"threads": 2})
    attempt.describe(resumed_from_step=40)
    (record,) = store.attempts(run_id)
    me = this_process()
    assert (attempt.run_id, attempt.number) == (run_id, 1)
    assert (record.number, record.executor, record.resumed_from_step) == (1, "process", 40)
    assert (record.host, record.boot_id) == (me.host, me.boot_id)
    assert (record.pid, record.process_started) == (me.pid, me.process_started)
    assert (record.environment, record.ended_at) == ({"threads": 2}, None)
    run = store.run(run_id)
    assert (run.state, run.attempt, run.progress.phase) == (State.RUNNING, 1, "starting")


@pytest.mark.parametrize("state", [State.SUSPENDED, State.STOPPED, State.FAILED, State.COMPLETED])
def test_nobody_trains_a_run_unasked(store: Store, state: State):
    run_id = new_run(store)
    claimed(store, run_id).end(state)
    with pytest.raises(IllegalTransitionError, match=f"{state.said} and waits for no trainer; resume it"):
        claimed(store, run_id)
    store.request_start(run_id, epochs=99)
    assert claimed(store, run_id).number == 2


@pytest.mark.parametrize("state", [State.RUNNING, State.PAUSED])
def test_a_run_that_is_trained_is_not_started_again(store: Store, state: State):
    run_id = new_run(store)
    attempt = claimed(store, run_id)
    if state == State.PAUSED:
        attempt.change_state(state)
    before = everything(store, run_id)
    with pytest.raises(IllegalTransitionError, match=f"is {state}"):
        claimed(store, run_id)
    with pytest.raises(IllegalTransitionError, match=f"is {state}"):
        store.request_start(run_id)
    assert everything(store, run_id) == before


def test_a_run_that_waits_is_not_asked_for_again(store: Store):
    run_id = new_run(store)
    with pytest.raises(IllegalTransitionError, match="is pending"):
        store.request_start(run_id)


def test_a_completed_run_goes_on_only_with_more_epochs(store: Store):
    run_id = new_run(store, epochs=5)
    claimed(store, run_id).end(State.COMPLETED)
    for epochs in (None, 4, 5):
        with pytest.raises(IllegalControlError, match=r"Give it more epochs to go on \(epochs=N in Python, --epochs N"):
            store.request_start(run_id, epochs=epochs)
    again = store.request_start(run_id, epochs=6)
    assert (again.state, again.progress.epochs, again.spec.epochs) == (State.PENDING, 6, 5)
    claimed(store, run_id).end(State.COMPLETED)
    with pytest.raises(IllegalControlError):
        store.request_start(run_id, epochs=6)


def test_a_run_cannot_be_resumed_for_fewer_epochs_than_it_has_had(store: Store):
    run_id = new_run(store)
    attempt = claimed(store, run_id)
    attempt.progress(ProgressRecord(epoch=7, step=70, epochs=10))
    attempt.end(State.STOPPED)
    with pytest.raises(IllegalControlError, match="it is in epoch 7 already"):
        store.request_start(run_id, epochs=6)
    with pytest.raises(ConfigurationError, match="at least 1, got 0"):
        store.request_start(run_id, epochs=0)
    assert store.request_start(run_id, epochs=7).progress.epochs == 7


def test_one_of_many_who_ask_starts_a_run(store: Store):
    run_id = new_run(store)
    claimed(store, run_id).end(State.STOPPED)
    barrier, answers = threading.Barrier(6), []

    def ask() -> None:
        barrier.wait()
        try:
            answers.append(store.request_start(run_id).state)
        except DLTrainerError as error:
            answers.append(type(error))

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(str, answers)) == sorted([*[str(IllegalTransitionError)] * 5, "pending"])


def test_a_trainer_that_could_not_be_started(store: Store):
    run_id = new_run(store)
    control = store.request_control(run_id, "pause", {}, "me")
    assert store.mark_failed_to_start(run_id, ERROR)
    run = store.run(run_id)
    assert (run.state, run.error, run.attempt) == (State.FAILED, ERROR, 0)
    assert store.control(control.id).outcome == "No trainer could be started."
    assert store.request_start(run_id).error is None


def test_a_trainer_that_came_after_all_is_not_disturbed(store: Store):
    run_id = new_run(store)
    attempt = claimed(store, run_id)
    assert not store.mark_failed_to_start(run_id, ERROR)
    assert store.run(run_id).state == State.RUNNING
    attempt.heartbeat()


def test_attempts_end_and_are_counted(store: Store):
    run_id = new_run(store)
    for number in (1, 2, 3):
        attempt = claimed(store, run_id)
        assert attempt.number == number
        attempt.end(State.SUSPENDED)
        store.request_start(run_id)
    records = store.attempts(run_id)
    assert [record.number for record in records] == [1, 2, 3]
    assert all(record.ended_at and record.ended_at >= record.started_at for record in records)


def test_a_run_nobody_came_for_can_be_withdrawn(store: Store) -> None:
    run_id = new_run(store)
    stop = store.request_control(run_id, "stop", {}, "me")
    pause = store.request_control(run_id, "pause", {}, "me")
    assert store.withdraw(run_id)
    assert store.run(run_id).state == "stopped"
    assert store.control(stop.id).status == "done"
    assert store.control(pause.id).status == "refused"
    assert not store.withdraw(run_id)
