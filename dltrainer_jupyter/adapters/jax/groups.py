"""Parameter groups: what is frozen, which layers stay still, and which parameters have settings of their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import optax
from flax import nnx

from dltrainer_jupyter.adapters.jax.nets import is_trainable
from dltrainer_jupyter.adapters.jax.transformations import scaled_apart
from dltrainer_jupyter.adapters.shared.groups import Groups, ParameterGroup


def path_name(path: Any) -> str:
    """Write the path to a variable as checkpoints do."""
    return ".".join(map(str, path))


def look_at(net: nnx.Module, groups: Groups) -> None:
    """Let groups take in the names of a net's parameters and statistics."""
    groups.look_at([path_name(path) for path, _ in nnx.to_flat_state(nnx.state(net, nnx.Not(nnx.RngState)))])


def learning_filter(groups: Groups) -> Callable[[Any, Any], bool]:
    """Tell what learns of a net: what could, and isn't frozen."""
    if not groups:
        return is_trainable
    return lambda path, value: is_trainable(path, value) and not groups.freezes(path_name(path))


def still_layers(net: nnx.Module, groups: Groups) -> frozenset[Any]:
    """Find layers that keep statistics and are frozen whole; a step computes them as in evaluation.

    Dropout is none of them: it goes on.

    Returns
    -------
    frozenset of tuple
        Their paths.
    """
    if not groups:
        return frozenset()
    found: set[Any] = set()
    for path, module in nnx.iter_modules(net):
        held = nnx.to_flat_state(nnx.state(module, nnx.Not(nnx.RngState)))
        statistics = nnx.to_flat_state(nnx.state(module, nnx.BatchStat))
        if statistics and all(groups.freezes(path_name((*path, *inner))) for inner, _ in held):
            found.add(path)
    return frozenset(found)


def grouped(
    net: nnx.Module, groups: Groups, make: Callable[[float | None], optax.GradientTransformation]
) -> optax.GradientTransformation:
    """Make a transformation in which parameters have the settings of their group.

    Parameters
    ----------
    net : flax.nnx.Module
        Whose parameters.
    groups : Groups
        Have looked at it.
    make : callable
        Makes a transformation with a weight decay, or with the optimizer's own for None.
    """
    if groups.only_freezes:
        return make(None)
    params = nnx.as_pure(nnx.state(net, learning_filter(groups)))

    def of(path: Any) -> ParameterGroup | None:
        return groups.of(jax.tree_util.keystr(path, simple=True, separator="."))

    def decay(path: Any, _: Any) -> float | None:
        group = of(path)
        return None if group is None else group.weight_decay

    def factor(path: Any, _: Any) -> float:
        group = of(path)
        return 1.0 if group is None else group.lr_multiplier

    decays = [decay(path, None) for path, _ in jax.tree_util.tree_leaves_with_path(params)]
    kinds = {it: make(it) for it in dict.fromkeys(decays)}
    if len(kinds) == 1:
        (whole,) = kinds.values()
    else:
        labels = {it: "usual" if it is None else f"decay {it:g}" for it in kinds}
        named = {labels[it]: transformation for it, transformation in kinds.items()}
        whole = optax.partition(named, jax.tree_util.tree_map_with_path(lambda *it: labels[decay(*it)], params))
    factors = jax.tree_util.tree_map_with_path(factor, params)
    return optax.chain(whole, scaled_apart(factors))
