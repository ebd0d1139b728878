"""How long layers take: each called by itself, as a graph of its own, on what the model gave it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from typing import Any

import tensorflow as tf

from dltrainer_jupyter.adapters.shared.timing import medians

Call = tuple[Any, tuple[Any, ...], dict[str, Any]]
"""A layer, and what it was called with."""
Heard = Callable[[Any, Callable[[Any, Callable[..., Any], Any, Any], Any]], AbstractContextManager[None]]


def calls_of(layers: Sequence[tuple[str, Any]], compute: Callable[[], Any], heard: Heard) -> dict[str, Call]:
    """Compute once, not traced, and note with what each layer is called first.

    Parameters
    ----------
    layers : sequence of (str, keras.Layer)
        By name.
    compute : callable
        Calls the model.
    heard : callable
        Gives a context in which a layer's calls are told to whoever asked.
    """
    found: dict[str, Call] = {}

    def noted(name: str) -> Callable[[Any, Callable[..., Any], Any, Any], Any]:
        def note(layer: Any, call: Callable[..., Any], args: Any, kwargs: Any) -> Any:
            found.setdefault(name, (layer, args, kwargs))
            return call(*args, **kwargs)

        return note

    with ExitStack() as stack:
        for name, layer in layers:
            stack.enter_context(heard(layer, noted(name)))
        compute()
    return found


def time_calls(calls: Mapping[str, Call], seconds: float) -> dict[str, float]:
    """Time calls of layers; those for which there is no time to prepare them, and those that raise, are left out.

    Returns
    -------
    dict of str to float
        Milliseconds by name.
    """
    ends = time.perf_counter() + seconds
    ready: dict[str, Callable[[], Any]] = {}
    for name, (layer, args, kwargs) in calls.items():
        if time.perf_counter() >= ends:
            break
        try:
            # Arguments are captured, not traced: whatever isn't a tensor among them stays as it is.
            ready[name] = tf.function(_called(layer, args, kwargs), autograph=False).get_concrete_function()
        except Exception:  # noqa: BLE001, S112 - a layer of somebody's own may raise anything; it has no time then
            continue
    on_gpu = bool(tf.config.list_logical_devices("GPU"))

    def one_pass() -> dict[str, float]:
        spent = {}
        for name, graph in ready.items():
            began = time.perf_counter()
            graph()
            if on_gpu:
                tf.test.experimental.sync_devices()
            spent[name] = time.perf_counter() - began
        return spent

    return medians(one_pass, ends - time.perf_counter())


def _called(layer: Any, args: Any, kwargs: Any) -> Callable[[], Any]:
    return lambda: layer(*args, **kwargs)
