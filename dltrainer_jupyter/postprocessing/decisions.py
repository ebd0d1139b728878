"""Steps that decide for classes by their probabilities, and call them."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np
from pydantic import Field

from dltrainer_jupyter.core.errors import ConfigurationError, brief
from dltrainer_jupyter.postprocessing.predicted import Form, StepConfig, called, class_number, names

if TYPE_CHECKING:
    from dltrainer_jupyter.core.protocols import Array, Signature

_TWO = 2


class Threshold:
    """Decide for a class where its probability reaches a threshold, else for the likeliest of the others.

    For a mask it is decided pixel by pixel.

    Parameters
    ----------
    config : Threshold.Config
        Settings.

    Examples
    --------
    >>> from dltrainer_jupyter.core.protocols import Signature
    >>> step = Threshold(Threshold.Config(probability=0.2))
    >>> step.apply(np.array([[0.7, 0.3], [0.9, 0.1]]), Signature("classification", (4,), 2)).tolist()
    [1, 0]
    """

    description: ClassVar[str] = (
        "Decide for a class, or its pixels in a mask, where its probability reaches a threshold."
    )
    task: ClassVar[tuple[str, ...]] = ("classification", "segmentation")
    takes: ClassVar[tuple[Form, ...]] = ("probabilities",)
    gives: ClassVar[Form | None] = "classes"

    class Config(StepConfig):
        """Settings."""

        probability: float = Field(default=0.5, ge=0, le=1, description="Least probability that decides for the class.")
        positive: int | str | None = Field(
            default=None, description="The class, by name or number; of two the second one if left out."
        )

    def __init__(self, config: Config) -> None:
        self.config = config

    def check(self, signature: Signature) -> None:
        """See that there is such a class.

        Raises
        ------
        ConfigurationError
            If there isn't, or nobody says which of several.
        """
        self._positive(signature, max(signature.outputs, _TWO))

    def apply(self, predictions: Array, signature: Signature) -> Array:
        """Decide, shape (n,) or (n, ...)."""
        positive = self._positive(signature, predictions.shape[1])
        reached = predictions[:, positive] >= self.config.probability
        others = predictions.copy()
        others[:, positive] = -1
        return np.where(reached, positive, others.argmax(axis=1))

    def _positive(self, signature: Signature, count: int) -> int:
        which = self.config.positive
        if which is None and count == _TWO:
            return 1
        found = None if which is None else class_number(which, signature, count)
        if found is None:
            known = brief(names(signature, count))
            got = "none" if which is None else brief(which)
            msg = f"postprocessing.positive: expected the class that the threshold is for, one of {known}, got {got}."
            raise ConfigurationError(msg)
        return found

    def describe(self) -> str:
        """Say from where on."""
        which = "the second class" if self.config.positive is None else f"'{self.config.positive}'"
        return f"decide for {which} from a probability of {self.config.probability:g} on"


class Reject:
    """Take the likeliest class, and none where even that isn't likely enough (the reject option).

    Parameters
    ----------
    config : Reject.Config
        Settings.

    Notes
    -----
    C. Chow, "On optimum recognition error and reject tradeoff", IEEE Transactions on Information Theory (1970).

    Examples
    --------
    >>> from dltrainer_jupyter.core.protocols import Signature
    >>> signature = Signature("classification", (4,), 2, labels=("cat", "dog"), encoded=True)
    >>> Reject(Reject.Config(below=0.8)).apply(np.array([[0.9, 0.1], [0.6, 0.4]]), signature).tolist()
    ['cat', 'unknown']
    """

    description: ClassVar[str] = "Take the likeliest class, or none where it isn't likely enough."
    task: ClassVar[tuple[str, ...]] = ("classification", "segmentation")
    takes: ClassVar[tuple[Form, ...]] = ("probabilities",)
    gives: ClassVar[Form | None] = "labels"

    class Config(StepConfig):
        """Settings."""

        below: float = Field(default=0.5, ge=0, le=1, description="Probability below which no class is told.")
        label: str = Field(
            default="unknown", min_length=1, description="What is told then; -1 where classes are called by numbers."
        )

    def __init__(self, config: Config) -> None:
        self.config = config

    def apply(self, predictions: Array, signature: Signature) -> Array:
        """Decide."""
        classes = predictions.argmax(axis=1)
        sure = predictions.max(axis=1) >= self.config.below
        if not signature.encoded:
            return np.where(sure, classes, -1)
        return np.where(sure, called(classes, predictions.shape[1], signature), self.config.label)

    def describe(self) -> str:
        """Say below what."""
        return f"tell no class below a probability of {self.config.below:g}"


class TopK:
    """Give the likeliest classes of each sample instead of one, likeliest first.

    Parameters
    ----------
    config : TopK.Config
        Settings.

    Examples
    --------
    >>> from dltrainer_jupyter.core.protocols import Signature
    >>> TopK(TopK.Config(k=2)).apply(np.array([[0.1, 0.6, 0.3]]), Signature("classification", (4,), 3)).tolist()
    [[1, 2]]
    """

    description: ClassVar[str] = "Give the likeliest classes of each sample, likeliest first."
    task: ClassVar[tuple[str, ...]] = ("classification",)
    takes: ClassVar[tuple[Form, ...]] = ("probabilities",)
    gives: ClassVar[Form | None] = "labels"

    class Config(StepConfig):
        """Settings."""

        k: int = Field(default=5, ge=1, description="How many classes; all where there are fewer.")

    def __init__(self, config: Config) -> None:
        self.config = config

    def apply(self, predictions: Array, signature: Signature) -> Array:
        """Choose, shape (n, k); among equals the first class comes first."""
        order = np.argsort(-predictions, axis=1, kind="stable")[:, : self.config.k]
        return called(order, predictions.shape[1], signature)

    def describe(self) -> str:
        """Say how many."""
        return f"give the {self.config.k} likeliest classes"


class Labels:
    """Call classes by names: those of the data, or others.

    Parameters
    ----------
    config : Labels.Config
        Settings.

    Examples
    --------
    >>> from dltrainer_jupyter.core.protocols import Signature
    >>> step = Labels(Labels.Config(names=["cat", "dog"]))
    >>> step.apply(np.array([[0.9, 0.1], [0.2, 0.8]]), Signature("classification", (4,), 2)).tolist()
    ['cat', 'dog']
    """

    description: ClassVar[str] = "Call classes by names, also where the data has numbers."
    task: ClassVar[tuple[str, ...]] = ("classification", "segmentation")
    takes: ClassVar[tuple[Form, ...]] = ("probabilities", "classes")
    gives: ClassVar[Form | None] = "labels"

    class Config(StepConfig):
        """Settings."""

        names: tuple[str, ...] = Field(
            default=(),
            description="A name for each class, in the order of their numbers; by default those of the data.",
        )

    def __init__(self, config: Config) -> None:
        self.config = config

    def check(self, signature: Signature) -> None:
        """See that there is a name for each class.

        Raises
        ------
        ConfigurationError
            If there isn't.
        """
        count = max(signature.outputs, _TWO)
        if self.config.names and len(self.config.names) != count:
            msg = (
                f"postprocessing.names: expected a name for each of {count} classes, got {len(self.config.names)}: "
                f"{brief(list(self.config.names))}."
            )
            raise ConfigurationError(msg)

    def apply(self, predictions: Array, signature: Signature) -> Array:
        """Name the likeliest class, or the one that was decided for."""
        classes = predictions.argmax(axis=1) if predictions.dtype.kind == "f" else predictions
        known = self.config.names or names(signature, int(classes.max(initial=-1)) + 1)
        found: Array = np.array(known)[classes]
        return found

    def describe(self) -> str:
        """Say by which."""
        return f"call classes {brief(list(self.config.names))}" if self.config.names else "call classes by their names"
