"""Decide the task from the targets, and encode them for it.

=====================  ======================  ==========================  =====================================
targets                no loss named, or       ``cross_entropy``           ``bce``
                       one's own
=====================  ======================  ==========================  =====================================
whole numbers, bool    classes (n,) int64      classes                     (n, 1) float32 if all are 0 or 1
text                   classes, encoded        classes, encoded            (n, 1) float32 if there are two labels
floats                 values (n, k) float32   classes, if whole numbers   (n, 1) float32 if all are 0 or 1
=====================  ======================  ==========================  =====================================

``mse`` and ``huber`` always mean values (n, k). A whole number is its own class index, so there are as many classes
as the largest one says; text becomes the index into the sorted labels. With ``bce`` the task is still
classification, with one output (the logit of the second class) and two labels. More axes are kept: whole numbers
of shape (n, t) or (n, h, w) are a class for each position.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.data.host import refuse_non_finite, whole_numbers

if TYPE_CHECKING:
    from dltrainer_jupyter.core.protocols import Array, Task

OF_NUMBERS = frozenset({"mse", "huber"})
"""Losses that take targets as values, whatever they are."""
MOST_NAMED = 1000
"""With more classes than this, whole numbers are not written out as labels."""


@dataclass(frozen=True)
class Targets:
    """Encoded targets, and what they mean."""

    values: Array
    """int64 class indices, shape (n,) or (n, ...), or float32 values, shape (n, k); for detection float32
    (n, most, 5), rows x0, y0, x1, y1, class, and class -1 where there is no object."""
    task: Task
    outputs: int
    labels: tuple[str, ...] = ()
    encoded: bool = False


def encode(values: Array, loss: str | None = None) -> Targets:
    """Encode targets for the task they and the loss make.

    Parameters
    ----------
    values : numpy.ndarray, shape (n,), (n, 1) or (n, ...)
        Targets of all samples, training and validation together.
    loss : str, optional
        Name of a built-in loss; leave it out for one's own.

    Returns
    -------
    Targets
        See the table above.

    Raises
    ------
    ConfigurationError
        If targets are negative, not finite, of one class only, or don't fit the loss.

    Examples
    --------
    >>> encode(np.array(["cat", "dog", "cat"])).values
    array([0, 1, 0])
    >>> encode(np.array([0, 1, 0]), "bce").values.shape
    (3, 1)
    """
    if values.dtype.kind not in "biufU":
        msg = f"data: expected targets that are whole numbers, floats, true/false or text, got {values.dtype}."
        raise ConfigurationError(msg)
    refuse_non_finite(values, "targets")
    if loss in OF_NUMBERS or (values.dtype.kind == "f" and loss not in {"cross_entropy", "bce"}):
        return _numbers(values, loss)
    classes = _classes(_without_column(values), loss)
    return _binary(classes) if loss == "bce" else classes


def _numbers(values: Array, loss: str | None) -> Targets:
    if values.dtype.kind == "U":
        msg = (
            f"data: the loss '{loss}' needs numbers as targets, got text such as {str(values.flat[0])!r}; "
            "for classes use cross_entropy."
        )
        raise ConfigurationError(msg)
    with np.errstate(over="ignore"):
        columns = values.astype(np.float32)
    refuse_non_finite(columns, "targets")
    if columns.ndim == 1:
        columns = columns[:, None]
    return Targets(columns, "regression", outputs=int(np.prod(columns.shape[1:])))


def _classes(values: Array, loss: str | None) -> Targets:
    if values.dtype.kind == "U":
        return _labelled(values)
    if values.dtype.kind == "b":
        return Targets(values.astype(np.int64), "classification", 2, labels=("False", "True"))
    if values.dtype.kind == "f":
        values = _whole(values, str(loss))
    lowest, highest = int(values.min()), int(values.max())
    if lowest < 0:
        msg = (
            f"data: class numbers count from 0, but the smallest target is {lowest}; "
            "renumber them, or pass text (y.astype(str)) to have them encoded."
        )
        raise ConfigurationError(msg)
    if highest > max(MOST_NAMED, 10 * values.size):
        msg = (
            f"data: whole-number targets are class numbers, and the largest is {highest:,} with {values.size:,} "
            "targets; for regression pass floats or name a loss (mse), for classes pass text (y.astype(str))."
        )
        raise ConfigurationError(msg)
    if highest == 0:
        msg = "data: expected at least two classes, but every target is 0."
        raise ConfigurationError(msg)
    labels = tuple(map(str, range(highest + 1))) if highest < MOST_NAMED else ()
    return Targets(values.astype(np.int64), "classification", highest + 1, labels=labels)


def _labelled(values: Array) -> Targets:
    if values.ndim > 1:
        msg = f"data: text targets need one label a sample, shape (n,); got {values.shape}."
        raise ConfigurationError(msg)
    labels, indices = np.unique(values, return_inverse=True)
    if len(labels) == 1:
        msg = f"data: expected at least two classes, but every target is {str(labels[0])!r}."
        raise ConfigurationError(msg)
    names = tuple(map(str, labels))
    return Targets(indices.astype(np.int64), "classification", len(names), labels=names, encoded=True)


def _whole(values: Array, loss: str) -> Array:
    """Read floats as class numbers, where the loss says that they are."""
    if values.ndim > 1:
        msg = (
            f"data: the loss '{loss}' needs one class number a sample, shape (n,); got floats of shape {values.shape}. "
            "For one-hot rows pass y.argmax(axis=1)."
        )
        raise ConfigurationError(msg)
    whole = values == np.floor(values)
    if not whole.all():
        msg = f"data: the loss '{loss}' needs class numbers as targets, got {float(values[~whole][0])!r}."
        raise ConfigurationError(msg)
    return whole_numbers(values, "targets")


def _binary(classes: Targets) -> Targets:
    if classes.values.ndim > 1:
        msg = (
            f"data: the loss 'bce' needs one 0 or 1 a sample, shape (n,) or (n, 1); got {classes.values.shape}. "
            "For several labels a sample pass float targets and your own loss (nn.BCEWithLogitsLoss())."
        )
        raise ConfigurationError(msg)
    if classes.outputs != 2:  # noqa: PLR2004 - binary
        found = f"{classes.outputs} labels" if classes.encoded else f"class numbers up to {classes.outputs - 1}"
        msg = f"data: the loss 'bce' tells two classes apart, 0 and 1, but the targets hold {found}; use cross_entropy."
        raise ConfigurationError(msg)
    columns = classes.values.astype(np.float32)[:, None]
    return Targets(columns, "classification", 1, labels=classes.labels, encoded=classes.encoded)


def _without_column(values: Array) -> Array:
    """Turn the single column of a table into a plain series."""
    return values[:, 0] if values.ndim == 2 and values.shape[1] == 1 else values  # noqa: PLR2004 - axes of a table
