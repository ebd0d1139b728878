"""From raw outputs to a share of probability for each class, in 32 bits and a row each."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dltrainer_jupyter.metrics.decisions import harden, single_logit

if TYPE_CHECKING:
    import numpy.typing as npt

    from dltrainer_jupyter.core.protocols import Array

    Floats = npt.NDArray[np.float32]
    Classes = npt.NDArray[np.int64]

WHOLE, DENSE = 2, 3
"""Axes of outputs that are one row a sample, and the fewest of those that have a class for each position."""


class Decisions(NamedTuple):
    """Scores and true classes, one row a decision."""

    scores: Array
    """Shape (n, classes), at least two columns."""
    truth: Classes
    each: int
    """Decisions a sample: 1, or its positions where it has a class for each."""


def decisions(outputs: Array, targets: Array) -> Decisions | None:
    """Line outputs and targets up, one row a decision.

    Parameters
    ----------
    outputs : numpy.ndarray, shape (n, classes, ...), (n, 1) or (n,)
        Raw outputs, as :func:`~dltrainer_jupyter.metrics.decisions.decide` takes them.
    targets : numpy.ndarray
        True classes, or shares of them.

    Returns
    -------
    Decisions or None
        A single logit becomes two scores, 0 and the logit, whose shares are those of the two classes. None if there
        isn't one decision a target.
    """
    truth = harden(outputs, targets)
    if single_logit(outputs):
        flat = outputs.reshape(-1)
        scores = np.stack([np.zeros_like(flat), flat], axis=1)
    elif outputs.ndim >= DENSE:
        scores = np.moveaxis(outputs, 1, -1).reshape(-1, outputs.shape[1])
    else:
        scores = outputs
    if len(scores) != truth.size or not len(outputs):
        return None
    return Decisions(scores, truth.astype(np.int64, copy=False).ravel(), len(scores) // len(outputs))


def shares(scores: Array) -> tuple[Floats, Floats]:
    """Turn scores into shares of probability.

    Parameters
    ----------
    scores : numpy.ndarray, shape (n, classes)
        Any real numbers. A row comes to NaN throughout where :func:`~dltrainer_jupyter.metrics.decisions.chosen` finds
        no decision, and nowhere else.

    Returns
    -------
    (numpy.ndarray, numpy.ndarray) of float32, shapes (n, classes) and (n,)
        The shares, and the logarithm of the sum that each row's powers were divided by, on the scale of the scores.

    Examples
    --------
    >>> shares(np.array([[0.0, 0.0]]))[0]
    array([[0.5, 0.5]], dtype=float32)
    """
    wide = scores if scores.dtype == np.float64 else scores.astype(np.float32, copy=False)
    highest = wide.max(axis=1, keepdims=True)
    with np.errstate(invalid="ignore", over="ignore"):
        powers = (wide - highest).astype(np.float32, copy=False)
        np.exp(powers, out=powers)
        sums = powers.sum(axis=1, keepdims=True)
        powers /= sums
        return powers, (np.log(sums) + highest)[:, 0].astype(np.float32, copy=False)
