"""Metrics that look at a classifier's scores of all classes, not only at its decisions."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from pydantic import BaseModel

from dltrainer_jupyter.core.protocols import Task
from dltrainer_jupyter.metrics.decisions import UNDECIDED, chosen, decide, refuse_unknown
from dltrainer_jupyter.metrics.examining.calibration import Calibration
from dltrainer_jupyter.metrics.examining.scores import Scores
from dltrainer_jupyter.metrics.examining.shares import Decisions, decisions, shares
from dltrainer_jupyter.metrics.examining.top import MANY, in_best
from dltrainer_jupyter.metrics.means import mean_of

if TYPE_CHECKING:
    import numpy.typing as npt

    from dltrainer_jupyter.core.protocols import Array


class OfScores(ABC):
    """A metric of scores, and its settings: there are none.

    Parameters
    ----------
    config : OfScores.Config
        Nothing to set.
    outputs : int
        Number of the model's outputs; 1 is a single logit.
    """

    description: ClassVar[str]
    task: ClassVar[tuple[Task, ...]] = ("classification",)
    name: str
    higher_is_better = True

    class Config(BaseModel, frozen=True, extra="forbid"):
        """Nothing to set."""

    def __init__(self, config: Config, outputs: int) -> None:
        self.config = config
        self.outputs = outputs
        self.reset()

    def update(self, outputs: Array, targets: Array, sizes: Sequence[int]) -> None:  # noqa: ARG002 - counts just add up
        """Take in consecutive batches, as :func:`~dltrainer_jupyter.metrics.decisions.decide` takes them.

        Raises
        ------
        ConfigurationError
            If there isn't one decision a target, or a target is no class of the model.
        """
        if not len(outputs):
            return
        lined_up = decisions(outputs, targets)
        if lined_up is None:
            # It says what was expected, as for all other metrics.
            decide(outputs, targets)
            return
        refuse_unknown(lined_up.truth, lined_up.scores.shape[1])
        self._take_in(lined_up)

    @abstractmethod
    def reset(self) -> None:
        """Forget everything."""

    @abstractmethod
    def _take_in(self, lined_up: Decisions) -> None:
        """Take in decisions, each with a true class of the model's."""


class Top5(OfScores):
    """Share of examples whose true class is among the five of best score.

    Of equal scores those of later classes are better, as in scikit-learn's ``top_k_accuracy_score``. An example without
    a decision, whose scores aren't numbers, counts as wrong.

    Examples
    --------
    >>> top = Top5(Top5.Config(), outputs=6)
    >>> top.update(np.arange(12.0).reshape(2, 6), np.array([0, 1]), [2])
    >>> top.compute()
    0.5
    """

    description: ClassVar[str] = "Share of examples whose true class is among the five of best score."
    name = "top5"

    def reset(self) -> None:
        """Forget everything."""
        self._right = self._total = 0

    def _take_in(self, lined_up: Decisions) -> None:
        scores, truth, _ = lined_up
        usable: npt.NDArray[np.bool_] = chosen(scores) != UNDECIDED
        found = (
            in_best(scores, scores[np.arange(len(truth)), truth], truth, usable) if scores.shape[1] > MANY else usable
        )
        self._right += int(np.count_nonzero(found))
        self._total += len(truth)

    def compute(self) -> float:
        """Give the share; NaN if nothing was taken in."""
        return self._right / self._total if self._total else float("nan")

    def state(self) -> dict[str, Any]:
        """Give what :meth:`load_state` needs to go on."""
        return {"right": self._right, "total": self._total}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Go on from a state."""
        self._right, self._total = int(state["right"]), int(state["total"])


class CalibrationError(OfScores):
    """Expected calibration error: how far confidence is from accuracy, in 15 bins of confidence.

    An example without a decision, whose scores aren't numbers, is left out.

    Examples
    --------
    >>> error = CalibrationError(CalibrationError.Config(), outputs=2)
    >>> error.update(np.array([[0.0, 0.0], [0.0, 0.0]]), np.array([0, 1]), [2])
    >>> error.compute()
    0.0
    """

    description: ClassVar[str] = "How far confidence is from accuracy, on average (expected calibration error)."
    name = "calibration_error"
    higher_is_better = False

    def reset(self) -> None:
        """Forget everything."""
        self._calibration = Calibration()

    def _take_in(self, lined_up: Decisions) -> None:
        scores, truth, _ = lined_up
        predicted = chosen(scores)
        confidence = shares(scores)[0][np.arange(len(truth)), predicted]
        decided = predicted != UNDECIDED
        self._calibration.add(confidence[decided], (predicted == truth)[decided])

    def compute(self) -> float:
        """Give the error; NaN if nothing was taken in."""
        return self._calibration.error

    def state(self) -> dict[str, Any]:
        """Give what :meth:`load_state` needs to go on."""
        return self._calibration.state()

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Go on from a state."""
        self._calibration.load_state(state)


class Ranked(OfScores):
    """The mean, over classes, of an area that says how well scores put a class's examples before all others.

    It is computed on the validation set only, since all scores are kept while they are at most 2**24, and counted in
    bins beyond that; see :class:`~dltrainer_jupyter.metrics.examining.scores.Scores`. Examples without a decision,
    whose scores aren't numbers, are left out, and so are classes without an area. NaN if none has one, as where all
    examples are of one class, and with more than 2,048 classes.
    """

    validation_only = True

    def reset(self) -> None:
        """Forget everything."""
        self._scores: Scores | None = None

    def _take_in(self, lined_up: Decisions) -> None:
        parts = shares(lined_up.scores)[0]
        if self._scores is None:
            self._scores = Scores(parts.shape[1])
        decided = chosen(lined_up.scores) != UNDECIDED
        self._scores.add(parts[decided], lined_up.truth[decided])

    def compute(self) -> float:
        """Give the mean over all classes that have one; NaN if none has."""
        rankings = [] if self._scores is None else self._scores.rankings()
        return mean_of([getattr(ranked.areas(), self._area) for ranked in rankings])

    def state(self) -> dict[str, Any]:
        """Give what :meth:`load_state` needs to go on."""
        return {"scores": None} if self._scores is None else {"scores": self._scores.state()}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Go on from a state."""
        self._scores = None if state["scores"] is None else Scores.from_state(state["scores"])

    _area: ClassVar[str]


class RocAuc(Ranked):
    """Area under the ROC curve, each class against all others: scikit-learn's ``multi_class="ovr"``.

    Examples
    --------
    >>> area = RocAuc(RocAuc.Config(), outputs=1)
    >>> area.update(np.array([0.1, 0.4, 0.35, 0.8]), np.array([0, 0, 1, 1]), [4])
    >>> area.compute()
    0.75
    """

    description: ClassVar[str] = "Area under the ROC curve, each class against all others."
    name = "roc_auc"
    _area: ClassVar[str] = "auc"


class AveragePrecision(Ranked):
    """Average precision, each class against all others: the area under the precision-recall curve, step by step.

    Examples
    --------
    >>> area = AveragePrecision(AveragePrecision.Config(), outputs=2)
    >>> area.update(np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([0, 1]), [2])
    >>> area.compute()
    1.0
    """

    description: ClassVar[str] = "Area under the precision-recall curve, each class against all others."
    name = "average_precision"
    _area: ClassVar[str] = "ap"
