"""The handle of a run: an id and a store, nothing more."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dltrainer_jupyter.core import live, registry
from dltrainer_jupyter.core.errors import (
    CheckpointError,
    ConfigurationError,
    IllegalControlError,
    RunNotFoundError,
    TrainingFailed,
    brief,
)
from dltrainer_jupyter.core.protocols import Executor
from dltrainer_jupyter.core.records import CheckpointRecord, ErrorRecord, RunRecord
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.core.states import ENDED, State, Verb, check_verb
from dltrainer_jupyter.executors import files, held
from dltrainer_jupyter.store.store import Store
from dltrainer_jupyter.tal.control import Control
from dltrainer_jupyter.tal.environment import user
from dltrainer_jupyter.tal.places import here, remove_files
from dltrainer_jupyter.tal.waiting import ended
from dltrainer_jupyter.views.configuration import in_force
from dltrainer_jupyter.views.curves import Curve, curve
from dltrainer_jupyter.views.tables import epochs_table, run_document

if TYPE_CHECKING:
    import pandas as pd

    from dltrainer_jupyter.tal.inference import TrainedModel

__all__ = ["Control", "Run"]


class Run:
    """One training, wherever and whenever it was started.

    Parameters
    ----------
    run_id : str
        Its id.
    store : Store
        Where it is recorded.

    Examples
    --------
    >>> run = tal.get("digits-cnn")  # doctest: +SKIP
    >>> run.pause().wait(5)  # doctest: +SKIP
    >>> run.best.predict(x)  # doctest: +SKIP
    """

    def __init__(self, run_id: str, store: Store) -> None:
        self.id = run_id
        self.store = store

    # --- what it is -----------------------------------------------------------------------------------

    @property
    def record(self) -> RunRecord:
        """Its row as it is now; a dead trainer is noticed."""
        self.store.reap()
        return self.store.run(self.id)

    @property
    def name(self) -> str:
        """Its name."""
        return self.store.run(self.id).name

    @property
    def state(self) -> str:
        """One of ``pending running paused suspended completed stopped failed lost``."""
        return str(self.record.state)

    @property
    def epoch(self) -> int:
        """The epoch being trained, counted from 1, or the last one trained."""
        return self.record.progress.epoch

    @property
    def step(self) -> int:
        """Optimizer steps known to be done."""
        return self.record.progress.step

    @property
    def spec(self) -> RunSpec:
        """What it trains, with the settings in force: those that were changed since it was started as they are now."""
        return in_force(self.store, self.record)

    @property
    def exact(self) -> bool:
        """Whether a resume gives bit-identical results."""
        return self.record.exact

    @property
    def error(self) -> ErrorRecord | None:
        """Why it failed."""
        return self.record.error

    @property
    def folder(self) -> Path:
        """Where its checkpoints and artifacts lie."""
        return Path(self.store.run(self.id).folder)

    def __repr__(self) -> str:
        """Show name, state and progress."""
        try:
            record = self.record
        except RunNotFoundError:
            return f"<Run {self.id}: deleted>"
        progress = record.progress
        best = f", best {record.best.metric} {record.best.value:.4g}" if record.best else ""
        return f"<Run {record.name} ({self.id}): {record.state}, epoch {progress.epoch}/{progress.epochs}{best}>"

    def __eq__(self, other: object) -> bool:
        """Compare ids and stores."""
        return isinstance(other, Run) and (self.id, self.store.uuid) == (other.id, other.store.uuid)

    def __hash__(self) -> int:
        """Hash the id."""
        return hash(self.id)

    # --- steering -------------------------------------------------------------------------------------

    def pause(self) -> Control:
        """Rest after the current step, in memory, until it is resumed."""
        return self._ask(Verb.PAUSE)

    def suspend(self) -> Control:
        """Write a checkpoint and free the memory; resume goes on exactly there."""
        return self._ask(Verb.SUSPEND)

    def stop(self) -> Control:
        """Write a checkpoint and end."""
        control = self._ask(Verb.STOP)
        # While no trainer has claimed the run there is nobody who could obey, and perhaps never will be.
        self.store.withdraw(self.id)
        return control

    def checkpoint(self) -> Control:
        """Write a checkpoint that is kept until it is deleted by hand."""
        return self._ask(Verb.CHECKPOINT)

    def set(self, /, **values: Any) -> Control:
        """Change settings from the next step on.

        Those of the specification that are declared live can be changed: ``learning_rate``, ``epochs``,
        ``checkpoint.every_seconds`` and others, which the error for any other names.

        Parameters
        ----------
        **values
            By key; those of a group as a mapping, ``checkpoint={"keep": 5}``, or with a dot.

        Raises
        ------
        ConfigurationError
            If a setting can't be changed, or not to this value.
        IllegalControlError
            If this run can't change it, or not now.

        Examples
        --------
        >>> run.set(learning_rate=1e-4, epochs=30).wait(5).outcome  # doctest: +SKIP
        'learning_rate 0.001 → 0.0001, epochs 20 → 30 at step 1,204 (epoch 7).'
        """
        changes = live.check(self.spec, values)
        if "epochs" in changes:
            live.check_epochs(changes["epochs"], self.epoch)
        return self._ask(Verb.SET, changes)

    def resume(self, epochs: int | None = None, executor: str | None = None) -> Control:
        """Go on: a paused run at once, an ended one from its last checkpoint in a new trainer.

        Parameters
        ----------
        epochs : int, optional
            New number of epochs; needed to go on with a completed run.
        executor : str, optional
            Where to go on; by default where it ran. Only for an ended run.
        """
        record = self.record
        state = record.state
        if state not in ENDED:
            if epochs is not None or executor is not None:
                msg = f"Run '{self.name}' is {state}; epochs and executor can be given when it has ended."
                raise IllegalControlError(msg)
            return self._ask(Verb.RESUME)
        # Looked up before anything is written: a misspelt executor, or files out of reach, leave the run as it is.
        place = registry.find("executors", executor or record.spec.executor)()
        folder = files.usable_folder(record, here(record))
        self.store.request_start(self.id, epochs=epochs, executor=executor, folder=str(folder))
        control = self._ask(Verb.RESUME)
        self.start(place)
        return control

    def start(self, place: Executor) -> None:
        """Start a trainer for a pending run.

        Raises
        ------
        TrainingFailed
            If it could not be started; the run is failed then.
        """
        try:
            place.start(self.store.url, self.id)
        except OSError as error:
            failure = ErrorRecord(type(error).__name__, f"The trainer could not be started: {error}")
            self.store.mark_failed_to_start(self.id, failure)
            raise TrainingFailed(failure.message) from error

    def _ask(self, verb: Verb, arguments: Mapping[str, Any] | None = None) -> Control:
        self.store.reap()
        control = self.store.request_control(self.id, str(verb), dict(arguments or {}), user())
        held.ring(self.id)
        return Control(control.id, self.store)

    def delete(self) -> None:
        """Remove the run, its history, its files and the copy in its mirror. A live run has to be stopped first."""
        self.store.reap()
        record = self.store.run(self.id)
        check_verb(record.name, Verb.DELETE, record.state)
        # The rows first: a crash in between leaves rubbish on disk, never a run without its files.
        self.store.delete_run(self.id)
        held.forget(self.id)
        remove_files(record, self.store.uuid)

    def clone(self, step: int | None = None, **changes: Any) -> Run:
        """Start a new run from this one's settings.

        Parameters
        ----------
        step : int, optional
            Step of the checkpoint whose weights to begin with; optimizer, schedule and counters begin anew. By
            default the weights are fresh too.
        **changes
            Settings as for :func:`dltrainer_jupyter.tal.train`.

        Returns
        -------
        Run
            The new run, which trains already.
        """
        from dltrainer_jupyter.tal.submit import clone

        return clone(self, step, changes)

    # --- waiting --------------------------------------------------------------------------------------

    def wait(self, timeout: float | None = None) -> Run:
        """Wait until the run has ended. Interrupting the wait leaves the run going.

        In a notebook that shows the run it also waits for the copy of the panel, which stays in the notebook.

        Parameters
        ----------
        timeout : float, optional
            Seconds to wait for the end; for ever by default.

        Returns
        -------
        Run
            The run itself.

        Raises
        ------
        TrainingFailed
            If it failed, or its trainer died.
        TimeoutError
            If it took longer.
        """
        record = ended(self.store, self.id, timeout)
        if record.state is State.FAILED:
            error = record.error or ErrorRecord("TrainingFailed", "The training failed.")
            raise TrainingFailed(error.message, error.traceback)
        if record.state is State.LOST:
            msg = f"The trainer of run '{record.name}' died; resume it to go on from its last checkpoint."
            raise TrainingFailed(msg)
        return self

    # --- looking --------------------------------------------------------------------------------------

    def metrics(self) -> pd.DataFrame:
        """Give the history, a row an epoch.

        Returns
        -------
        pandas.DataFrame
            Columns ``epoch step learning_rate train_loss val_loss train_<metric> val_<metric>``.
        """
        return epochs_table(self.store.epochs(self.id))

    def curve(self, name: str, start: int | None = None, stop: int | None = None, points: int = 2000) -> Curve:
        """Give a per-step series, decimated to at most so many points.

        Returns
        -------
        steps : numpy.ndarray of int64
        values : numpy.ndarray of float32
        """
        return curve(self.store, self.id, name, start=start, stop=stop, points=points)

    def confusion(self, epoch: int | None = None) -> pd.DataFrame:
        """Give the confusion matrix of a validation: true classes down, predicted ones across.

        Parameters
        ----------
        epoch : int, optional
            By default the newest one validated.
        """
        import pandas as pd

        found = self.store.validation(self.id, epoch)
        if found is None or found.confusion is None:
            which = "yet" if epoch is None else f"for epoch {epoch}"
            msg = f"Run '{self.name}' has no confusion matrix {which}; it is counted at each validation of classes."
            raise IllegalControlError(msg)
        return pd.DataFrame(
            found.confusion,
            index=pd.Index(found.labels, name="true"),
            columns=pd.Index(found.labels, name="predicted"),
        )

    @property
    def checkpoints(self) -> list[CheckpointRecord]:
        """Its checkpoints, oldest first."""
        return self.store.checkpoints(self.id)

    def document(self) -> dict[str, Any]:
        """Describe the run in full, as JSON types."""
        self.store.reap()
        return run_document(self.store, self.id)

    # --- trying ---------------------------------------------------------------------------------------

    @property
    def best(self) -> TrainedModel:
        """The model of the best checkpoint so far."""
        return self._trained("best")

    @property
    def last(self) -> TrainedModel:
        """The model of the newest checkpoint."""
        return self._trained("last")

    def at(self, step: int) -> TrainedModel:
        """Give the model of the checkpoint at a step.

        Raises
        ------
        CheckpointError
            If there is none; the message lists those there are.
        """
        if self.store.checkpoint(self.id, step) is None:
            there = ", ".join(f"{checkpoint.step:,}" for checkpoint in self.checkpoints) or "none"
            msg = f"Run '{self.name}' has no checkpoint at step {step:,}; there are: {there}."
            raise CheckpointError(msg)
        return self._trained(step)

    def trained(self, which: str | int) -> TrainedModel:
        """Give the model of a checkpoint by what a person calls it.

        Parameters
        ----------
        which : {"best", "last"} or int or str
            A number is a step, as text too.

        Raises
        ------
        ConfigurationError
            If it is neither.
        """
        if which in ("best", "last"):
            return self._trained(which)
        if str(which).isdecimal():
            return self.at(int(which))
        msg = f"checkpoint: expected best, last or a step, got {brief(which)}."
        raise ConfigurationError(msg)

    def _trained(self, which: str | int) -> TrainedModel:
        from dltrainer_jupyter.tal.inference import TrainedModel

        return TrainedModel(self, which)

    # --- showing --------------------------------------------------------------------------------------

    def panel(self) -> Any:
        """Give the live panel, for a notebook."""
        return registry.find("faces", "panel")(self)

    def plot(self, kind: str = "curves") -> Any:
        """Give an interactive bqplot figure: ``curves`` or ``confusion``."""
        return registry.find("faces", "figure")(self, kind)
