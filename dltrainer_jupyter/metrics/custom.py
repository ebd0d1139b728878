"""Make a person's own metric fit: an object with ``update``, ``compute`` and ``reset``, or a plain function."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.parameters import takes_model_alone
from dltrainer_jupyter.core.protocols import Metric, Task
from dltrainer_jupyter.metrics.function_metric import FunctionMetric
from dltrainer_jupyter.metrics.object_metric import ObjectMetric

if TYPE_CHECKING:
    from dltrainer_jupyter.core.protocols import Array

_LESS_IS_BETTER = ("loss", "error", "mae", "mse", "rmse")


def made_of(metric: Any, model: Callable[[], Any] | None) -> Any:
    """Give the metric, or what a factory of metrics makes of the model: its only parameter is called ``model``.

    Parameters
    ----------
    metric : object or callable
        As it was handed over.
    model : callable or None
        Gives the model as it is built; None where there is none.

    Raises
    ------
    ConfigurationError
        If a factory is given where no model is built.

    Examples
    --------
    >>> made_of(lambda model: f"metric of {model}", lambda: "net")
    'metric of net'
    """
    if not callable(metric) or not takes_model_alone(metric):
        return metric
    if model is None:
        msg = f"metrics: {_name(metric)} is a function of the model, and there is none here; pass what it makes."
        raise ConfigurationError(msg)
    return metric(model())


def adapt(metric: Any, task: Task, to_tensor: Callable[[Array], Any]) -> Metric:
    """Wrap a metric of the user's own.

    Parameters
    ----------
    metric : object or function
        torchmetrics' style (``update(preds, target)``, ``compute()``, ``reset()``), or a function
        ``fn(y_true, y_pred)`` in scikit-learn's order. The object is copied; the user's own stays as it is.
    task : {"classification", "regression"}
        What is trained.
    to_tensor : callable
        Makes the framework's tensor of a NumPy array.

    Returns
    -------
    Metric
        Named after the class or function, or after its own ``name``. More is better unless its ``higher_is_better``
        says otherwise or, where it says nothing, its name holds loss, error, mae, mse or rmse. It also has
        ``validation_only`` (whether it is to be computed on the validation set only) and ``stateful`` (whether a run
        resumed in the middle of an epoch goes on from its state).

    Raises
    ------
    ConfigurationError
        If it is neither, or takes its arguments in another order.

    Examples
    --------
    >>> def max_error(y_true, y_pred):
    ...     return abs(y_true - y_pred).max()
    >>> metric = adapt(max_error, "regression", to_tensor=list)
    >>> metric.name, metric.higher_is_better
    ('max_error', False)
    """
    if inspect.isclass(metric):
        msg = f"metrics: expected a metric, got the class {metric.__name__}; pass an instance: {metric.__name__}(…)."
        raise ConfigurationError(msg)
    name = _name(metric)
    higher_is_better = _higher_is_better(metric, name)
    # Metric objects are often callable as well, so they are looked for first.
    if all(callable(getattr(metric, verb, None)) for verb in ("update", "compute", "reset")):
        return ObjectMetric(metric, name, task, to_tensor, higher_is_better=higher_is_better)
    if callable(metric):
        return FunctionMetric(metric, name, task, higher_is_better=higher_is_better)
    msg = (
        "metrics: expected a name, an object with update, compute and reset, or a function fn(y_true, y_pred); "
        f"got {type(metric).__name__}."
    )
    raise ConfigurationError(msg)


def _name(metric: Any) -> str:
    given = getattr(metric, "name", None)
    if isinstance(given, str) and given:
        return given
    # A partial is named after what it calls, an object after its class.
    function = getattr(metric, "func", metric)
    name: str = getattr(function, "__name__", type(metric).__name__)
    return name.strip("<>")


def _higher_is_better(metric: Any, name: str) -> bool:
    given = getattr(metric, "higher_is_better", None)
    return given if isinstance(given, bool) else not any(word in name.lower() for word in _LESS_IS_BETTER)
