from __future__ import annotations

import itertools

import pytest

from dltrainer_jupyter.core.errors import IllegalControlError, IllegalTransitionError
from dltrainer_jupyter.core.states import (
    _CURE,
    ALIVE,
    ALLOWED,
    ENDED,
    TRANSITIONS,
    State,
    Verb,
    check_transition,
    check_verb,
)

LEGAL = {
    "pending": "running suspended stopped failed lost",
    "running": "paused suspended completed stopped failed lost",
    "paused": "running suspended completed stopped failed lost",
    "suspended": "pending running",
    "completed": "pending running",
    "stopped": "pending running",
    "failed": "pending running",
    "lost": "pending running",
}
"""Written out once more, so that a change of the table is a decision."""

VERBS = {
    "pause": "pending running paused",
    "suspend": "pending running paused",
    "stop": "pending running paused",
    "checkpoint": "pending running paused",
    "set": "pending running paused",
    "resume": "pending running paused suspended stopped failed lost",
    "delete": "suspended completed stopped failed lost",
}


@pytest.mark.parametrize(("before", "after"), list(itertools.product(State, State)))
def test_transitions(before: State, after: State) -> None:
    if after in LEGAL[before].split():
        check_transition("digits", before, after)
        return
    with pytest.raises(IllegalTransitionError) as error:
        check_transition("digits", before, after)
    legal = ", ".join(sorted(LEGAL[before].split()))
    assert str(error.value) == (
        f"Run 'digits' is {before} and can't become {after}; from {before} it may become: {legal}."
    )


@pytest.mark.parametrize(("verb", "state"), list(itertools.product(Verb, State)))
def test_verbs(verb: Verb, state: State) -> None:
    if state in VERBS[verb].split():
        check_verb("digits", verb, state)
        return
    with pytest.raises(IllegalControlError) as error:
        check_verb("digits", verb, state)
    is_ = "has" if state is State.FAILED else "is"
    assert str(error.value).startswith(f"Can't {verb} run 'digits': it {is_} {state}. ")


def test_the_tables_are_complete() -> None:
    assert set(TRANSITIONS) == set(State)
    assert set(ALLOWED) == set(_CURE) == set(Verb)
    assert set(State) == ALIVE | ENDED
    assert not ALIVE & ENDED


def test_every_state_can_be_reached_and_left() -> None:
    reached = {State.PENDING}
    while more := {after for before in reached for after in TRANSITIONS[before]} - reached:
        reached |= more
    assert reached == set(State)
    assert all(TRANSITIONS.values())


def test_no_run_ends_without_having_been_alive_again() -> None:
    assert all(TRANSITIONS[state] <= ALIVE for state in ENDED)


def test_states_are_the_words_people_read() -> None:
    assert str(State.RUNNING) == f"{State.RUNNING}" == "running"
    assert State("lost") is State.LOST
