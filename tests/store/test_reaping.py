from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from dltrainer_jupyter.core.errors import StaleAttemptError
from dltrainer_jupyter.core.states import State
from dltrainer_jupyter.store import Attempt, Store
from dltrainer_jupyter.store.tables import training_attempts
from dltrainer_jupyter.testing.store_samples import claimed, new_run


def _alter(store: Store, attempt: Attempt, **columns: Any) -> None:
    table = training_attempts.c
    this = (table.run_id == attempt.run_id, table.number == attempt.number)
    with store._database.write() as connection:
        connection.execute(training_attempts.update().where(*this).values(columns))


def _asleep(store: Store, attempt: Attempt) -> None:
    """Move the trainer to another host, from where nobody has heard for two minutes."""
    _alter(store, attempt, host="elsewhere", heartbeat_at=datetime.now(UTC) - timedelta(seconds=120))


def test_nothing_is_reaped_while_trainers_live(store: Store):
    attempt = claimed(store, new_run(store))
    _alter(store, attempt, host="elsewhere")
    claimed(store, new_run(store)).end(State.STOPPED)
    new_run(store)
    assert store.reap() == []


def test_a_dead_trainers_run_is_lost_with_an_event_and_answers(store: Store):
    attempt = claimed(store, new_run(store))
    control = store.request_control(attempt.run_id, "pause", {}, "me")
    _alter(store, attempt, process_started=1.5)
    before = store.revision(attempt.run_id)
    assert store.reap() == [attempt.run_id]
    assert store.reap() == []
    run = store.run(attempt.run_id)
    assert (run.state, run.progress.phase) == (State.LOST, "ended")
    (event,) = store.events(attempt.run_id)
    assert event.kind == "lost"
    assert "died" in event.message
    assert event.data["attempt"] == 1
    assert store.control(control.id).status == "refused"
    (record,) = store.attempts(attempt.run_id)
    assert record.ended_at == record.heartbeat_at
    assert store.revision(attempt.run_id) > before


@pytest.mark.parametrize("state", [State.RUNNING, State.PAUSED])
def test_a_trainer_that_only_slept_takes_its_run_back(store: Store, state: State):
    attempt = claimed(store, new_run(store))
    if state == State.PAUSED:
        attempt.change_state(State.PAUSED)
    _asleep(store, attempt)
    assert store.reap() == [attempt.run_id]
    lost = store.revision(attempt.run_id)
    attempt.heartbeat()
    assert store.run(attempt.run_id).state == state
    assert store.revision(attempt.run_id) > lost
    assert store.attempts(attempt.run_id)[0].ended_at is None
    assert [event.kind for event in store.events(attempt.run_id)] == ["lost", "recovered"]
    assert store.reap() == []
    attempt.end(State.COMPLETED)


@pytest.mark.parametrize("how", ["claimed", "asked for"])
def test_a_trainer_that_slept_too_long_is_out(store: Store, how: str):
    attempt = claimed(store, new_run(store))
    _asleep(store, attempt)
    store.reap()
    if how == "claimed":
        claimed(store, attempt.run_id)
    else:
        store.request_start(attempt.run_id)
    with pytest.raises(StaleAttemptError):
        attempt.heartbeat()
    assert store.run(attempt.run_id).state == (State.RUNNING if how == "claimed" else State.PENDING)


def test_a_trainer_whose_run_was_deleted_is_out(store: Store):
    attempt = claimed(store, new_run(store))
    _asleep(store, attempt)
    store.reap()
    store.delete_run(attempt.run_id)
    with pytest.raises(StaleAttemptError, match="was deleted"):
        attempt.heartbeat()


def test_a_dead_trainers_run_can_be_claimed_before_anybody_noticed(store: Store):
    attempt = claimed(store, new_run(store))
    _alter(store, attempt, process_started=1.5)
    assert claimed(store, attempt.run_id).number == 2
    assert [event.kind for event in store.events(attempt.run_id)] == ["lost"]


def test_a_sign_of_life_between_the_look_and_the_mark_counts(store: Store, monkeypatch: pytest.MonkeyPatch):
    attempt = claimed(store, new_run(store))
    _asleep(store, attempt)
    lose = store._lose

    def wakes_up(suspect: Any) -> bool:
        attempt.heartbeat()
        return lose(suspect)

    monkeypatch.setattr(store, "_lose", wakes_up)
    assert store.reap() == []
    assert store.run(attempt.run_id).state == State.RUNNING


@pytest.mark.postgres
def test_leases_go_by_the_servers_clock(postgresql_url: str, monkeypatch: pytest.MonkeyPatch):
    """A host whose clock is wrong neither loses its runs nor takes others'."""
    store = Store.open(postgresql_url)
    attempt = claimed(store, new_run(store))
    server = store.attempts(attempt.run_id)[0].heartbeat_at

    class WrongClock(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:
            return datetime.now(tz) + timedelta(hours=1)

    for module in ("fence", "locking", "reaping", "starting", "attempts"):
        monkeypatch.setattr(f"dltrainer_jupyter.store.{module}.datetime", WrongClock, raising=False)
    attempt.heartbeat()
    assert store.attempts(attempt.run_id)[0].heartbeat_at - server < timedelta(minutes=5)
    _alter(store, attempt, host="elsewhere")
    assert store.reap() == []
    store.close()


def test_looking_for_the_dead_is_one_query_when_nothing_is_alive(store: Store, statements: Any):
    claimed(store, new_run(store)).end(State.STOPPED)
    with statements(store) as executed:
        assert store.reap() == []
    assert len(executed) == 1
