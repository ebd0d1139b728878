"""What a person's own loss or regularization wants to be called with, told by its parameters."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, Literal

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.parameters import needed, takes_model_alone

Wants = Literal["model", "value", "outputs"]
"""The model; what the model, or a layer, gives; or that and the targets."""


def wants(given: Any) -> Wants:
    """Tell what a function, an object or a class is called with.

    Examples
    --------
    >>> wants(lambda model: 0), wants(lambda hidden: 0), wants(lambda outputs, targets: 0)
    ('model', 'value', 'outputs')
    """
    if takes_model_alone(given):
        return "model"
    names = needed(given)
    return "value" if names is not None and len(names) == 1 else "outputs"


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
