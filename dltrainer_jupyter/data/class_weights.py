"""How much each class counts in the loss, computed from the training part alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np

from dltrainer_jupyter.core.errors import ConfigurationError, brief, did_you_mean

if TYPE_CHECKING:
    from dltrainer_jupyter.core.protocols import Array, Task


def class_weights(
    asked: Literal["balanced"] | Mapping[str, float] | None,
    targets: Array,
    task: Task,
    outputs: int,
    labels: Sequence[str] = (),
) -> tuple[float, ...]:
    """Weigh classes.

    Parameters
    ----------
    asked : "balanced", mapping or None
        ``balanced`` weighs a class by ``n / (classes * samples of it)`` (scikit-learn's rule), so that all count the
        same together; a mapping says weights by label or number, 1 for those it doesn't name.
    targets : numpy.ndarray
        Encoded targets of the training part: class indices, or a column of 0 and 1.
    task : str
        What is learnt.
    outputs : int
        Number of outputs; 1 tells two classes apart.
    labels : sequence of str, optional
        Names of the classes.

    Returns
    -------
    tuple of float
        A float32 value for each class by its index; empty if nothing was asked for.

    Raises
    ------
    ConfigurationError
        If there are no classes, a name isn't one, or a weight is no number from 0 on.

    Examples
    --------
    >>> class_weights("balanced", np.array([0, 0, 0, 1]), "classification", 2)
    (0.6666666865348816, 2.0)
    """
    if asked is None:
        return ()
    if task not in ("classification", "segmentation"):
        msg = f"class_weights: {task} has no classes that could be weighed; leave it out."
        raise ConfigurationError(msg)
    count = max(outputs, 2)
    if asked == "balanced":
        found = np.asarray(targets).reshape(-1).astype(np.int64)
        found = found[(found >= 0) & (found < count)]
        numbers = np.bincount(found, minlength=count)
        there = numbers > 0
        # A class without samples is in no loss; it counts 1, so that nothing is divided by zero.
        weights = np.where(there, len(found) / (there.sum() * np.maximum(numbers, 1)), 1.0)
    else:
        assert not isinstance(asked, str)  # noqa: S101 - the only word there is was looked at
        weights = _named(asked, count, list(labels))
    return tuple(float(weight) for weight in weights.astype(np.float32))


def _named(asked: Mapping[str, float], count: int, labels: Sequence[str]) -> Array:
    weights = np.ones(count)
    where = {str(index): index for index in range(count)} | {name: index for index, name in enumerate(labels)}
    for name, weight in asked.items():
        if str(name) not in where:
            known = labels or [str(index) for index in range(count)]
            hint = did_you_mean(str(name), known)
            msg = f"class_weights: there is no class {brief(name)}.{hint} Classes: {brief(list(known))}."
            raise ConfigurationError(msg)
        weights[where[str(name)]] = weight
    if not weights.any():
        msg = "class_weights: expected at least one class that counts, but all weights are 0."
        raise ConfigurationError(msg)
    return weights
