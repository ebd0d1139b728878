"""What a person's own loss or regularization wants to be called with, told by its parameters."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, Literal

from dltrainer_jupyter.core.errors import ConfigurationError

Wants = Literal["model", "value", "outputs"]
"""The model; what the model, or a layer, gives; or that and the targets."""

_MODEL = frozenset({"model", "net", "network", "module"})
"""What the single parameter is called of a function that receives the model."""


def wants(given: Any) -> Wants:
    """Tell what a function, an object or a class is called with.

    Examples
    --------
    >>> wants(lambda model: 0), wants(lambda hidden: 0), wants(lambda outputs, targets: 0)
    ('model', 'value', 'outputs')
    """
    names = needed(given)
    if names is None or len(names) != 1:
        return "outputs"
    return "model" if names[0] in _MODEL else "value"


def wants_model(given: Any) -> bool:
    """Say whether a loss of one's own is a factory that receives the model, or takes the outputs alone."""
    if inspect.isclass(given):
        return wants(given) == "model"
    return callable(given) and wants(given) != "outputs"


def instance_of(given: Any, where: str) -> Any:
    """Call a class of the user's own that needs nothing, or take what they gave.

    Raises
    ------
    ConfigurationError
        If it can't be called, or is a class that needs something.
    """
    if inspect.isclass(given) and wants(given) != "model":
        if names := needed(given):
            msg = f"{where}: {given.__name__} needs {', '.join(names)}; pass what it makes: {given.__name__}(…)."
            raise ConfigurationError(msg)
        given = given()
    if not callable(given):
        msg = f"{where}: expected a name or a function, got {type(given).__name__}."
        raise ConfigurationError(msg)
    return given


def off_of(given: Any) -> Callable[[Any, Any, Any], Any] | None:
    """Give the method by which a regularization of one's own switches itself off, if it has one."""
    off = getattr(given, "off", None)
    return off if callable(off) else None


def needed(given: Any) -> list[str] | None:
    """Name the parameters that something can't be called without; None if nobody can tell."""
    called = given
    if not inspect.isclass(given) and not hasattr(given, "__code__"):
        # A module's call takes anything, and hands it on.
        called = next((it for name in ("forward", "call") if callable(it := getattr(given, name, None))), given)
    try:
        parameters = inspect.signature(called).parameters.values()
    except (TypeError, ValueError):
        return None
    variable = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return [it.name for it in parameters if it.default is inspect.Parameter.empty and it.kind not in variable]
