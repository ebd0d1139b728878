"""From a model's raw outputs to the class it decides for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dltrainer_jupyter.core.errors import ConfigurationError

if TYPE_CHECKING:
    import numpy.typing as npt

    from dltrainer_jupyter.core.protocols import Array

    Classes = npt.NDArray[np.int64]

UNDECIDED = -1
"""In place of a class where scores aren't numbers."""


def decide(outputs: Array, targets: Array) -> tuple[Classes, Classes]:
    """Give predicted and true classes.

    Parameters
    ----------
    outputs : numpy.ndarray, shape (n, classes, ...), (n, 1) or (n,)
        Raw outputs: a score for each class along the second axis, of which the largest decides, or a single logit,
        which decides for class 1 where it is positive.
    targets : numpy.ndarray, shape (n, ...), (n, 1) or that of outputs
        True classes, as whole numbers of any type; or shares of each class, as mixing samples makes them, of which the
        largest decides.

    Returns
    -------
    (numpy.ndarray, numpy.ndarray) of int64
        Predicted and true classes, flat; predicted as by :func:`chosen`, so -1 where there is no decision.

    Raises
    ------
    ConfigurationError
        If there isn't one decision a target.

    Examples
    --------
    >>> decide(np.array([[0.1, 2.0], [3.0, 1.0]]), np.array([1, 1]))
    (array([1, 0]), array([1, 1]))
    """
    targets = harden(outputs, targets)
    predicted = chosen(outputs)
    if predicted.size != targets.size:
        msg = (
            "metrics: expected outputs of shape (n, classes, ...) for targets of shape (n, ...), or a single logit "
            f"each; got outputs {outputs.shape} and targets {targets.shape}."
        )
        raise ConfigurationError(msg)
    return predicted.ravel(), targets.astype(np.int64, copy=False).ravel()


def chosen(outputs: Array) -> Classes:
    """Choose the class of the best score.

    This is the one place that says what becomes of scores that aren't numbers: where the best one is NaN (as it is as
    soon as any is) or infinite, there is no decision. Whoever counts takes none for a wrong one, of no class. Minus
    infinity beside other scores is a share of nothing, and harmless.

    Parameters
    ----------
    outputs : numpy.ndarray, shape (n, classes, ...), (n, 1, ...) or (n,)
        Scores, or a single logit; as for :func:`decide`.

    Returns
    -------
    numpy.ndarray of int64, shape (n, ...), or that of outputs where they are single logits
        :data:`UNDECIDED`, which is -1, where there is none. Of equal scores the first is best.

    Examples
    --------
    >>> chosen(np.array([[0.1, 2.0], [np.nan, 1.0], [-np.inf, 0.0]]))
    array([ 1, -1,  1])
    """
    single = single_logit(outputs)
    classes: Classes = (outputs > 0).astype(np.int64) if single else outputs.argmax(axis=1)
    if np.isfinite(outputs).all():
        return classes
    # NumPy takes NaN for the largest. Beside a single logit stands the other class, with a score of 0.
    best = np.maximum(outputs, 0) if single else np.take_along_axis(outputs, np.expand_dims(classes, 1), 1)[:, 0]
    return np.where(np.isfinite(best), classes, UNDECIDED)


def refuse_unknown(targets: Classes, classes: int) -> None:
    """Raise if a target is no class of the model.

    Raises
    ------
    ConfigurationError
        Says which.
    """
    if targets.size and (targets.min() < 0 or targets.max() >= classes):
        wrong = targets.min() if targets.min() < 0 else targets.max()
        msg = f"metrics: expected targets from 0 to {classes - 1}, as many as the model has classes; got {wrong}."
        raise ConfigurationError(msg)


def width_of(outputs: Array) -> int:
    """Give the number of classes that outputs tell apart."""
    return 2 if single_logit(outputs) else int(outputs.shape[1])


def harden(outputs: Array, targets: Array) -> Array:
    """Give the class each target is of most, where targets are shares of classes; others as they are."""
    if targets.dtype.kind != "f":
        return targets
    shares = outputs.shape == targets.shape and not single_logit(outputs)
    return targets.argmax(axis=1) if shares else np.rint(targets)


def single_logit(outputs: Array) -> bool:
    """Say whether outputs are one logit a sample and not a score for each class."""
    return outputs.ndim == 1 or outputs.shape[1] == 1
