"""How well each class is told apart, counted from a confusion matrix."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from dltrainer_jupyter.core.records import ValidationRecord
from dltrainer_jupyter.views.numbers import number

COLUMNS = ("support", "predicted", "precision", "recall", "f1")


def per_class(labels: Sequence[str], matrix: Sequence[Sequence[int]]) -> list[dict[str, Any]]:
    """Give precision, recall and F1 of each class.

    Parameters
    ----------
    labels : sequence of str
        Names of the classes.
    matrix : nested sequence of int, shape (n, n)
        Rows are true classes, columns predicted ones.

    Returns
    -------
    list of dict
        ``label``, ``support`` (examples of the class), ``predicted`` (how often it was said), ``precision``, ``recall``
        and ``f1``; None where it isn't defined: the precision of a class that was never said, the recall of one that
        has no example.

    Examples
    --------
    >>> per_class(["a", "b"], [[3, 1], [0, 0]])[0]
    {'label': 'a', 'support': 4, 'predicted': 3, 'precision': 1.0, 'recall': 0.75, 'f1': 0.857143}
    """
    counts = np.asarray(matrix, np.float64)
    right, support, said = np.diag(counts), counts.sum(axis=1), counts.sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        precision, recall, f1 = right / said, right / support, 2 * right / (said + support)
    return [
        {
            "label": str(label),
            "support": int(support[at]),
            "predicted": int(said[at]),
            "precision": number(precision[at]),
            "recall": number(recall[at]),
            "f1": number(f1[at]),
        }
        for at, label in enumerate(labels)
    ]


def class_rows(validation: ValidationRecord) -> list[dict[str, Any]]:
    """Give the scores of each class: those the validation found, or what its confusion matrix tells."""
    rows: list[dict[str, Any]] = (validation.summary or {}).get("classes") or []
    if rows or validation.confusion is None:
        return rows
    return per_class(validation.labels, validation.confusion)


def no_confusion(run: str, epoch: int | None) -> str:
    """Say that a run has no confusion matrix, and when it has one.

    Examples
    --------
    >>> no_confusion("digits", 3)
    "Run 'digits' has no confusion matrix after epoch 3; it is counted at each validation of classes."
    """
    when = "yet" if epoch is None else f"after epoch {epoch:,}"
    return f"Run '{run}' has no confusion matrix {when}; it is counted at each validation of classes."
