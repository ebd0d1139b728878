"""The full state of nets and optimizers as named arrays, without pickle; and back, bit for bit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import jax
import numpy as np

from dltrainer_jupyter.adapters.jax.arrays import bare, describe, describe_raw, from_raw, is_key, owned, to_raw
from dltrainer_jupyter.adapters.jax.nets import Net
from dltrainer_jupyter.adapters.shared.averages import apart, averaged_name, check_averages, to_measure
from dltrainer_jupyter.adapters.shared.checkpoints import Part, check_array, check_names, check_waiting
from dltrainer_jupyter.core.protocols import FullState, NamedArrays, RawArray, TrainState

_EXTRA, _RANDOM, _UPDATES = "$extra", "$random", "$updates"
"""In front of the names of a recipe's own arrays, of random keys and counts, and of the updates an average has seen;
no optimizer is called that."""

# --- naming -------------------------------------------------------------------------------------------


def weights_of(nets: Mapping[str, Net]) -> dict[str, jax.Array]:
    """Name the weights and statistics of nets: everything but random keys and counts."""
    return {
        f"{name}.{path}": value
        for name, net in nets.items()
        for index, (path, value) in enumerate(zip(net.names, net.values, strict=True))
        if index not in net.random
    }


def _averages_of(state: TrainState) -> dict[str, jax.Array]:
    nets = {name: average.net for name, average in state.averages.items()}
    return {averaged_name(name): value for name, value in weights_of(nets).items()}


def _rest_of(state: TrainState) -> dict[str, jax.Array]:
    """Name everything else: slots, random keys and counts, and what a recipe keeps."""
    rest = {
        f"{_RANDOM}.{name}.{net.names[index]}": net.values[index]
        for name, net in state.nets.items()
        for index in sorted(net.random)
    }
    rest |= {f"{_UPDATES}.{name}": average.updates for name, average in state.averages.items()}
    for name, optimizer in state.optimizers.items():
        rest |= {f"{name}.{path}": value for path, value in _paths(optimizer.kept)}
    return rest


def _paths(tree: Any) -> Iterable[tuple[str, Any]]:
    return [
        (jax.tree_util.keystr(path, simple=True, separator="."), leaf)
        for path, leaf in jax.tree_util.tree_leaves_with_path(tree)
    ]


# --- writing ------------------------------------------------------------------------------------------


def save_state(state: TrainState) -> tuple[NamedArrays, NamedArrays, dict[str, Any]]:
    """Copy everything to the host in one transfer.

    Returns
    -------
    weights, optimizer : dict of str to RawArray
        The two groups of a :class:`~dltrainer_jupyter.core.protocols.FullState`.
    extra : dict
        What a recipe keeps and is no array.

    Raises
    ------
    CheckpointError
        If one of them is of a kind that a checkpoint can't hold, or two have the same name.
    """
    weights = weights_of(state.nets) | _averages_of(state)
    arrays, static = split_extra(state.extra)
    rest = _rest_of(state) | {f"{_EXTRA}.{key}": value for key, value in arrays.items()}
    on_host = jax.device_get(jax.tree.map(bare, {"weights": weights, "rest": rest}))
    raw = {group: {name: to_raw(array, name) for name, array in arrays.items()} for group, arrays in on_host.items()}
    return raw["weights"], raw["rest"], static


def split_extra(extra: Mapping[str, Any]) -> tuple[dict[str, jax.Array], dict[str, Any]]:
    """Take apart what a recipe keeps: arrays and numbers, which steps may change, and the rest, which they may not."""
    arrays = {key: value for key, value in extra.items() if _is_numeric(value)}
    return arrays, {key: value for key, value in extra.items() if key not in arrays}


def _is_numeric(value: Any) -> bool:
    return isinstance(value, jax.Array | np.ndarray | np.number | int | float) and not isinstance(value, bool)


# --- reading ------------------------------------------------------------------------------------------


def load_weights(nets: Mapping[str, Net], saved: NamedArrays) -> None:
    """Give nets other weights.

    Raises
    ------
    CheckpointError
        If names, shapes or dtypes differ; nothing has been changed then.
    """
    here = weights_of(nets)
    _check(here, saved, "model")
    _write(nets, saved)


def begin_with(state: TrainState, saved: NamedArrays) -> None:
    """Give nets the weights that were measured best, and let their averages begin anew from them."""
    weights = to_measure(saved)
    load_weights(state.nets, weights)
    _write({name: average.net for name, average in state.averages.items()}, weights)


def load_state(state: TrainState, saved: FullState, device: jax.Device) -> None:
    """Put back what :func:`save_state` copied.

    Raises
    ------
    CheckpointError
        If names, shapes or dtypes differ; nothing has been changed then.
    """
    extra = {name: raw for name, raw in saved.optimizer.items() if name.startswith(f"{_EXTRA}.")}
    rest = {name: raw for name, raw in saved.optimizer.items() if name not in extra}
    weights, averages = apart(saved.weights)
    check_averages(averages, wanted=bool(state.averages))
    averaged = {name: average.net for name, average in state.averages.items()}
    _check(weights_of(state.nets), weights, "model")
    _check(weights_of(averaged), averages, "model")
    for name, optimizer in state.optimizers.items():
        waiting = rest.get(f"{name}.batches")
        check_waiting(0 if waiting is None else int(from_raw(waiting)), optimizer.batches)
    _check(_rest_of(state), rest, "optimizer")
    _write(state.nets, weights)
    _write(averaged, averages)
    for name, average in state.averages.items():
        average.updates = _loaded(rest[f"{_UPDATES}.{name}"], average.updates, device)
    for name, net in state.nets.items():
        for index in net.random:
            net.values[index] = _loaded(rest[f"{_RANDOM}.{name}.{net.names[index]}"], net.values[index], device)
    for name, optimizer in state.optimizers.items():
        loaded = [_loaded(rest[f"{name}.{path}"], leaf, device) for path, leaf in _paths(optimizer.kept)]
        optimizer.kept = jax.tree.unflatten(jax.tree.structure(optimizer.kept), loaded)
    before, _ = split_extra(state.extra)
    arrays = {name.removeprefix(f"{_EXTRA}."): raw for name, raw in extra.items()}
    state.extra = {key: _loaded(raw, before.get(key), device) for key, raw in arrays.items()} | saved.meta["extra"]


def _write(nets: Mapping[str, Net], saved: NamedArrays) -> None:
    for name, net in nets.items():
        for index, path in enumerate(net.names):
            if index not in net.random:
                net.values[index] = _loaded(saved[f"{name}.{path}"], net.values[index], net.device)


def _loaded(raw: RawArray, before: Any, device: jax.Device) -> jax.Array:
    """Make an array that a step may write into; of typed random keys if the one before was such."""
    array = jax.device_put(from_raw(raw), device)
    if before is not None and is_key(before):
        array = jax.random.wrap_key_data(array, impl=jax.random.key_impl(before))
    return owned(array, device)  # type: ignore[no-any-return]


def _check(here: Mapping[str, jax.Array], saved: NamedArrays, part: Part) -> None:
    """Raise if a checkpoint's arrays are others than those here.

    Raises
    ------
    CheckpointError
        Names a few of those that differ.
    """
    check_names(part, missing=here.keys() - saved, surplus=saved.keys() - here)
    for name, raw in saved.items():
        check_array(part, name, there=describe_raw(raw), here=describe(here[name]))
