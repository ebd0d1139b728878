"""Asking for a trainer, and becoming one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.engine import Connection, RowMapping

from dltrainer_jupyter.core.errors import (
    ConfigurationError,
    IllegalControlError,
    IllegalTransitionError,
    StaleAttemptError,
)
from dltrainer_jupyter.core.records import AttemptRecord, ErrorRecord, RunRecord
from dltrainer_jupyter.core.states import State, Verb, check_transition, check_verb
from dltrainer_jupyter.store.attempts import Attempt
from dltrainer_jupyter.store.liveness import this_process
from dltrainer_jupyter.store.locking import (
    clock,
    grant_waiting_stops,
    newest_attempt,
    refuse_waiting_controls,
    take_hold,
)
from dltrainer_jupyter.store.part import RUN, StorePart
from dltrainer_jupyter.store.reaping import HELD, lose_if_dead
from dltrainer_jupyter.store.rows import attempt_record, error_columns, run_record
from dltrainer_jupyter.store.tables import training_attempts, training_jobs

CLAIMABLE = (State.PENDING, State.LOST)
"""States from which a trainer may take a run."""

_ATTEMPTS = training_attempts.select().where(training_attempts.c.run_id == RUN).order_by(training_attempts.c.number)


class Starting(StorePart):
    """From a run nobody trains to one that somebody does."""

    def request_start(
        self, run_id: str, *, epochs: int | None = None, executor: str | None = None, folder: str | None = None
    ) -> RunRecord:
        """Make a run that has ended wait for a trainer again.

        Of several that ask at once, one succeeds.

        Parameters
        ----------
        run_id : str
            The run.
        epochs : int, optional
            How many epochs it shall have in all from now on; a completed run needs more than it had.
        executor : str, optional
            Where it shall run from now on.
        folder : str, optional
            Where its files shall lie from now on, as seen from this host, on which it is to go on.

        Returns
        -------
        RunRecord
            In state ``pending``.

        Raises
        ------
        RunNotFoundError
            If there is no such run.
        IllegalTransitionError
            If it is alive already.
        IllegalControlError
            If it has been trained that long already.
        """
        if epochs is not None and epochs < 1:
            msg = f"epochs: expected a number of at least 1, got {epochs}."
            raise ConfigurationError(msg)
        with self._database.write() as connection:
            job = take_hold(connection, run_id)
            state = State(job["state"])
            check_transition(job["name"], state, State.PENDING)
            _check_epochs(job, state, epochs)
            values: dict[str, Any] = {"state": State.PENDING, "phase": "waiting", **error_columns(None)}
            if epochs is not None:
                values["epochs"] = epochs
            if executor is not None:
                values["executor"] = executor
            if folder is not None:
                values |= {"folder": folder, "host": this_process().host}
            return run_record(_change(connection, run_id, values))

    def mark_failed_to_start(self, run_id: str, error: ErrorRecord) -> bool:
        """Say that no trainer could be started for a run that waits for one.

        Returns
        -------
        bool
            False if the run doesn't wait (any more): then it is left as it is.

        Raises
        ------
        RunNotFoundError
            If there is no such run.
        """
        with self._database.write() as connection:
            job = take_hold(connection, run_id)
            if job["state"] != State.PENDING:
                return False
            check_transition(job["name"], State.PENDING, State.FAILED)
            _change(connection, run_id, {"state": State.FAILED, "phase": "ended", **error_columns(error)})
            refuse_waiting_controls(connection, run_id, "No trainer could be started.")
            return True

    def withdraw(self, run_id: str) -> bool:
        """Stop a run that waits for a trainer; one that comes later finds nothing to do.

        Returns
        -------
        bool
            False if the run doesn't wait (any more): then its trainer obeys, or nothing is left to stop.

        Raises
        ------
        RunNotFoundError
            If there is no such run.
        """
        with self._database.write() as connection:
            job = take_hold(connection, run_id)
            if job["state"] != State.PENDING:
                return False
            check_transition(job["name"], State.PENDING, State.STOPPED)
            _change(connection, run_id, {"state": State.STOPPED, "phase": "ended"})
            grant_waiting_stops(connection, run_id, "Stopped before it began.")
            refuse_waiting_controls(connection, run_id, "The run was stopped before it began.")
            return True

    def claim(
        self,
        run_id: str,
        *,
        executor: str,
        environment: Mapping[str, Any],
    ) -> Attempt:
        """Become the trainer of a run. Of several that try at once, one succeeds.

        Parameters
        ----------
        run_id : str
            A run that waits for a trainer, or whose trainer died.
        executor : str
            Where this trainer runs.
        environment : mapping
            What exactness depends on, as far as it is known; JSON types.

        Returns
        -------
        Attempt
            The only one that may write to the run from now on.

        Raises
        ------
        RunNotFoundError
            If there is no such run.
        IllegalTransitionError
            If a live trainer holds it, or nobody asked for one.
        """
        with self._database.write() as connection:
            job = take_hold(connection, run_id)
            state = State(job["state"])
            if state in HELD and lose_if_dead(connection, job):
                state = State.LOST
            if state not in CLAIMABLE:
                raise IllegalTransitionError(_not_claimable(connection, job, state))
            check_transition(job["name"], state, State.RUNNING)
            number = _add_attempt(connection, job, executor, environment)
        return Attempt(self._database, run_id, number, environment)

    def claim_again(self, attempt: Attempt, *, executor: str, environment: Mapping[str, Any]) -> Attempt:
        """Begin anew as the trainer that one is already, without letting go of the run in between.

        Parameters
        ----------
        attempt : Attempt
            The hold on the run so far, which is over then.
        executor : str
            Where this trainer runs.
        environment : mapping
            As for :meth:`claim`.

        Returns
        -------
        Attempt
            The only one that may write to the run from now on.

        Raises
        ------
        StaleAttemptError
            If the run isn't this trainer's any more.
        """
        with self._database.write() as connection:
            job = take_hold(connection, attempt.run_id)
            state = State(job["state"])
            # Marked as lost, it is still this trainer's as long as nobody has claimed it since.
            if job["attempt"] != attempt.number or state not in (*HELD, State.LOST):
                msg = f"Run '{job['name']}' is {state}: attempt {attempt.number} is over, so this trainer must stop."
                raise StaleAttemptError(msg)
            number = _add_attempt(connection, job, executor, environment)
        return Attempt(self._database, attempt.run_id, number, environment)

    def attempts(self, run_id: str) -> list[AttemptRecord]:
        """List the trainers a run has had, oldest first."""
        with self._database.read() as connection:
            return [attempt_record(row) for row in connection.execute(_ATTEMPTS, {"run": run_id}).mappings()]


_UNTROUBLED: dict[str, Any] = {"state_before_lost": None, **error_columns(None)}


def _add_attempt(connection: Connection, job: RowMapping, executor: str, environment: Mapping[str, Any]) -> int:
    """End what attempts there are at a run, and add one of this process; whoever calls holds the run's row."""
    me, run_id = this_process(), job["id"]
    number: int = job["attempt"] + 1
    attempts, now = training_attempts, clock(connection.dialect.name)
    older = (attempts.c.run_id == run_id, attempts.c.ended_at.is_(None))
    connection.execute(attempts.update().where(*older).values(ended_at=now))
    row = {
        "run_id": run_id,
        "number": number,
        "executor": executor,
        "host": me.host,
        "boot_id": me.boot_id,
        "pid": me.pid,
        "process_started": me.process_started,
        "started_at": now,
        "heartbeat_at": now,
        "environment": dict(environment),
    }
    connection.execute(attempts.insert().values(row))
    _change(connection, run_id, {"state": State.RUNNING, "attempt": number, "phase": "starting", **_UNTROUBLED})
    return number


def _change(connection: Connection, run_id: str, values: dict[str, Any]) -> RowMapping:
    statement = training_jobs.update().where(training_jobs.c.id == run_id).values(values).returning(*training_jobs.c)
    return connection.execute(statement).mappings().one()


def _check_epochs(job: RowMapping, state: State, epochs: int | None) -> None:
    if state == State.COMPLETED and (epochs is None or epochs <= job["epochs"]):
        check_verb(job["name"], Verb.RESUME, state)
    if epochs is not None and epochs < job["epoch"]:
        msg = (
            f"Can't resume run '{job['name']}' for {epochs} epochs in all: it is in epoch {job['epoch']} already. "
            "Give it at least as many."
        )
        raise IllegalControlError(msg)


def _not_claimable(connection: Connection, job: RowMapping, state: State) -> str:
    if state not in HELD:
        return f"Run '{job['name']}' {state.said} and waits for no trainer; resume it to ask for one."
    holder = newest_attempt(connection, job)
    return (
        f"Run '{job['name']}' is {state}: process {holder['pid']} on {holder['host']} trains it (attempt "
        f"{holder['number']}). Let it go on, or stop the run first."
    )
