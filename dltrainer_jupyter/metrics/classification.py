"""How often a classifier is right, and in which way it is wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from pydantic import BaseModel, Field

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.protocols import Task
from dltrainer_jupyter.metrics.counting import ClassCounts
from dltrainer_jupyter.metrics.decisions import UNDECIDED, decide, refuse_unknown, width_of

if TYPE_CHECKING:
    from dltrainer_jupyter.core.protocols import Array


class Accuracy:
    """Share of right decisions; an example without one, whose scores aren't numbers, isn't right.

    Two counts are all it needs, so it works for any number of classes and imports nothing.

    Parameters
    ----------
    config : Accuracy.Config
        Nothing to set.
    outputs : int
        Number of the model's outputs; 1 is a single logit.

    Examples
    --------
    >>> accuracy = Accuracy(Accuracy.Config(), outputs=2)
    >>> accuracy.update(np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([0, 0]), [1, 1])
    >>> accuracy.compute()
    0.5
    """

    description: ClassVar[str] = "Share of right decisions."
    task: ClassVar[tuple[Task, ...]] = ("classification",)
    name = "accuracy"
    higher_is_better = True

    class Config(BaseModel, frozen=True, extra="forbid"):
        """Nothing to set."""

    def __init__(self, config: Config, outputs: int) -> None:
        self.config = config
        self.outputs = outputs
        self._right = 0
        self._total = 0

    def update(self, outputs: Array, targets: Array, sizes: Sequence[int]) -> None:  # noqa: ARG002 - counts just add up
        """Take in consecutive batches, as :func:`~dltrainer_jupyter.metrics.decisions.decide` takes them."""
        predicted, actual = decide(outputs, targets)
        self._right += int(np.count_nonzero((predicted == actual) & (predicted != UNDECIDED)))
        self._total += len(actual)

    def compute(self) -> float:
        """Give the share; NaN if nothing was taken in."""
        return self._right / self._total if self._total else float("nan")

    def reset(self) -> None:
        """Forget everything."""
        self._right = self._total = 0

    def state(self) -> dict[str, Any]:
        """Give what :meth:`load_state` needs to go on."""
        return {"right": self._right, "total": self._total}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Go on from a state."""
        self._right, self._total = int(state["right"]), int(state["total"])


class ClassScore:
    """A score of classes, averaged over them, that equals scikit-learn's.

    Three counts a class are all it needs, so it works for any number of classes and imports nothing. An example
    without a decision, whose scores aren't numbers, counts as one whose class wasn't found.

    Parameters
    ----------
    config : ClassScore.Config
        How classes are averaged.
    outputs : int
        Number of the model's outputs; 1 is a single logit.

    Raises
    ------
    ConfigurationError
        If ``average`` is ``binary`` and there are more than two classes.
    """

    description: ClassVar[str]
    task: ClassVar[tuple[Task, ...]] = ("classification",)
    name: str
    higher_is_better = True

    class Config(BaseModel, frozen=True, extra="forbid"):
        """How classes are averaged."""

        average: Literal["macro", "micro", "weighted", "binary"] = Field(
            default="macro",
            description="macro: all classes count alike; micro: all samples do; weighted: classes by their number of "
            "samples; binary: only class 1 counts.",
        )
        zero_division: Literal[0, 1] = Field(
            default=0, description="Value for a class that was never predicted, or never there."
        )

    def __init__(self, config: Config, outputs: int) -> None:
        if config.average == "binary" and outputs > 2:  # noqa: PLR2004 - binary
            msg = f"{self.name}: average 'binary' is for two classes, not for {outputs}; use macro, micro or weighted."
            raise ConfigurationError(msg)
        self.config = config
        self.outputs = outputs
        self.reset()

    def update(self, outputs: Array, targets: Array, sizes: Sequence[int]) -> None:  # noqa: ARG002 - counts just add up
        """Take in consecutive batches, as :func:`~dltrainer_jupyter.metrics.decisions.decide` takes them.

        Raises
        ------
        ConfigurationError
            If a target is no class of the model.
        """
        predicted, actual = decide(outputs, targets)
        self._counts.widen(width_of(outputs))
        refuse_unknown(actual, self._counts.classes)
        self._counts.add(actual, predicted)

    def compute(self) -> float:
        """Give the score; NaN if nothing was taken in."""
        if self.config.average != "binary":
            return self._counts.averages()[self.config.average][self.name]
        return float(self._counts.columns()[self.name][1]) if self._counts.total else float("nan")

    def reset(self) -> None:
        """Forget everything."""
        self._counts = ClassCounts(max(self.outputs, 2), empty=self.config.zero_division)

    def state(self) -> dict[str, Any]:
        """Give what :meth:`load_state` needs to go on."""
        return self._counts.state()

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Go on from a state."""
        self._counts.load_state(state)


class Precision(ClassScore):
    """Of what was taken for a class, the share that is of it.

    Examples
    --------
    >>> precision = Precision(Precision.Config(average="binary"), outputs=1)
    >>> precision.update(np.array([2.0, 1.0, -1.0]), np.array([1, 0, 1]), [3])
    >>> precision.compute()
    0.5
    """

    description: ClassVar[str] = "Of what was taken for a class, the share that is of it."
    name = "precision"


class Recall(ClassScore):
    """Of what is of a class, the share that was found.

    Examples
    --------
    >>> recall = Recall(Recall.Config(average="binary"), outputs=1)
    >>> recall.update(np.array([2.0, -1.0, -1.0, 1.0]), np.array([1, 0, 1, 1]), [4])
    >>> round(recall.compute(), 3)
    0.667
    """

    description: ClassVar[str] = "Of what is of a class, the share that was found."
    name = "recall"


class F1(ClassScore):
    """Harmonic mean of precision and recall.

    Examples
    --------
    >>> f1 = F1(F1.Config(), outputs=2)
    >>> f1.update(np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([0, 1]), [2])
    >>> f1.compute()
    1.0
    """

    description: ClassVar[str] = "Harmonic mean of precision and recall."
    name = "f1"
