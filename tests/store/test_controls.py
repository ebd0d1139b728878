from __future__ import annotations

import pytest

from dltrainer_jupyter.core.errors import IllegalControlError, RunNotFoundError, UnknownNameError
from dltrainer_jupyter.core.states import State
from dltrainer_jupyter.store import Store
from dltrainer_jupyter.testing.store_samples import claimed, new_run


def test_a_control_can_wait_for_a_trainer(store: Store):
    run_id = new_run(store)
    control = store.request_control(run_id, "pause", {}, "me")
    assert claimed(store, run_id).pending_controls() == [control]


@pytest.mark.parametrize("kind", ["pauze", "delete", ""])
def test_what_no_trainer_obeys_is_refused(store: Store, kind: str):
    run_id = new_run(store)
    with pytest.raises(UnknownNameError, match=f"Unknown control '{kind}'.*Known: checkpoint, pause"):
        store.request_control(run_id, kind, {}, "me")


@pytest.mark.parametrize("state", [State.SUSPENDED, State.STOPPED, State.FAILED, State.COMPLETED])
def test_a_run_that_has_ended_takes_no_controls(store: Store, state: State):
    run_id = new_run(store)
    claimed(store, run_id).end(state)
    before = store.revision(run_id)
    for kind in ("pause", "resume", "suspend", "stop", "checkpoint", "set"):
        with pytest.raises(IllegalControlError, match=f"{kind}.* {state.said}|{state.said}.* {kind} it"):
            store.request_control(run_id, kind, {}, "me")
    assert store.controls(run_id) == []
    assert store.revision(run_id) == before


def test_a_control_belongs_to_its_run(store: Store):
    attempt, other = claimed(store, new_run(store)), claimed(store, new_run(store))
    control = store.request_control(other.run_id, "stop", {}, "me")
    assert attempt.pending_controls() == []
    with pytest.raises(RunNotFoundError, match=f"no control {control.id}"):
        attempt.acknowledge(control.id, status="done", outcome="x", step=1)
    assert store.control(control.id).status == "requested"


def test_a_control_that_is_not_there(store: Store):
    with pytest.raises(RunNotFoundError, match="no control 12345"):
        store.control(12345)


def test_as_many_as_asked_for(store: Store):
    run_id = new_run(store)
    ids = [store.request_control(run_id, "checkpoint", {"n": n}, "me").id for n in range(4)]
    assert [control.id for control in store.controls(run_id, limit=2)] == [ids[3], ids[2]]


def test_arguments_survive(store: Store):
    run_id = new_run(store)
    arguments = {"learning_rate": 1e-4, "note": "äöü", "list": [1, None, True]}
    made = store.request_control(run_id, "set", arguments, "ada")
    assert made.arguments == arguments
    assert store.control(made.id) == made
    assert (made.requested_by, made.status, made.outcome) == ("ada", "requested", None)
