"""What has become of a run so far, as tables and JSON types."""

from __future__ import annotations

from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dltrainer_jupyter.core.errors import ConfigurationError, IllegalControlError, UnknownNameError, brief
from dltrainer_jupyter.core.protocols import Partition
from dltrainer_jupyter.core.records import CheckpointRecord
from dltrainer_jupyter.core.states import ENDED
from dltrainer_jupyter.loop import partitions
from dltrainer_jupyter.tal.run.identity import Identified
from dltrainer_jupyter.views.classes import no_confusion
from dltrainer_jupyter.views.curves import Curve, curve
from dltrainer_jupyter.views.evaluation import evaluation
from dltrainer_jupyter.views.examples import examples_table
from dltrainer_jupyter.views.sorting import Sort
from dltrainer_jupyter.views.tables import confusion_table, epochs_table, run_document

if TYPE_CHECKING:
    import pandas as pd


class Recorded(Identified):
    """A run whose history the store tells."""

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

        Parameters
        ----------
        name : str
            The series', such as ``train_loss`` or ``system/cpu``.
        start, stop : int, optional
            First step, and the one after the last; by default all.
        points : int, default 2000
            At most so many.

        Returns
        -------
        steps : numpy.ndarray of int64
        values : numpy.ndarray of float32
            Both are empty while nothing of that name is recorded.

        Raises
        ------
        UnknownNameError
            If the run has ended and there is no such series; values by epoch are in :meth:`metrics`.
        ConfigurationError
            If what should be a number is none.
        """
        given: dict[str, object] = {"start": start, "stop": stop, "points": points}
        for key, number in given.items():
            if not isinstance(number, Real) and (number is not None or key == "points"):
                msg = f"{key}: expected a whole number, got {brief(number)}."
                raise ConfigurationError(msg)
        known = self.store.curve_names(self.id)
        # While it trains, a series may have yet to begin.
        if name not in known and self.record.state in ENDED:
            kind = "series"
            raise UnknownNameError(kind, name, known)
        return curve(self.store, self.id, name, start=start, stop=stop, points=points)

    def confusion(self, epoch: int | None = None) -> pd.DataFrame:
        """Give the confusion matrix of a validation: true classes down, predicted ones across.

        Parameters
        ----------
        epoch : int, optional
            By default the newest one validated.
        """
        found = self.store.validation(self.id, epoch)
        if found is None or found.confusion is None:
            raise IllegalControlError(no_confusion(self.store, self.id, epoch))
        return confusion_table(found.labels, found.confusion)

    def evaluation(self, epoch: int | None = None) -> dict[str, Any]:
        """Give what a validation found of the whole set.

        Parameters
        ----------
        epoch : int, optional
            By default the newest one validated.

        Returns
        -------
        dict
            ``epoch``, ``step``, ``epochs``, ``labels``, ``has_examples`` and ``summary``: ``overall`` numbers, those of
            each class or output, curves and ``notes``, as the task has them.

        Raises
        ------
        IllegalControlError
            Before the first validation.
        """
        found = evaluation(self.store, self.id, epoch)
        if found["epoch"] is None:
            msg = f"Run '{self.name}' was not validated yet; there is an evaluation after each epoch with a validation."
            raise IllegalControlError(msg)
        return found

    def examples(
        self,
        epoch: int | None = None,
        *,
        truth: int | str | None = None,
        predicted: int | str | None = None,
        correct: bool | None = None,
        sort: Sort = "index",
        test_run: int | None = None,
    ) -> pd.DataFrame:
        """Give single examples of a validation, or of a test run: what is true of each, and what the model said.

        Parameters
        ----------
        epoch : int, optional
            By default the newest one validated.
        truth, predicted : int or str, optional
            Only those of a class, or taken for one, by number or name.
        correct : bool, optional
            Only those that are right, or wrong.
        sort : str, default "index"
            ``confidence``, ``loss`` or ``score``; with a minus the greatest first.
        test_run : int, optional
            Number of a test run, in place of a validation.

        Returns
        -------
        pandas.DataFrame
            A row an example: ``index sample truth prediction confidence correct loss score``, those that the task has.
            ``index`` is the place in the set that was measured, by default what was held back; ``sample`` the number
            in your own data, as :attr:`partition` counts, where it is known how they were divided.

        Raises
        ------
        ConfigurationError
            If there is no such validation, test run or class, or examples of the task can't be filtered or sorted so.

        Examples
        --------
        >>> run.examples(correct=False, sort="-confidence").head()  # doctest: +SKIP
        """
        return examples_table(
            self.store,
            self.id,
            epoch=epoch,
            test_run=test_run,
            truth=truth,
            predicted=predicted,
            correct=correct,
            sort=sort,
            held_back=None if (partition := self.partition) is None else partition.validation,
        )

    @property
    def checkpoints(self) -> list[CheckpointRecord]:
        """Its checkpoints, oldest first."""
        return self.store.checkpoints(self.id)

    @property
    def partition(self) -> Partition | None:
        """Which samples were trained on and which held back, as numbers in the order of the data, and how so.

        None before the run has begun, and for data that come in somebody else's batches. It lies in the run's folder,
        ``data/partition.npz``.
        """
        return partitions.load(Path(self.record.folder))

    def analysis(self) -> dict[str, Any] | None:
        """Describe the model, layer by layer: shapes, parameters, operations, time.

        Returns
        -------
        dict or None
            As :func:`dltrainer_jupyter.views.analysis.analysis` says; None until the first epoch has ended.
        """
        from dltrainer_jupyter.views.analysis import analysis

        return analysis(self.store, self.id)

    def document(self) -> dict[str, Any]:
        """Describe the run in full, as JSON types."""
        self.store.reap()
        return run_document(self.store, self.id)
