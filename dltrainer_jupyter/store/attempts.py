"""A trainer's hold on its run: everything it writes, each time checked against having been replaced."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from sqlalchemy.engine import Connection

from dltrainer_jupyter.core.protocols import ResumeKind
from dltrainer_jupyter.core.records import (
    BestRecord,
    CheckpointRecord,
    ControlRecord,
    EpochRecord,
    ErrorRecord,
    ProgressRecord,
    ValidationRecord,
)
from dltrainer_jupyter.core.states import ENDED, State, check_transition
from dltrainer_jupyter.core.tracking import GraphNode, Histogram
from dltrainer_jupyter.store.checkpoint_rows import replace_checkpoint, retire_checkpoints, retire_later_checkpoints
from dltrainer_jupyter.store.controls import answer_control, waiting_controls
from dltrainer_jupyter.store.curves import Series
from dltrainer_jupyter.store.engine import Database
from dltrainer_jupyter.store.events import insert_event
from dltrainer_jupyter.store.extremes import Values
from dltrainer_jupyter.store.fence import THIS_RUN, Fence
from dltrainer_jupyter.store.growth import End, extended, read_end, retire_steps
from dltrainer_jupyter.store.histograms import insert_histograms, replace_graph, retire_histograms
from dltrainer_jupyter.store.locking import clock, refuse_waiting_controls
from dltrainer_jupyter.store.metrics import replace_epoch, retire_epochs
from dltrainer_jupyter.store.reaping import HELD
from dltrainer_jupyter.store.rows import best_columns, error_columns
from dltrainer_jupyter.store.tables import training_attempts


class Attempt(Fence):
    """What the trainer of a run writes with; :meth:`Store.claim` makes it.

    Any thread of the trainer may call any method. Every write is a transaction of its own unless it stands within
    :meth:`transaction`, refreshes the heartbeat, and raises :class:`StaleAttemptError`, leaving nothing behind, once
    the run isn't this trainer's any more, and :class:`StoreError` while the store can't be reached; the same write
    may then be tried again.

    Parameters
    ----------
    database : Database
        Where the run is.
    run_id : str
        The run.
    number : int
        Which attempt at it this is, counted from 1.
    environment : mapping
        What was recorded with the claim.
    """

    def __init__(self, database: Database, run_id: str, number: int, environment: Mapping[str, Any]) -> None:
        super().__init__(database, run_id, number)
        self._environment = dict(environment)
        # Where each series ends, so that adding to it reads nothing back; those of the transaction under way.
        self._ends: dict[str, End] = {}
        self._new_ends: dict[str, End] | None = None

    def _committed(self) -> None:
        if self._new_ends is not None:
            self._ends = self._new_ends

    def _left(self) -> None:
        self._new_ends = None

    def describe(
        self,
        *,
        signature: Mapping[str, Any] | None = None,
        environment: Mapping[str, Any] | None = None,
        exact: bool | None = None,
        resume: ResumeKind | None = None,
        resumed_from_step: int | None = None,
    ) -> None:
        """Record what is known only once the model and the data are there.

        Parameters
        ----------
        signature : mapping, optional
            What goes into the model and what comes out; JSON types.
        environment : mapping, optional
            More of what exactness depends on, added to what was recorded with the claim.
        exact : bool, optional
            Whether a resumed run will be bit-identical.
        resume : {"exact", "replay", "epoch"}, optional
            How the run can be resumed.
        resumed_from_step : int, optional
            The step of the checkpoint this trainer goes on from.
        """
        given = {"signature": signature and dict(signature), "exact": exact, "resume": resume}
        values = {name: value for name, value in given.items() if value is not None}
        with self._writing() as connection:
            if values:
                self._set(values)
            if environment is not None:
                self._environment |= environment
                self._describe_attempt(connection, environment=self._environment)
            if resumed_from_step is not None:
                self._describe_attempt(connection, resumed_from_step=resumed_from_step)

    def _describe_attempt(self, connection: Connection, **values: Any) -> None:
        table = training_attempts
        this = (table.c.run_id == self.run_id, table.c.number == self.number)
        connection.execute(table.update().where(*this).values(**values))

    def change_state(self, state: State) -> None:
        """Go on or pause.

        Parameters
        ----------
        state : State
            ``RUNNING`` or ``PAUSED``.

        Raises
        ------
        ValueError
            If the state would end the attempt; :meth:`end` does that.
        IllegalTransitionError
            If the run is in that state already.
        """
        if state not in HELD:
            msg = f"expected one of {', '.join(HELD)}, got {state}; end({state}) ends the attempt"
            raise ValueError(msg)
        with self._writing() as connection:
            name, before = self._state(connection)
            check_transition(name, before, state)
            self._set({"state": state})

    def progress(self, progress: ProgressRecord) -> None:
        """Say how far the run is. ``epochs`` of 0 leaves the number of epochs as it is."""
        values = {
            "epoch": progress.epoch,
            "step": progress.step,
            "steps_per_epoch": progress.steps_per_epoch,
            "phase": progress.phase,
            "steps_per_second": progress.steps_per_second,
            "train_seconds": progress.train_seconds,
            "learning_rate": progress.learning_rate,
        }
        with self._writing():
            self._set(values if progress.epochs == 0 else {**values, "epochs": progress.epochs})

    def curves(self, series: Mapping[str, tuple[int, Values]]) -> None:
        """Add values to per-step series.

        Parameters
        ----------
        series : mapping of str to (int, numpy.ndarray)
            By name: the step of the first value, and the values of consecutive steps, shape (n,), dtype float32. The
            first step lies after the series' last one, not necessarily at the next.

        Raises
        ------
        ValueError
            If a series has values for these steps already.

        Examples
        --------
        >>> attempt.curves({"train_loss": (1, np.ones(100, np.float32))})  # doctest: +SKIP
        """
        with self._writing() as connection:
            ends = dict(self._ends if self._new_ends is None else self._new_ends)
            for name, (first_step, values) in series.items():
                this = Series(self.run_id, name)
                end = ends[name] if name in ends else read_end(connection, this)
                ends[name] = extended(connection, this, end, int(first_step), values)
            self._new_ends = ends

    def epoch(self, record: EpochRecord, validation: ValidationRecord | None, best: BestRecord | None) -> None:
        """Record what an epoch came to.

        Parameters
        ----------
        record : EpochRecord
            Its metrics, which replace any this epoch has.
        validation : ValidationRecord or None
            What the validation after it found; None if there was none.
        best : BestRecord or None
            The best value so far; None leaves the one there is.
        """
        with self._writing() as connection:
            replace_epoch(connection, self.run_id, record, validation)
            if best is not None:
                self._set(best_columns(best))

    def add_histograms(self, histograms: Sequence[Histogram]) -> None:
        """Record how values lay at the end of an epoch, in place of what is known of the same arrays then."""
        with self._writing() as connection:
            insert_histograms(connection, self.run_id, histograms)

    def set_graph(self, nodes: Sequence[GraphNode]) -> None:
        """Record what the model is made of, in place of what is known of it."""
        with self._writing() as connection:
            replace_graph(connection, self.run_id, nodes)

    def commit_checkpoint(self, record: CheckpointRecord) -> None:
        """Let a checkpoint exist whose files are on the disk.

        A row of the same step is replaced. The kinds ``last`` and ``best`` move to it from wherever they were.

        Raises
        ------
        ValueError
            If it is another run's.
        """
        if record.run_id != self.run_id:
            msg = f"expected a checkpoint of run '{self.run_id}', got one of '{record.run_id}'"
            raise ValueError(msg)
        with self._writing() as connection:
            replace_checkpoint(connection, record)
        # The files are synced already; a row that a power cut takes back would turn them into rubbish.
        self._database.make_durable()

    def retire_checkpoints(self, steps: Sequence[int]) -> None:
        """Let the checkpoints of some steps not exist any more; their files may go afterwards."""
        with self._writing() as connection:
            retire_checkpoints(connection, self.run_id, steps)

    def rewind(self, step: int, epoch: int, best: BestRecord | None) -> None:
        """Forget what came after a checkpoint, once it is loaded.

        Parameters
        ----------
        step : int
            The last step that stays, in series and checkpoints.
        epoch : int
            The last epoch that stays, in metrics, validation results and histograms.
        best : BestRecord or None
            The best value as of then.
        """
        with self._writing() as connection:
            retire_steps(connection, self.run_id, step)
            retire_epochs(connection, self.run_id, epoch)
            retire_histograms(connection, self.run_id, epoch)
            retire_later_checkpoints(connection, self.run_id, step, best)
            self._set(best_columns(best))
            self._new_ends = {}

    def event(self, kind: str, message: str, step: int | None = None, data: Mapping[str, Any] | None = None) -> None:
        """Record something worth remembering.

        Parameters
        ----------
        kind : str
            One word for programs.
        message : str
            One sentence for people.
        step : int, optional
            The step it belongs to.
        data : mapping, optional
            Anything more, in JSON types.
        """
        with self._writing() as connection:
            insert_event(connection, self.run_id, kind, message, step=step, data=data)

    def pending_controls(self) -> list[ControlRecord]:
        """Read the controls nobody has answered, oldest first. One indexed query, no transaction."""
        with self._database.read() as connection:
            return waiting_controls(connection, self.run_id)

    def acknowledge(self, control_id: int, *, status: Literal["done", "refused"], outcome: str, step: int) -> None:
        """Answer a control. One that has an answer keeps it.

        Parameters
        ----------
        control_id : int
            Which.
        status : {"done", "refused"}
            Whether it was obeyed.
        outcome : str
            One sentence for people.
        step : int
            The step after which it took effect.

        Raises
        ------
        RunNotFoundError
            If the run has no such control.
        """
        with self._writing() as connection:
            answer_control(connection, self.run_id, control_id, {"status": status, "outcome": outcome, "step": step})

    def end(self, state: State, error: ErrorRecord | None = None) -> None:
        """Let go of the run; no other write may follow.

        Controls that still wait are refused.

        Parameters
        ----------
        state : State
            ``COMPLETED``, ``STOPPED``, ``SUSPENDED``, ``FAILED``, or ``LOST`` if it is cut short.
        error : ErrorRecord, optional
            Why it failed.

        Raises
        ------
        ValueError
            If a trainer would still hold the run in that state.
        """
        if state not in ENDED:
            msg = f"expected one of {', '.join(sorted(ENDED))}, got {state}"
            raise ValueError(msg)
        with self._writing() as connection:
            name, before = self._state(connection)
            check_transition(name, before, state)
            self._set({"state": state, "phase": "ended", **error_columns(error)})
            self._describe_attempt(connection, ended_at=clock(connection.dialect.name))
            refuse_waiting_controls(connection, self.run_id, "The run ended first.")

    def _set(self, values: Mapping[str, Any]) -> None:
        """Change columns of the run's own row; whoever calls is within a transaction."""
        if self._connection is None:
            msg = "a run's row is written within a transaction only"
            raise RuntimeError(msg)
        self._connection.execute(THIS_RUN, {"run": self.run_id, **values})
