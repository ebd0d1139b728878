"""A sentence for whoever asked."""

from __future__ import annotations

import secrets
from types import SimpleNamespace

import pytest

from dltrainer_jupyter.core.errors import IllegalControlError, TrainingFailed
from dltrainer_jupyter.core.records import ErrorRecord, ProgressRecord
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.core.states import State
from dltrainer_jupyter.tal import control as waiting
from dltrainer_jupyter.tal.control import Control
from dltrainer_jupyter.tal.session import open_store


@pytest.fixture
def store(home):
    return open_store()


@pytest.fixture
def attempt(store):
    run_id = secrets.token_hex(6)
    store.create_run(run_id, RunSpec(model="mlp", data="digits"), folder="", environment={})
    return store.claim(run_id, executor="thread", environment={})


def asked(store, attempt, kind) -> Control:
    return Control(store.request_control(attempt.run_id, kind, {}, "someone").id, store)


def test_the_trainers_own_words(store, attempt) -> None:
    control = asked(store, attempt, "pause")
    attempt.acknowledge(control.id, status="done", outcome="Paused at step 3 (epoch 1).", step=3)
    assert control.answer(0) == "Paused at step 3 (epoch 1)."


def test_no_answer_yet(store, attempt) -> None:
    control = asked(store, attempt, "pause")
    assert control.answer(0) == "Run 'run' is still starting; it pauses before its first step."
    attempt.progress(ProgressRecord(epoch=1, step=3, epochs=10, phase="training"))
    assert control.answer(0) == "Requested; the trainer has not answered yet."


def test_a_refusal_is_an_error(store, attempt) -> None:
    control = asked(store, attempt, "pause")
    attempt.end(State.STOPPED)
    with pytest.raises(IllegalControlError, match="The run ended first"):
        control.answer(0)


def test_a_resumed_run_that_failed_tells_why(store, attempt) -> None:
    control = asked(store, attempt, "resume")
    attempt.end(State.FAILED, ErrorRecord("ValueError", "It broke.", "their frames"))
    with pytest.raises(TrainingFailed, match="It broke") as caught:
        control.answer(0)
    assert caught.value.traceback_text == "their frames"


def test_a_resumed_run_that_was_done_at_once(store, attempt) -> None:
    control = asked(store, attempt, "resume")
    attempt.end(State.COMPLETED)
    assert control.answer(0) == "Went on from its last checkpoint and is completed at step 0."


@pytest.mark.parametrize("answered_after", [0.005, 0.063, 0.3])
def test_an_answer_is_seen_soon_however_long_it_took(store, attempt, monkeypatch, answered_after) -> None:
    control = asked(store, attempt, "pause")
    clock = 0.0

    class Event:
        def wait(self, seconds: float) -> None:
            nonlocal clock
            before, clock = clock, clock + seconds
            if before < answered_after <= clock:
                attempt.acknowledge(control.id, status="done", outcome="Paused.", step=3)

    monkeypatch.setattr(waiting, "time", SimpleNamespace(monotonic=lambda: clock))
    monkeypatch.setattr(waiting, "threading", SimpleNamespace(Event=Event))
    control.wait(1)
    assert clock - answered_after <= max(0.002, 0.1 * answered_after)
