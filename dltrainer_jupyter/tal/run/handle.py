"""The handle of a run: what it is, what it obeys, what it has found, and what can be made of it."""

from __future__ import annotations

import operator
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dltrainer_jupyter.core import registry
from dltrainer_jupyter.core.errors import (
    CheckpointError,
    ConfigurationError,
    RunNotFoundError,
    TrainingFailed,
    brief,
)
from dltrainer_jupyter.core.records import ErrorRecord, TestRunRecord
from dltrainer_jupyter.core.states import State
from dltrainer_jupyter.tal.run.findings import Recorded
from dltrainer_jupyter.tal.run.steering import Steered
from dltrainer_jupyter.tal.waiting import ended

if TYPE_CHECKING:
    import pandas as pd

    from dltrainer_jupyter.tal.inference import TrainedModel


class Run(Steered, Recorded):
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

    def clone(self, /, step: int | None = None, **changes: Any) -> Run:
        """Start a new run from this one's settings.

        Plug-ins and registered classes are those of today; where one is gone, it is the copy that this run keeps.

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
        from dltrainer_jupyter.executors.trained import gone_parts
        from dltrainer_jupyter.tal.cloning import clone
        from dltrainer_jupyter.tal.places import here

        record = self.record
        with gone_parts(record, here(record)):
            return clone(self, step, changes)

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

        Parameters
        ----------
        step : int
            The checkpoint's.

        Raises
        ------
        ConfigurationError
            If it is no whole number.
        CheckpointError
            If there is none; the message lists those there are.
        """
        try:
            step = operator.index(step)  # NumPy's as well: a table of metrics has these
        except TypeError:
            msg = f"step: expected a whole number, got {brief(step)}."
            raise ConfigurationError(msg) from None
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

    def test(self, data: Any = None, checkpoint: str | int = "best", name: str | None = None) -> TestRunRecord:
        """Measure a checkpoint on a whole data set, and keep what is found.

        Parameters
        ----------
        data : optional
            Anything :func:`dltrainer_jupyter.tal.train` takes, a ``.npz`` file with the arrays ``x`` and ``y``, or
            another file for a run that learnt from one; by default what the run itself held back.
        checkpoint : {"best", "last"} or int, default "best"
            Which checkpoint; a number is its step.
        name : str, optional
            What to call the data set.

        Returns
        -------
        TestRunRecord
            ``metrics``, ``confusion``, ``summary`` and ``notes``, such as how many of the samples were trained on, if
            the data are the run's own; its ``id`` is the number to find it by.

        Raises
        ------
        ConfigurationError
            If the data isn't what the model takes.

        Examples
        --------
        >>> run.test((x_test, y_test)).metrics["accuracy"]  # doctest: +SKIP
        """
        from dltrainer_jupyter.tal.test_runs import test

        return test(self, data, checkpoint, name)

    @property
    def tests(self) -> list[TestRunRecord]:
        """Its test runs, oldest first."""
        return self.store.test_runs(self.id)

    def test_examples(self, number: int) -> pd.DataFrame:
        """Give what became of each example of a test run, a row each.

        Parameters
        ----------
        number : int
            Its ``id``.

        Raises
        ------
        ConfigurationError
            If there is no such test run.
        """
        import pandas as pd

        from dltrainer_jupyter.views.test_runs import rows_of

        return pd.DataFrame(rows_of(self.store, self.id, number))

    def delete_test(self, number: int) -> None:
        """Forget a test run.

        Parameters
        ----------
        number : int
            Its ``id``.

        Raises
        ------
        ConfigurationError
            If there is no such test run.
        """
        from dltrainer_jupyter.views.test_runs import test_run

        self.store.delete_test_run(self.id, test_run(self.store, self.id, number).id)

    def _trained(self, which: str | int) -> TrainedModel:
        from dltrainer_jupyter.tal.inference import TrainedModel

        return TrainedModel(self, which)

    # --- showing --------------------------------------------------------------------------------------

    def panel(self) -> Any:
        """Give the live panel, for a notebook."""
        return registry.find("faces", "panel")(self)

    def plot(self, kind: str = "curves", **options: Any) -> Any:
        """Give an interactive bqplot figure, whose trait ``chosen`` says what was clicked last.

        Parameters
        ----------
        kind : str, default "curves"
            ``curves``, or a metric's name; ``confusion``, ``roc``, ``pr``, ``calibration``, ``residuals``,
            ``per_class`` and ``examples`` of a validation; ``histograms`` of an array.
        **options
            ``epoch`` of the validation; ``name`` of the array.

        Raises
        ------
        UnknownNameError
            If there is no such kind or option; names those there are.
        """
        return registry.find("faces", "figure")(self, kind, **options)

    def report(self, path: str | PathLike[str]) -> Path:
        """Write a report that is readable when nothing runs, and that :func:`tal.load_report` reads back.

        Parameters
        ----------
        path : str or path
            The file, in a folder that is there; an older one is replaced. Its ending says what it is written as:
            ``.ipynb``, ``.html`` or ``.md``.

        Returns
        -------
        pathlib.Path
            The file.

        Raises
        ------
        ConfigurationError
            If the ending is another, or the file can't be written.
        MissingPackageError
            If it is a notebook or a page, and nbformat or nbconvert isn't installed.
        """
        from dltrainer_jupyter.tal.reports import write_report

        self.store.reap()
        return write_report(self, path)
