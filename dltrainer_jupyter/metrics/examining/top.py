"""The classes with the best scores, and whether the true one is among them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from dltrainer_jupyter.core.protocols import Array

    Floats = npt.NDArray[np.float32]

MANY = 5
"""So many of the best classes are looked at."""


def in_best(
    scores: Array, of_truth: Array, truth: npt.NDArray[np.int64], usable: npt.NDArray[np.bool_], most: int = MANY
) -> npt.NDArray[np.bool_]:
    """Tell whether the true class is among the best; of equal scores those of later classes are better.

    Parameters
    ----------
    scores : numpy.ndarray, shape (n, classes)
        Any real numbers.
    of_truth : numpy.ndarray, shape (n,)
        The score of the true class.
    truth : numpy.ndarray of int64, shape (n,)
        The true class.
    usable : numpy.ndarray of bool, shape (n,)
        Rows that may count; the others don't.
    most : int, default 5
        How many are the best.

    Notes
    -----
    Equal scores are ordered as in scikit-learn's ``top_k_accuracy_score``.
    """
    better = np.count_nonzero(scores > of_truth[:, None], axis=1)
    unsure = np.flatnonzero(usable & (better < most))
    # The true class itself and its equals; ties are so few that to look at those rows again costs nothing.
    equal = scores[unsure] == of_truth[unsure, None]
    tied = np.flatnonzero(np.count_nonzero(equal, axis=1) > 1)
    later = np.arange(scores.shape[1]) > truth[unsure[tied], None]
    better[unsure[tied]] += np.count_nonzero(equal[tied] & later, axis=1)
    found: npt.NDArray[np.bool_] = usable & (better < most)
    return found


def best_of(
    scores: Array, shares: Floats, predicted: npt.NDArray[np.int64], most: int = MANY
) -> tuple[npt.NDArray[np.int32], Floats]:
    """Give the best classes of a few rows, the predicted one first.

    Parameters
    ----------
    scores, shares : numpy.ndarray, shape (n, classes)
        What orders them, and what is told of them.
    predicted : numpy.ndarray of int64, shape (n,)
        The decision; a row with -1 has none, and its best classes are -1, too.
    most : int, default 5
        How many, if there are so many classes.

    Returns
    -------
    (numpy.ndarray of int32, numpy.ndarray of float32), shape (n, min(classes, most))
    """
    classes = scores.shape[1]
    width, rows = min(most, classes), np.arange(len(scores))
    keys = -scores.astype(np.float32)
    keys[rows, predicted] = -np.inf
    if classes > 8 * most:
        rough = np.sort(np.argpartition(keys, width - 1, axis=1)[:, :width], axis=1)
        best = np.take_along_axis(rough, np.argsort(np.take_along_axis(keys, rough, 1), axis=1, kind="stable"), 1)
    else:
        best = np.argsort(keys, axis=1, kind="stable")[:, :width]
    sure = np.take_along_axis(shares, best, axis=1)
    best[predicted < 0] = -1
    return best.astype(np.int32), sure
