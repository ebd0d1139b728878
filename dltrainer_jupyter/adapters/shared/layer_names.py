"""Layers, methods and parameters of a model by name or pattern."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from dltrainer_jupyter.core.errors import ConfigurationError, did_you_mean

_SHOWN = 40
"""Names that a message lists."""


class Point(NamedTuple):
    """Where a model is listened to."""

    name: str
    owner: Any
    """A layer, or what has the method."""
    method: str | None
    """None for the layer's own call."""


def points_of(on: str, layers: Mapping[str, Any], model: Any, where: str) -> list[Point]:
    """Find the layers, or the method, that a name or pattern means.

    Parameters
    ----------
    on : str
        A layer's name, a pattern of names, or the name of a method of the model or of one of its layers.
    layers : mapping of str to object
        By name, without the model itself.
    model : object
        The model.
    where : str
        Who asks, for messages.

    Raises
    ------
    ConfigurationError
        Names the layers there are.
    """
    if on in layers:
        return [Point(on, layers[on], None)]
    if matching := [Point(name, layer, None) for name, layer in layers.items() if fnmatchcase(name, on)]:
        return matching
    owner_name, _, method = on.rpartition(".")
    owner = model if not owner_name else layers.get(owner_name)
    if owner is not None and method.isidentifier() and callable(getattr(owner, method, None)):
        return [Point(on, owner, method)]
    hint = did_you_mean(on, list(layers))
    msg = f"{where}: the model has no layer or method '{on}'.{hint} Layers: {_listed(layers)}."
    raise ConfigurationError(msg)


def matching(named: Mapping[str, Any], pattern: str, where: str) -> dict[str, Any]:
    """Choose the parameters whose names fit a pattern.

    Raises
    ------
    ConfigurationError
        Names the parameters there are, if none fits.
    """
    found = {name: value for name, value in named.items() if fnmatchcase(name, pattern)}
    if not found:
        msg = f"{where}: no parameter that learns is called '{pattern}'. There are: {_listed(named)}."
        raise ConfigurationError(msg)
    return found


def _listed(named: Mapping[str, Any]) -> str:
    return (", ".join(list(named)[:_SHOWN]) + (" …" if len(named) > _SHOWN else "")) or "none"
