"""Areas of all classes, and curves of some, small enough to be stored at each validation."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from dltrainer_jupyter.metrics.examining.ranking import POINTS, Line

if TYPE_CHECKING:
    import numpy.typing as npt

    from dltrainer_jupyter.metrics.examining.scores import Scores

MOST_CURVES = 20
"""Classes whose curves are given: those with most examples."""
_DIGITS = 5
"""A screen shows no more."""

Curve = dict[str, list[float]]


@dataclass
class Curves:
    """What scores of all classes come to."""

    auc: npt.NDArray[np.float64]
    """NaN where it isn't defined; the same for ``ap``."""
    ap: npt.NDArray[np.float64]
    roc: dict[str, Curve] = field(default_factory=dict)
    """By the class's number, ascending; ``macro`` is the mean over all classes that have one."""
    pr: dict[str, Curve] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def curves_of(scores: Scores, support: npt.NDArray[np.int64]) -> Curves:
    """Rank the examples by each class's scores.

    Parameters
    ----------
    scores : Scores
        Of the whole set.
    support : numpy.ndarray of int64, shape (classes,)
        Examples of each class, which decide whose curves are given.
    """
    made = Curves(np.full(scores.classes, np.nan), np.full(scores.classes, np.nan))
    if not scores.ranked:
        made.notes.append(f"With {scores.classes:,} classes nothing is ranked: there are no areas and no curves.")
        return made
    shown = set(np.argsort(-support, kind="stable")[:MOST_CURVES].tolist())
    grid = np.linspace(0, 1, POINTS)
    total, defined, within = np.zeros(POINTS), 0, np.zeros(2)
    for number, ranked in enumerate(scores.rankings()):
        areas = ranked.areas()
        made.auc[number], made.ap[number] = areas.auc, areas.ap
        within = np.maximum(within, (areas.auc_within, areas.ap_within))
        if ranked.defined:
            roc = ranked.roc()
            # Straight up at a rate the curve has twice: the higher one is what can be had there.
            total += np.interp(grid, roc.x[last := np.append(np.diff(roc.x) > 0, True)], roc.y[last])
            defined += 1
            if number in shown:
                made.roc[str(number)] = _curve(roc)
        if number in shown and not np.isnan(areas.ap):
            made.pr[str(number)] = _curve(ranked.pr())
    if defined:
        made.roc["macro"] = _curve(Line(grid, total / defined))
    made.notes += _notes(scores, scores.classes - defined, within)
    return made


def _notes(scores: Scores, undefined: int, within: npt.NDArray[np.float64]) -> list[str]:
    notes = []
    if undefined:
        notes.append(
            f"{undefined:,} of {scores.classes:,} classes have no ROC curve: it takes examples of the class and others."
        )
    if not scores.exact:
        notes.append(
            "There are more scores than are kept, so they were counted in 1,024 bins a class: areas under ROC curves "
            f"are off by less than {within[0]:.2g}, average precisions by less than {within[1]:.2g}."
        )
    return notes


def _curve(line: Line) -> Curve:
    return {"x": np.round(line.x, _DIGITS).tolist(), "y": np.round(line.y, _DIGITS).tolist()}
