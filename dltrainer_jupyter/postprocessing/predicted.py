"""What passes from one step to the next, and what a step is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol

import numpy as np
from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:
    from dltrainer_jupyter.core.protocols import Array, Signature

Form = Literal["probabilities", "classes", "labels", "values", "boxes", "anything"]
"""What predictions are: probabilities of each class, shape (n, classes) or (n, classes, ...); the number of a class,
shape (n,) or (n, ...); what classes are called; values, shape (n,) or (n, outputs); boxes, n arrays of shape (k, 6):
x0, y0, x1, y1 in pixels, score and class; or what a step of somebody's own makes of them."""


@dataclass(frozen=True)
class Predicted:
    """Predictions on their way through a chain."""

    values: Any
    form: Form
    probabilities: Array | None = None
    """The last probabilities there were, of which decisions were made; None where there are no classes."""


class Step(Protocol):
    """One step of a chain.

    A registered one is a class with a nested ``Config``, made with its settings.
    """

    takes: ClassVar[tuple[Form, ...]]
    """What predictions it can be called with; empty for any."""
    gives: ClassVar[Form | None]
    """What comes out; None where that is what went in."""

    def apply(self, predictions: Any, signature: Signature) -> Any:
        """Make others of them, as many; ``signature`` tells the task and the names of the classes."""

    def describe(self) -> str:
        """Say in one line what it does."""


class StepConfig(BaseModel):
    """Settings of a step."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


def names(signature: Signature, classes: int) -> list[str]:
    """Name every class the model can tell, also those that never occurred."""
    return [*signature.labels, *map(str, range(len(signature.labels), classes))]


def called(classes: Array, count: int, signature: Signature) -> Array:
    """Call classes as the targets did: by name where these were text, else by number.

    Parameters
    ----------
    classes : numpy.ndarray of int64
        Numbers of classes.
    count : int
        How many classes there are.
    signature : Signature
        Of the model.
    """
    return np.array(names(signature, count))[classes] if signature.encoded else classes


def class_number(which: str | int, signature: Signature, count: int) -> int | None:
    """Find a class by its name or number; None if there is no such one."""
    known: Sequence[str] = names(signature, count)
    if isinstance(which, int):
        return which if 0 <= which < count else None
    return known.index(which) if which in known else None
