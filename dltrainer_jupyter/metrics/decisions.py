"""From a model's raw outputs to the class it decides for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dltrainer_jupyter.core.errors import ConfigurationError

if TYPE_CHECKING:
    import numpy.typing as npt

    from dltrainer_jupyter.core.protocols import Array

    Classes = npt.NDArray[np.int64]


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
        Predicted and true classes, flat.

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
    predicted = (outputs > 0).astype(np.int64) if single_logit(outputs) else outputs.argmax(axis=1)
    if predicted.size != targets.size:
        msg = (
            "metrics: expected outputs of shape (n, classes, ...) for targets of shape (n, ...), or a single logit "
            f"each; got outputs {outputs.shape} and targets {targets.shape}."
        )
        raise ConfigurationError(msg)
    return predicted.ravel(), targets.astype(np.int64, copy=False).ravel()


def harden(outputs: Array, targets: Array) -> Array:
    """Give the class each target is of most, where targets are shares of classes; others as they are."""
    if targets.dtype.kind != "f":
        return targets
    shares = outputs.shape == targets.shape and not single_logit(outputs)
    return targets.argmax(axis=1) if shares else np.rint(targets)


def single_logit(outputs: Array) -> bool:
    """Say whether outputs are one logit a sample and not a score for each class."""
    return outputs.ndim == 1 or outputs.shape[1] == 1
