"""Moving averages of weights, as far as every framework has them alike: how fast they follow, what they are called."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dltrainer_jupyter.core.errors import CheckpointError
from dltrainer_jupyter.core.protocols import AVERAGED, NamedArrays
from dltrainer_jupyter.core.spec import AverageSpec

_UNTIL_SETTLED = 10
"""How slowly a warm-up settles; ``tf.train.ExponentialMovingAverage`` has the same number."""


def decay_at(spec: AverageSpec, updates: Any, smaller: Callable[[float, Any], Any] = min) -> Any:
    """Give the share of the average that one update keeps.

    Parameters
    ----------
    spec : AverageSpec
        What is asked for.
    updates : int or scalar array
        Updates the average has been through before this one; 0 for the first.
    smaller : callable, default min
        Chooses the smaller of two numbers, where a framework's own count isn't to be looked at from the host.

    Examples
    --------
    >>> [decay_at(AverageSpec(decay=0.5), updates) for updates in (0, 3, 100)]
    [0.1, 0.3076923076923077, 0.5]
    >>> decay_at(AverageSpec(decay=0.5, warmup=False), 0)
    0.5
    """
    return smaller(spec.decay, (1 + updates) / (_UNTIL_SETTLED + updates)) if spec.warmup else spec.decay


def averaged_name(name: str) -> str:
    """Name the average of a weight.

    Examples
    --------
    >>> averaged_name("model.0.weight")
    'model@ema.0.weight'
    """
    net, _, rest = name.partition(".")
    return f"{net}{AVERAGED}.{rest}"


def apart(weights: NamedArrays) -> tuple[NamedArrays, NamedArrays]:
    """Take weights and their averages apart.

    Returns
    -------
    weights : dict of str to RawArray
        Those in training, under their names.
    averages : dict of str to RawArray
        Those averaged, under the names of the weights they are averages of; empty if there are none.
    """
    plain: NamedArrays = {}
    averages: NamedArrays = {}
    for name, array in weights.items():
        net, _, rest = name.partition(".")
        if net.endswith(AVERAGED):
            averages[f"{net.removesuffix(AVERAGED)}.{rest}"] = array
        else:
            plain[name] = array
    return plain, averages


def to_measure(weights: NamedArrays) -> NamedArrays:
    """Give the weights to predict with, or to begin another training with: averages where there are any.

    They are what validation measured, so what made people choose these weights.
    """
    plain, averages = apart(weights)
    return plain | averages


def check_averages(averages: NamedArrays, *, wanted: bool) -> None:
    """Raise if a checkpoint has averages that the run doesn't keep, or lacks those it does.

    Raises
    ------
    CheckpointError
        Says which of both, and how to mend it.
    """
    if averages and not wanted:
        msg = "The checkpoint has a moving average of the weights, and this run keeps none; set ema as it was."
        raise CheckpointError(msg)
    if wanted and not averages:
        msg = (
            "The checkpoint has no moving average of the weights, which this run keeps; leave ema out to go on, or "
            "begin a new run with these weights."
        )
        raise CheckpointError(msg)
