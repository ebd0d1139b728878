"""How a net is called with several inputs: a tuple or a mapping of them as its own parameters, where it has those."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple


class _Parameters(NamedTuple):
    """What a net's call takes."""

    names: frozenset[str]
    needed: frozenset[str]


def called(net: Any, inputs: Any) -> Any:
    """Call a net with the inputs of a batch.

    A tuple or list of as many inputs as the net's call needs is handed over one by one, and a mapping by name where the
    call has parameters of those names; anything else is handed over as it is.
    """
    if not isinstance(inputs, tuple | list | dict) or not inputs:
        return net(inputs)
    parameters = _of(_call_of(net))
    if isinstance(inputs, dict):
        fits = parameters.needed <= inputs.keys() <= parameters.names
        return net(**inputs) if fits else net(inputs)
    return net(*inputs) if len(inputs) > 1 and len(parameters.needed) == len(inputs) else net(inputs)


def _call_of(net: Any) -> Callable[..., Any]:
    """Find the code behind a net's call: PyTorch calls it forward, Keras call; a net may be wrapped."""
    for name in ("forward", "call"):
        if callable(found := getattr(net, name, None)):
            return found  # type: ignore[no-any-return]
    return getattr(net, "module", net).__call__  # type: ignore[no-any-return]


def _of(call: Callable[..., Any]) -> _Parameters:
    function = getattr(call, "__func__", None)
    return _parameters(call, 0) if function is None else _parameters(function, 1)


@lru_cache(maxsize=64)
def _parameters(function: Callable[..., Any], bound: int) -> _Parameters:
    try:
        listed = list(inspect.signature(function).parameters.values())[bound:]
    except (TypeError, ValueError):
        return _Parameters(frozenset(), frozenset())
    named = [it for it in listed if it.kind in (it.POSITIONAL_OR_KEYWORD, it.KEYWORD_ONLY)]
    needed = (it.name for it in named if it.default is it.empty)
    return _Parameters(frozenset(it.name for it in named), frozenset(needed))
