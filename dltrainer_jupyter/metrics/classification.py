"""How often a classifier is right, and in which way it is wrong."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from pydantic import BaseModel, Field

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.protocols import Task
from dltrainer_jupyter.metrics.confusion import ConfusionMatrix
from dltrainer_jupyter.metrics.decisions import decide

if TYPE_CHECKING:
    from dltrainer_jupyter.core.protocols import Array


class Accuracy:
    """Share of right decisions.

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
        self._right += int(np.count_nonzero(predicted == actual))
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


class ClassScore(ABC):
    """A score of scikit-learn's, computed from a streaming confusion matrix.

    scikit-learn is given each cell of the matrix once, weighted by its count, which yields what it would say about
    every single sample.

    Parameters
    ----------
    config : ClassScore.Config
        How classes are averaged.
    outputs : int
        Number of the model's outputs; 1 is a single logit.

    Raises
    ------
    ConfigurationError
        If ``average`` is ``binary`` and there are more than two classes, or there are too many classes.
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
        self._confusion = ConfusionMatrix(outputs)

    def update(self, outputs: Array, targets: Array, sizes: Sequence[int]) -> None:
        """Take in consecutive batches, as :func:`~dltrainer_jupyter.metrics.decisions.decide` takes them."""
        self._confusion.update(outputs, targets, sizes)

    def compute(self) -> float:
        """Give the score; NaN if nothing was taken in."""
        actual, predicted = np.nonzero(self._confusion.counts)
        if not len(actual):
            return float("nan")
        return float(
            self._score(
                actual,
                predicted,
                sample_weight=self._confusion.counts[actual, predicted],
                average=self.config.average,
                zero_division=self.config.zero_division,
            )
        )

    def reset(self) -> None:
        """Forget everything."""
        self._confusion.reset()

    def state(self) -> dict[str, Any]:
        """Give what :meth:`load_state` needs to go on."""
        return self._confusion.state()

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Go on from a state."""
        self._confusion.load_state(state)

    @abstractmethod
    def _score(self, actual: Array, predicted: Array, **settings: Any) -> Any:
        """Compute scikit-learn's score of weighted pairs of classes."""


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

    def _score(self, actual: Array, predicted: Array, **settings: Any) -> Any:
        from sklearn.metrics import precision_score

        return precision_score(actual, predicted, **settings)


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

    def _score(self, actual: Array, predicted: Array, **settings: Any) -> Any:
        from sklearn.metrics import recall_score

        return recall_score(actual, predicted, **settings)


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

    def _score(self, actual: Array, predicted: Array, **settings: Any) -> Any:
        from sklearn.metrics import f1_score

        return f1_score(actual, predicted, **settings)
