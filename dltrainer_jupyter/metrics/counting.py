"""How often each class was there, was decided for, and was found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from dltrainer_jupyter.core.shortening import few_of
from dltrainer_jupyter.metrics.decisions import UNDECIDED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

    Counts = npt.NDArray[np.int64]
    Doubles = npt.NDArray[np.float64]


class ClassCounts:
    """Three counts a class, whatever the number of classes, and the scores that follow from them.

    As in scikit-learn the macro average is over classes that occur, among targets or decisions. Where there is no
    decision (see :func:`~dltrainer_jupyter.metrics.decisions.chosen`), none is right, and the true class wasn't found.

    Parameters
    ----------
    classes : int
        How many.
    empty : float, default 0
        What a score is whose divisor is 0.

    Examples
    --------
    >>> counts = ClassCounts(2)
    >>> counts.add(np.array([0, 1, 1]), np.array([0, 1, -1]))
    >>> counts.columns()["recall"].tolist()
    [1.0, 0.5]
    """

    def __init__(self, classes: int, empty: float = 0.0) -> None:
        self._empty = empty
        self.support, self.predicted, self._found = (np.zeros(classes, np.int64) for _ in range(3))
        self._undecided = 0
        self._unknown = 0

    @property
    def classes(self) -> int:
        """How many there are."""
        return len(self.support)

    @property
    def total(self) -> int:
        """Decisions that count: all but those with a target that is no class."""
        return int(self.support.sum())

    def widen(self, classes: int) -> None:
        """Make room for so many classes."""
        if (more := classes - self.classes) > 0:
            self.support, self.predicted, self._found = (
                np.pad(counts, (0, more)) for counts in (self.support, self.predicted, self._found)
            )

    def add(self, truth: Counts, predicted: Counts) -> None:
        """Take in decisions, whose targets may be no class; those are left out.

        Parameters
        ----------
        truth, predicted : numpy.ndarray of int64, shape (n,)
            Classes; -1 is predicted where there is no decision.
        """
        known, decided = (truth >= 0) & (truth < self.classes), predicted != UNDECIDED
        if not (whole := known & decided).all():
            self._unknown += int(np.count_nonzero(~known))
            self._undecided += int(np.count_nonzero(known & ~decided))
        right = truth[whole & (truth == predicted)]
        self.support += np.bincount(truth[known], minlength=self.classes)
        self.predicted += np.bincount(predicted[whole], minlength=self.classes)
        self._found += np.bincount(right, minlength=self.classes)

    def state(self) -> dict[str, Any]:
        """Give the counts that scores follow from."""
        return {"support": self.support.copy(), "predicted": self.predicted.copy(), "found": self._found.copy()}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Go on from a state."""
        self.support, self.predicted, self._found = (
            np.array(state[name], np.int64) for name in ("support", "predicted", "found")
        )

    @property
    def accuracy(self) -> float:
        """Share of right decisions; NaN if there was none."""
        return int(self._found.sum()) / self.total if self.total else float("nan")

    def columns(self) -> dict[str, npt.NDArray[Any]]:
        """Give ``support predicted precision recall f1``, shape (classes,) each."""
        return {"support": self.support, "predicted": self.predicted, **self._scores()}

    def _scores(self) -> dict[str, Doubles]:
        found = self._found
        return {
            "precision": self._ratio(found, self.predicted),
            "recall": self._ratio(found, self.support),
            "f1": self._ratio(2 * found, self.predicted + self.support),
        }

    def averages(self) -> dict[str, dict[str, float]]:
        """Average precision, recall and F1: ``macro``, ``micro`` and ``weighted``; NaN if there was no decision."""
        scores = self._scores()
        if not self.total:
            return {way: dict.fromkeys(scores, float("nan")) for way in ("macro", "micro", "weighted")}
        occurs = (self.support > 0) | (self.predicted > 0)
        found, decided = int(self._found.sum()), int(self.predicted.sum())
        return {
            "macro": {name: float(score[occurs].mean()) for name, score in scores.items()},
            "micro": {
                "precision": found / decided if decided else self._empty,
                "recall": found / self.total,
                "f1": 2 * found / (decided + self.total),
            },
            "weighted": {name: float(np.average(score, weights=self.support)) for name, score in scores.items()},
        }

    def _ratio(self, above: Counts, below: Counts) -> Doubles:
        ratios: Doubles = np.divide(above, below, out=np.full(len(above), float(self._empty)), where=below > 0)
        return ratios

    def notes(self, labels: Sequence[str]) -> list[str]:
        """Say what is unusual about the set, and how it was counted."""
        notes = []
        if self.total and (empty := np.flatnonzero(self.support == 0)).size:
            named = few_of([f"'{labels[number]}'" for number in empty.tolist()])
            notes.append(
                f"No example of {named} is in this set: recall and F1 count as 0 there, and there is nothing to rank."
            )
        if self._undecided:
            notes.append(
                f"{self._undecided:,} of {self.total:,} decisions have a score that isn't a number: they count as "
                "wrong, and are left out of rankings and calibration."
            )
        if self._unknown:
            notes.append(f"{self._unknown:,} targets are no class of the model, and were left out.")
        return notes
