"""The states of a run, the legal transitions between them, and which verb is allowed when.

This is the only place that knows them. The store asks it before it changes a state; the verbs ask it
before they write a control.
"""

from __future__ import annotations

from enum import StrEnum

from dltrainer_jupyter.core.errors import IllegalControlError, IllegalTransitionError, UnknownNameError


class State(StrEnum):
    """Where a run stands."""

    PENDING = "pending"
    RUNNING = "running"
    PAUSED = "paused"
    SUSPENDED = "suspended"
    COMPLETED = "completed"
    STOPPED = "stopped"
    FAILED = "failed"
    LOST = "lost"

    @property
    def said(self) -> str:
        """What one says of such a run.

        Examples
        --------
        >>> State.RUNNING.said, State.FAILED.said
        ('is running', 'has failed')
        """
        return f"{'has' if self is State.FAILED else 'is'} {self}"


class Verb(StrEnum):
    """What a person may ask of a run; each but ``resume`` of a dead run and ``delete`` becomes a control row."""

    PAUSE = "pause"
    RESUME = "resume"
    SUSPEND = "suspend"
    STOP = "stop"
    CHECKPOINT = "checkpoint"
    SET = "set"
    DELETE = "delete"


ALIVE = frozenset({State.PENDING, State.RUNNING, State.PAUSED})
"""A trainer holds the run, or is about to."""

ENDED = frozenset(State) - ALIVE
"""No trainer holds the run."""

_LEAVES_A_TRAINER = frozenset(
    {State.SUSPENDED, State.COMPLETED, State.STOPPED, State.FAILED, State.LOST},
)

TRANSITIONS: dict[State, frozenset[State]] = {
    State.PENDING: _LEAVES_A_TRAINER - {State.COMPLETED} | {State.RUNNING},
    State.RUNNING: _LEAVES_A_TRAINER | {State.PAUSED},
    State.PAUSED: _LEAVES_A_TRAINER | {State.RUNNING},
    # Resuming asks for a trainer first (pending), which then claims the run (running).
    State.SUSPENDED: frozenset({State.PENDING, State.RUNNING}),
    State.STOPPED: frozenset({State.PENDING, State.RUNNING}),
    State.FAILED: frozenset({State.PENDING, State.RUNNING}),
    State.LOST: frozenset({State.PENDING, State.RUNNING}),
    # Only with more epochs than it was completed with; the verb checks that.
    State.COMPLETED: frozenset({State.PENDING, State.RUNNING}),
}

ALLOWED: dict[Verb, frozenset[State]] = {
    Verb.PAUSE: ALIVE,
    Verb.RESUME: frozenset(State) - {State.COMPLETED},
    Verb.SUSPEND: ALIVE,
    Verb.STOP: ALIVE,
    Verb.CHECKPOINT: ALIVE,
    Verb.SET: ALIVE,
    Verb.DELETE: ENDED,
}

_CURE: dict[Verb, str] = {
    Verb.PAUSE: "Only a live run can be paused.",
    Verb.RESUME: "Give it more epochs to go on (epochs=N in Python, --epochs N elsewhere).",
    Verb.SUSPEND: "Only a live run can be suspended.",
    Verb.STOP: "It is not training, so there is nothing to stop.",
    Verb.CHECKPOINT: "Its last checkpoint is already on disk; resume it to make another.",
    Verb.SET: "Settings can be changed on a live run; to start again with others, clone it.",
    Verb.DELETE: "Stop it first.",
}


def state_named(name: str) -> State:
    """Give the state that a person means.

    Raises
    ------
    UnknownNameError
        If there is none of this name.

    Examples
    --------
    >>> state_named("paused")
    <State.PAUSED: 'paused'>
    """
    if name not in set(State):
        kind = "state"
        raise UnknownNameError(kind, name, State)
    return State(name)


def check_transition(run: str, before: State, after: State) -> None:
    """Raise unless a run may go from one state to another.

    Parameters
    ----------
    run : str
        Name or id of the run, for the message.
    before, after : State
        The two states.

    Raises
    ------
    IllegalTransitionError
        If ``after`` can't follow ``before``.

    Examples
    --------
    >>> check_transition("digits", State.RUNNING, State.PAUSED)
    """
    if after not in TRANSITIONS[before]:
        legal = ", ".join(sorted(TRANSITIONS[before]))
        msg = f"Run '{run}' is {before} and can't become {after}; from {before} it may become: {legal}."
        raise IllegalTransitionError(msg)


def check_verb(run: str, verb: Verb, state: State) -> None:
    """Raise unless a verb may be asked of a run in this state.

    Raises
    ------
    IllegalControlError
        If the verb makes no sense now; the message says why and what to do.

    Examples
    --------
    >>> check_verb("digits", Verb.PAUSE, State.RUNNING)
    """
    if state not in ALLOWED[verb]:
        msg = f"Can't {verb} run '{run}': it {state.said}. {_CURE[verb]}"
        raise IllegalControlError(msg)
