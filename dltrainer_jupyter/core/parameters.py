"""What a person's own function wants to be called with, told by the names of its parameters."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

MODEL = frozenset({"model", "net", "network", "module"})
"""What a parameter is called that receives the model."""

_VARIABLE = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def parameters_of(given: Any) -> list[inspect.Parameter] | None:
    """Give the parameters of a function, an object or a class, without ``*args`` and ``**kwargs``.

    Returns
    -------
    list of inspect.Parameter, or None
        None if nobody can tell.
    """
    called = given
    if not inspect.isclass(given) and not hasattr(given, "__code__"):
        # A module's call takes anything, and hands it on.
        called = next((it for name in ("forward", "call") if callable(it := getattr(given, name, None))), given)
    try:
        parameters = inspect.signature(called).parameters.values()
    except (TypeError, ValueError):
        return None
    return [it for it in parameters if it.kind not in _VARIABLE]


def needed(given: Any) -> list[str] | None:
    """Name the parameters that something can't be called without; None if nobody can tell.

    Examples
    --------
    >>> needed(lambda model, weight=1: 0)
    ['model']
    """
    parameters = parameters_of(given)
    return None if parameters is None else [it.name for it in parameters if it.default is inspect.Parameter.empty]


def takes_model_alone(given: Any) -> bool:
    """Say whether something is a factory that receives the model: its single needed parameter is called so."""
    names = needed(given)
    return names is not None and len(names) == 1 and names[0] in MODEL


def call_by_name(function: Any, values: Mapping[str, Any]) -> Any:
    """Call a function with what its parameters are called, each a key of ``values``; others keep their default.

    Examples
    --------
    >>> call_by_name(lambda step, base=2, *, epochs: (step, base, epochs), {"step": 1, "epochs": 3, "mode": "min"})
    (1, 2, 3)
    """
    wanted = [it for it in parameters_of(function) or () if it.name in values]
    by_place = [values[it.name] for it in wanted if it.kind is it.POSITIONAL_ONLY]
    return function(*by_place, **{it.name: values[it.name] for it in wanted if it.kind is not it.POSITIONAL_ONLY})
