"""Any order of verbs, trainers, deaths and resurrections keeps to the table of legal transitions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from dltrainer_jupyter.core.errors import (
    IllegalControlError,
    IllegalTransitionError,
    RunNotFoundError,
    StaleAttemptError,
)
from dltrainer_jupyter.core.records import ErrorRecord, ProgressRecord
from dltrainer_jupyter.core.states import ALIVE, ALLOWED, ENDED, TRANSITIONS, State, Verb
from dltrainer_jupyter.store import Attempt, Store
from dltrainer_jupyter.store.liveness import this_process
from dltrainer_jupyter.store.tables import training_attempts
from dltrainer_jupyter.testing.store_samples import claimed, new_run

HELD = {State.RUNNING, State.PAUSED}
ENDINGS = sorted(ENDED)
VERBS = sorted(set(Verb) - {Verb.DELETE})


class OneRun(RuleBasedStateMachine):
    """A run, everybody who deals with it, and what should be so."""

    store: Store

    def __init__(self) -> None:
        super().__init__()
        self.run_id = new_run(self.store)
        self.state = State.PENDING
        self.before_lost: State | None = None
        self.epochs = 10
        self.attempts: list[Attempt] = []
        self.waiting: list[int] = []
        self.answered: dict[int, str] = {}
        self.revision = 0
        self.events = 0

    def _refused(
        self, error: type[Exception] | tuple[type[Exception], ...], act: Any, *given: Any, **named: Any
    ) -> None:
        before = self.store.revision(self.run_id)
        with pytest.raises(error):
            act(*given, **named)
        assert self.store.revision(self.run_id) == before

    def _all_refused(self) -> None:
        self.answered |= dict.fromkeys(self.waiting, "refused")
        self.waiting = []

    @property
    def holder(self) -> Attempt | None:
        """The attempt that may write: the newest, while it holds the run or is only thought dead."""
        thought_dead = self.state == State.LOST and self.before_lost is not None
        return self.attempts[-1] if self.attempts and (self.state in HELD or thought_dead) else None

    def _is_back(self) -> None:
        """Expect what the holder's next write does to a lost run."""
        if self.state == State.LOST:
            assert self.before_lost is not None
            self.state, self.before_lost = self.before_lost, None
            self.events += 1

    @rule()
    def claim(self) -> None:
        if self.state in {State.PENDING, State.LOST}:
            assert State.RUNNING in TRANSITIONS[self.state]
            self.attempts.append(claimed(self.store, self.run_id))
            self.before_lost = None
            assert self.attempts[-1].number == len(self.attempts)
            self.state = State.RUNNING
        else:
            self._refused(IllegalTransitionError, claimed, self.store, self.run_id)

    @rule(epochs=st.none() | st.integers(1, 20))
    def request_start(self, epochs: int | None) -> None:
        enough = self.state != State.COMPLETED or (epochs is not None and epochs > self.epochs)
        if self.state in ALIVE or not enough:
            expected = (IllegalTransitionError, IllegalControlError)
            self._refused(expected, self.store.request_start, self.run_id, epochs=epochs)
        else:
            assert State.PENDING in TRANSITIONS[self.state]
            self.store.request_start(self.run_id, epochs=epochs)
            self.state, self.before_lost = State.PENDING, None
            self.epochs = epochs or self.epochs

    @rule()
    @precondition(lambda self: self.attempts)
    def fail_to_start(self) -> None:
        was_pending = self.state == State.PENDING
        assert self.store.mark_failed_to_start(self.run_id, ErrorRecord("OSError", "x")) is was_pending
        if was_pending:
            self.state = State.FAILED
            self._all_refused()

    @rule(which=st.integers(0, 5), pausing=st.booleans())
    def pause_or_go_on(self, which: int, pausing: bool) -> None:
        if not self.attempts:
            return
        attempt = self.attempts[which % len(self.attempts)]
        after = State.PAUSED if pausing else State.RUNNING
        if attempt is not self.holder:
            self._refused(StaleAttemptError, attempt.change_state, after)
            return
        now = self.before_lost or self.state
        if after not in TRANSITIONS[now]:
            # What is refused leaves nothing behind, not even the return from being lost.
            self._refused(IllegalTransitionError, attempt.change_state, after)
            return
        attempt.change_state(after)
        self._is_back()
        self.state = after

    @rule(which=st.integers(0, 5), state=st.sampled_from(ENDINGS))
    def end(self, which: int, state: State) -> None:
        if not self.attempts:
            return
        attempt = self.attempts[which % len(self.attempts)]
        if attempt is not self.holder:
            self._refused(StaleAttemptError, attempt.end, state)
            return
        attempt.end(state)
        self._is_back()
        self.state = state
        self._all_refused()

    @rule(which=st.integers(0, 5))
    def write(self, which: int) -> None:
        if not self.attempts:
            return
        attempt = self.attempts[which % len(self.attempts)]
        if attempt is not self.holder:
            self._refused(StaleAttemptError, attempt.progress, ProgressRecord())
            return
        attempt.progress(ProgressRecord())
        self._is_back()

    @rule(elsewhere=st.booleans())
    @precondition(lambda self: self.state in HELD)
    def lose(self, elsewhere: bool) -> None:
        columns: dict[str, Any] = {"process_started": 0.5}
        if elsewhere:
            columns = {"host": "elsewhere", "heartbeat_at": datetime.now(UTC) - timedelta(seconds=100)}
        self._alter(columns)
        assert self.store.reap() == [self.run_id]
        # Should it wake up, it is this very process again.
        me = this_process()
        self._alter({"process_started": me.process_started, "host": me.host})
        assert State.LOST in TRANSITIONS[self.state]
        self.before_lost, self.state = self.state, State.LOST
        self.events += 1
        self._all_refused()

    def _alter(self, columns: dict[str, Any]) -> None:
        table = training_attempts
        this = (table.c.run_id == self.run_id, table.c.number == len(self.attempts))
        with self.store._database.write() as connection:
            connection.execute(table.update().where(*this).values(columns))

    @rule()
    def reap(self) -> None:
        assert self.store.reap() == []

    @rule(verb=st.sampled_from(VERBS))
    def request_control(self, verb: Verb) -> None:
        if self.state in ALLOWED[verb] & ALIVE:
            self.waiting.append(self.store.request_control(self.run_id, verb, {}, "me").id)
        else:
            self._refused(IllegalControlError, self.store.request_control, self.run_id, verb, {}, "me")

    @rule()
    @precondition(lambda self: self.waiting and self.state in HELD)
    def acknowledge(self) -> None:
        control = self.waiting.pop(0)
        self.attempts[-1].acknowledge(control, status="done", outcome="x", step=1)
        self.answered[control] = "done"

    # Most interesting at the end of a long story.
    @rule()
    @precondition(lambda self: len(self.attempts) > 1)
    def delete(self) -> None:
        if self.state not in ENDED:
            self._refused(IllegalControlError, self.store.delete_run, self.run_id)
            return
        self.store.delete_run(self.run_id)
        with pytest.raises(RunNotFoundError):
            self.store.run(self.run_id)
        for attempt in self.attempts:
            with pytest.raises(StaleAttemptError):
                attempt.heartbeat()
        self.run_id = new_run(self.store)
        self.before_lost = None
        self.state, self.epochs, self.attempts, self.waiting, self.answered = State.PENDING, 10, [], [], {}
        self.revision = self.events = 0

    @invariant()
    def the_store_says_so_too(self) -> None:
        run = self.store.run(self.run_id)
        assert (run.state, run.attempt, run.progress.epochs) == (self.state, len(self.attempts), self.epochs)
        assert [control.id for control in reversed(self.store.controls(self.run_id))] == sorted(
            [*self.waiting, *self.answered]
        )
        for control in self.store.controls(self.run_id):
            assert control.status == self.answered.get(control.id, "requested")
        unended = [record.number for record in self.store.attempts(self.run_id) if record.ended_at is None]
        assert unended == ([len(self.attempts)] if self.state in HELD else [])
        assert len(self.store.events(self.run_id)) == self.events
        revision = self.store.revision(self.run_id)
        assert revision >= self.revision
        self.revision = revision

    def teardown(self) -> None:
        """Leave no run behind that others would find dead."""
        if self.state in HELD:
            self.attempts[-1].end(State.STOPPED)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "examples"), [("sqlite", 40), pytest.param("postgresql", 6, marks=pytest.mark.postgres)]
)
def test_one_run(kind: str, examples: int, request: pytest.FixtureRequest):
    store = Store.open(request.getfixturevalue(f"{kind}_url"))
    machine = type("OneRunIn" + kind, (OneRun,), {"store": store})
    run_state_machine_as_test(machine, settings=settings(max_examples=examples, stateful_step_count=30, deadline=None))
    store.close()
