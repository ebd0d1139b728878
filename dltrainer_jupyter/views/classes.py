"""How well each class is told apart, counted from a confusion matrix."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from dltrainer_jupyter.core.records import ValidationRecord
from dltrainer_jupyter.core.shortening import few_of
from dltrainer_jupyter.store.store import Store
from dltrainer_jupyter.views.numbers import number

_LISTED = 2
"""Epochs in a row that are told one by one."""
_INSTEAD = {
    "regression": "run.evaluation() and run.plot('residuals')",
    "segmentation": "run.evaluation() and run.plot('per_class')",
    "detection": "run.evaluation() and run.plot('pr')",
}
"""What there is for tasks without a confusion matrix."""
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


def no_confusion(store: Store, run: str, epoch: int | None) -> str:
    """Say that a run has no confusion matrix: never, or when it has one, and what there is in its place.

    Parameters
    ----------
    store : Store
        Where the run is.
    run : str
        Its id.
    epoch : int or None
        Which validation was asked for; the newest if None.
    """
    name, newest = store.run(run).name, store.validation(run)
    task = (newest.summary or {}).get("task") if newest is not None else None
    if task in _INSTEAD:
        return f"Run '{name}' does {task}, which has no confusion matrix; see {_INSTEAD[task]}."
    if newest is not None and newest.confusion is None:
        return f"Run '{name}' has no confusion matrix: its model has no classes, or more than are counted."
    if epoch is None or newest is None:
        return f"Run '{name}' has no confusion matrix yet; it is counted at each validation of classes."
    return f"Run '{name}' has no confusion matrix after epoch {epoch:,}; {validated(store.validation_epochs(run))}."


def validated(epochs: Sequence[int]) -> str:
    """Say which epochs were followed by a validation.

    Examples
    --------
    >>> validated([2, 4, 6]), validated([])
    ('there are 2, 4, 6', 'none was validated yet')
    """
    if not epochs:
        return "none was validated yet"
    listed = few_of(list(map(str, epochs)), 10)
    steps = len(epochs) > _LISTED and {after - before for before, after in pairwise(epochs)} == {1}
    return f"there are {epochs[0]:,} to {epochs[-1]:,}" if steps else f"there are {listed}"
