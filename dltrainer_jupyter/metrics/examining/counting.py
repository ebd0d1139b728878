"""How often each class was there, was decided for, and was found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    Counts = npt.NDArray[np.int64]
    Doubles = npt.NDArray[np.float64]
    Truths = npt.NDArray[np.bool_]

_NAMED = 5


class ClassCounts:
    """Three counts a class, whatever the number of classes, and the scores that follow from them.

    As in scikit-learn a score with a divisor of 0 is 0, and the macro average is over classes that occur, among
    targets or decisions.

    Parameters
    ----------
    classes : int
        How many.

    Examples
    --------
    >>> counts = ClassCounts(2)
    >>> truth, predicted = np.array([0, 1, 1]), np.array([0, 1, 0])
    >>> counts.add(truth, predicted, truth == predicted, known=truth >= 0, decided=predicted >= 0)
    >>> counts.columns()["recall"].tolist()
    [1.0, 0.5]
    """

    def __init__(self, classes: int) -> None:
        self.classes = classes
        self.support, self.predicted, self._found = (np.zeros(classes, np.int64) for _ in range(3))
        self.total = 0
        """Decisions that count: all but those with a target that is no class."""
        self._undecided = 0
        self._unknown = 0

    def add(
        self,
        truth: Counts,
        predicted: Counts,
        right: Truths,
        *,
        known: Truths,
        decided: Truths,
    ) -> None:
        """Take in decisions.

        Parameters
        ----------
        truth, predicted : numpy.ndarray of int64, shape (n,)
            Classes.
        right : numpy.ndarray of bool, shape (n,)
            Whether the decision is right.
        known, decided : numpy.ndarray of bool, shape (n,)
            Whether the target is a class, and whether scores were numbers, so that there is a decision.
        """
        if not (whole := known & decided).all():
            self._unknown += int(np.count_nonzero(~known))
            self._undecided += int(np.count_nonzero(known & ~decided))
            truth, predicted, right = truth[known], predicted[whole], right[known]
        self.total += len(truth)
        self.support += np.bincount(truth, minlength=self.classes)
        self.predicted += np.bincount(predicted, minlength=self.classes)
        self._found += np.bincount(truth[right], minlength=self.classes)

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
            "precision": _ratio(found, self.predicted),
            "recall": _ratio(found, self.support),
            "f1": _ratio(2 * found, self.predicted + self.support),
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
                "precision": found / decided if decided else 0.0,
                "recall": found / self.total,
                "f1": 2 * found / (decided + self.total),
            },
            "weighted": {name: float(np.average(score, weights=self.support)) for name, score in scores.items()},
        }

    def notes(self, labels: Sequence[str]) -> list[str]:
        """Say what is unusual about the set, and how it was counted."""
        notes = []
        if self.total and (empty := np.flatnonzero(self.support == 0)).size:
            named = ", ".join(f"'{labels[number]}'" for number in empty[:_NAMED])
            more = f" and {len(empty) - _NAMED:,} more" if len(empty) > _NAMED else ""
            notes.append(
                f"No example of {named}{more} is in this set: recall and F1 count as 0 there, and there is nothing to "
                "rank."
            )
        if self._undecided:
            notes.append(
                f"{self._undecided:,} of {self.total:,} decisions have a score that isn't a number: they count as "
                "wrong, and are left out of rankings and calibration."
            )
        if self._unknown:
            notes.append(f"{self._unknown:,} targets are no class of the model, and were left out.")
        return notes


def _ratio(above: Counts, below: Counts) -> Doubles:
    """Divide; 0 where the divisor is."""
    return np.divide(above, below, out=np.zeros(len(above)), where=below > 0)
