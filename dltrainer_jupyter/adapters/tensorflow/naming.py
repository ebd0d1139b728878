"""Names of variables that stay the same from one building of a model to the next.

Keras numbers layers that nobody named through the life of a thread, so that the second model of a notebook begins with
``dense_7``. Here such numbers are counted anew for each model.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

_NUMBER = re.compile(r"_\d+$")


def named_weights(net: Any) -> dict[str, Any]:
    """Give the weights of a model by name, trainable ones and others, each once.

    Returns
    -------
    dict of str to keras.Variable
        Names such as ``conv1.kernel``; in the model's order.
    """
    numbers = _renumbered(net)
    return _unique((_plain(net, variable.path, numbers), variable) for variable in net.weights)


def named_layers(net: Any) -> dict[str, Any]:
    """Give the layers inside a model by name, each once: the names that their weights' names begin with."""
    numbers = _renumbered(net)
    return _unique((_plain(net, path, numbers), layer) for path, layer in _paths(net, net.name, {id(net)}))


def _paths(owner: Any, path: str, seen: set[int]) -> Iterator[tuple[str, Any]]:
    for layer in owner._layers:  # noqa: SLF001 - nothing public lists those inside layers
        if id(layer) not in seen:
            seen.add(id(layer))
            # One without weights isn't always told where it is.
            own = layer.path or f"{path}/{layer.name}"
            yield own, layer
            yield from _paths(layer, own, seen)


def named_slots(optimizer: Any, trained: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Give the variables of an optimizer by name.

    Parameters
    ----------
    optimizer : keras.optimizers.Optimizer
        Built.
    trained : iterable of (str, keras.Variable)
        What it may update, by names of ours.

    Returns
    -------
    dict of str to keras.Variable
        Names such as ``conv1.kernel.momentum`` and ``iteration``.
    """
    paths = {variable.path.replace("/", "_"): name for name, variable in trained}
    return _unique((_slot(variable.name, paths), variable) for variable in optimizer.variables)


def _slot(name: str, paths: Mapping[str, str]) -> str:
    """Name a slot after its weight, whose path Keras puts in front; the longest path that fits is the right one."""
    path, divider, slot = name.rpartition("_")
    while divider and path not in paths:
        path, divider, rest = path.rpartition("_")
        slot = f"{rest}_{slot}"
    return f"{paths[path]}.{slot}" if divider else name


def _unique(named: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, variable in named:
        key, count = name, 1
        while key in found:
            count += 1
            key = f"{name}#{count}"
        found[key] = variable
    return found


def _plain(net: Any, path: str, numbers: Mapping[str, str]) -> str:
    """Give a path without the model's own name, and with numbers that count from the model's first layer of a kind."""
    parts = path.split("/")
    if parts[0] == net.name and len(parts) > 1:
        parts = parts[1:]
    return ".".join(numbers.get(part, part) for part in parts)


def _renumbered(net: Any) -> dict[str, str]:
    """Give new names for the layers that Keras named."""
    counts: dict[str, int] = {}
    names: dict[str, str] = {}
    for layer in net._flatten_layers():  # noqa: SLF001 - `layers` leaves out those inside layers
        base = _NUMBER.sub("", layer.name)
        if layer.name not in names and base.replace("_", "") == type(layer).__name__.lower().replace("_", ""):
            count = counts.get(base, 0)
            counts[base] = count + 1
            names[layer.name] = f"{base}_{count}" if count else base
    return names
