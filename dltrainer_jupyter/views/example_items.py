"""One example of a validation, as faces are told of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from dltrainer_jupyter.views.numbers import number
from dltrainer_jupyter.views.words import metric

if TYPE_CHECKING:
    from dltrainer_jupyter.core.protocols import Array


def item_of(columns: Mapping[str, Array], row: int, labels: Sequence[str]) -> dict[str, Any]:
    """Describe one row of the columns that an examiner keeps, without its picture.

    Parameters
    ----------
    columns : mapping of str to numpy.ndarray
        As the store gives them.
    row : int
        Which.
    labels : sequence of str
        Names of the classes.

    Returns
    -------
    dict
        ``index``, ``truth`` and ``prediction`` as text, ``truth_class`` and ``prediction_class``, ``confidence``,
        ``loss``, ``correct`` and ``score``; None for what this task doesn't have.
    """
    by_class = "truth" in columns and np.asarray(columns["truth"]).dtype.kind in "iu"

    def value(name: str) -> float | None:
        return number(float(columns[name][row])) if name in columns else None

    def said(name: str) -> tuple[str | None, int | None]:
        if name not in columns:
            return None, None
        found = np.asarray(columns[name][row])
        if by_class:
            if (at := int(found)) < 0:
                # Scores that are no numbers decide for nothing.
                return None, None
            return (labels[at] if 0 <= at < len(labels) else str(at)), at
        return ", ".join(f"{part:.4g}" for part in np.atleast_1d(found).tolist()), None

    truth, truth_class = said("truth")
    prediction, prediction_class = said("prediction")
    return {
        "index": int(columns["index"][row]),
        "truth": truth,
        "prediction": prediction,
        "truth_class": truth_class,
        "prediction_class": prediction_class,
        "confidence": value("confidence"),
        "loss": value("loss"),
        "correct": bool(columns["correct"][row]) if "correct" in columns else None,
        "score": value("score"),
    }


def caption(item: Mapping[str, Any]) -> str:
    """Say in a few words what became of an example: what was said, and what is true if that is something else.

    Examples
    --------
    >>> caption({"prediction": "8", "truth": "3", "score": None}), caption({"prediction": "8", "truth": "8"})
    ('8, not 3', '8')
    """
    said, true = item["prediction"], item["truth"]
    if said is None and true is None:
        return "" if item["score"] is None else f"score {metric(item['score'])}"
    return f"{said}" if said == true else f"{said or 'undecided'}, not {true}"
