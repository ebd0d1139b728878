"""A function of all true and predicted values, in scikit-learn's order."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.protocols import Task
from dltrainer_jupyter.metrics.decisions import decide, single_logit
from dltrainer_jupyter.metrics.shapes import single_number, without_column

if TYPE_CHECKING:
    from dltrainer_jupyter.core.protocols import Array

_PREDICTIONS = frozenset(
    {"preds", "pred", "y_pred", "y_hat", "predictions", "prediction", "outputs", "output", "logits"}
)
_SCORES = frozenset({"y_score", "y_prob", "y_proba"})
_TAKE_PROBABILITIES = frozenset({"log_loss"})
"""Functions that want probabilities although they call them ``y_pred``."""


class FunctionMetric:
    """Collects a validation pass and calls ``fn(y_true, y_pred)`` with NumPy arrays at its end.

    For a classification ``y_true`` and ``y_pred`` are class numbers, shape (n,); -1 is predicted where scores aren't
    numbers, which no scikit-learn score takes for right. If the function calls its second
    parameter ``y_score``, ``y_prob`` or ``y_proba`` (or is scikit-learn's ``log_loss``), it gets probabilities: of
    class 1, shape (n,), where there are two classes, else of each, shape (n, classes). For a regression it gets values,
    shape (n,) or (n, k). It needs all samples at once, so it is computed on the validation set only.

    Parameters
    ----------
    function : callable
        ``fn(y_true, y_pred) -> float``.
    name : str
        Name of the metric.
    task : {"classification", "regression"}
        What is trained.
    higher_is_better : bool
        Whether more is better.

    Attributes
    ----------
    validation_only : bool
        True: a training epoch is never kept whole for it.
    stateful : bool
        True.

    Raises
    ------
    ConfigurationError
        If the function takes predictions first.
    """

    validation_only = True
    stateful = True

    def __init__(
        self, function: Callable[[Array, Array], Any], name: str, task: Task, *, higher_is_better: bool
    ) -> None:
        parameters = _parameters(function)
        if parameters and parameters[0] in _PREDICTIONS:
            msg = (
                f"metrics: functions are called as {name}(y_true, y_pred), but this one takes {parameters[0]!r} first; "
                "wrap it (lambda y_true, y_pred: …), or pass a metric object."
            )
            raise ConfigurationError(msg)
        second = parameters[1] if len(parameters) > 1 else ""
        self._probabilities = task == "classification" and (second in _SCORES or name in _TAKE_PROBABILITIES)
        self._function = function
        self._task = task
        self.name = name
        self.higher_is_better = higher_is_better
        self._true: list[Array] = []
        self._predicted: list[Array] = []

    def update(self, outputs: Array, targets: Array, sizes: Sequence[int]) -> None:  # noqa: ARG002 - kept sample by sample
        """Take in consecutive batches: raw outputs of the model and encoded targets."""
        if self._task == "regression":
            true, predicted = without_column(targets), without_column(outputs)
        elif self._probabilities:
            true, predicted = targets.astype(np.int64).ravel(), _probabilities(outputs)
        else:
            predicted, true = decide(outputs, targets)
        # Copies: what was handed over may be a buffer that is used again.
        self._true.append(true.copy())
        self._predicted.append(predicted.copy())

    def compute(self) -> float:
        """Give the value; NaN if nothing was taken in.

        Raises
        ------
        ConfigurationError
            If the function gives more than one number. What the function itself raises passes through.
        """
        if not sum(map(len, self._true)):
            return float("nan")
        value = self._function(np.concatenate(self._true), np.concatenate(self._predicted))
        return single_number(value, f"{self.name}(y_true, y_pred)")

    def reset(self) -> None:
        """Forget everything."""
        self._true, self._predicted = [], []

    def state(self) -> dict[str, Any]:
        """Give what :meth:`load_state` needs to go on."""
        return {
            "true": [array.copy() for array in self._true],
            "predicted": [array.copy() for array in self._predicted],
        }

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Go on from a state."""
        self._true = [np.array(array) for array in state["true"]]
        self._predicted = [np.array(array) for array in state["predicted"]]


def _parameters(function: Callable[..., Any]) -> list[str]:
    try:
        return list(inspect.signature(function).parameters)
    except (TypeError, ValueError):  # compiled functions may have no signature to read
        return []


def _probabilities(outputs: Array) -> Array:
    """Turn logits into probabilities that add up to 1 in double precision."""
    logits = outputs.astype(np.float64)
    if single_logit(logits):
        # Written with tanh, which can't overflow.
        return np.asarray(0.5 * (1 + np.tanh(0.5 * logits.ravel())))
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares = raised / raised.sum(axis=1, keepdims=True)
    two_classes = shares.shape[1] == 2  # noqa: PLR2004 - scikit-learn then takes those of class 1
    return np.asarray(shares[:, 1] if two_classes else shares)
