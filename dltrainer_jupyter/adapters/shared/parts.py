"""From a name in a specification to the part that is registered under it."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from dltrainer_jupyter.core import registry
from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.schema import part_settings
from dltrainer_jupyter.core.spec import Part, RunSpec


def part_by_name(kind: registry.Kind, part: Part, key: str, framework: str | None = None) -> Any:
    """Make a part with the settings that are given with its name.

    Parameters
    ----------
    kind : str
        Of part, as the registry calls it (``optimizers``).
    part : Part
        Its name and settings.
    key : str
        Where it stands in the specification, for messages.
    framework : str, optional
        Whose; None where parts of this kind are everybody's.

    Raises
    ------
    ConfigurationError
        If nothing has that name, or a setting is wrong.
    """
    found = registry.find(kind, part.type, framework)
    return found(part_settings(found.Config, part.config, key))


def model_by_name(spec: RunSpec) -> Callable[..., Any]:
    """Give the function that builds the model a specification names, on the specification's framework.

    Raises
    ------
    ConfigurationError
        If nothing has that name, a setting is wrong, or it can't be built there.
    """
    model = part_by_name("models", spec.model, "model")
    if not hasattr(model, spec.framework):
        msg = f"The model '{spec.model.type}' can't be built for {spec.framework}."
        raise ConfigurationError(msg)
    build: Callable[..., Any] = getattr(model, spec.framework)
    return build


def own_loss(given: Any, arguments: str = "outputs and targets") -> Callable[[Any, Any], Any]:
    """Take a loss of the user's own, or call the class that makes it.

    Parameters
    ----------
    given : object
        As it was handed over.
    arguments : str, default "outputs and targets"
        What it is called with, for the message.

    Raises
    ------
    ConfigurationError
        If it can't be called.
    """
    made = called(given, "loss") if inspect.isclass(given) else given
    if not callable(made):
        msg = f"loss: expected a name or a function of {arguments}, got {type(made).__name__}."
        raise ConfigurationError(msg)
    loss: Callable[[Any, Any], Any] = made
    return loss


def called(make: Callable[[], Any], key: str) -> Any:
    """Call a class or function of the user's own that makes a part.

    Raises
    ------
    ConfigurationError
        If it wants arguments; what else goes wrong in it is the user's own error.
    """
    try:
        inspect.signature(make).bind()
    except TypeError as error:
        name = getattr(make, "__qualname__", type(make).__name__)
        msg = f"{key}: {name} is called without arguments to make one, and {error}; pass what it makes, or a lambda."
        raise ConfigurationError(msg) from error
    except ValueError:
        # One in C that doesn't tell its arguments.
        pass
    return make()
