"""How long layers take: each compiled by itself, and called with what the model gave it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jax
from flax import nnx

from dltrainer_jupyter.adapters.shared.timing import medians


@dataclass(eq=False)
class Call:
    """A module's call but for its arrays."""

    structure: Any
    """Of the module."""
    tree: Any
    """Of its arguments."""
    leaves: list[Any]
    """Of the arguments; arrays are put in place of those at ``places``."""
    places: list[int]

    def __call__(self, given: tuple[Any, list[Any]]) -> list[jax.Array]:
        """Compute, with the module's values and the arrays among its arguments."""
        values, arrays = given
        filled = list(self.leaves)
        for place, array in zip(self.places, arrays, strict=True):
            filled[place] = array
        args, kwargs = jax.tree.unflatten(self.tree, filled)
        computed = nnx.merge(self.structure, values)(*args, **kwargs)
        return [leaf for leaf in jax.tree.leaves(computed) if isinstance(leaf, jax.Array)]


def taken_apart(module: Any, args: Any, kwargs: Any) -> tuple[Call, tuple[Any, list[Any]]]:
    """Part a module's call from its arrays."""
    structure, values = nnx.split(module)
    leaves, tree = jax.tree.flatten((args, kwargs))
    places = [place for place, leaf in enumerate(leaves) if isinstance(leaf, jax.Array)]
    arrays = [leaves[place] for place in places]
    others = [None if at in places else leaf for at, leaf in enumerate(leaves)]
    return Call(structure, tree, others, places), (values, arrays)


def time_calls(calls: Mapping[str, Call], given: Mapping[str, Any], seconds: float) -> dict[str, float]:
    """Time calls of modules; those for which there is no time to compile them, and those that raise, are left out.

    Parameters
    ----------
    calls : mapping of str to Call
        By name.
    given : mapping of str to (values, arrays)
        What each is called with.
    seconds : float
        About how long all of it may take.

    Returns
    -------
    dict of str to float
        Milliseconds by name.
    """
    ends = time.perf_counter() + seconds
    ready: dict[str, Any] = {}
    for name, call in calls.items():
        if time.perf_counter() >= ends:
            break
        try:
            ready[name] = jax.jit(call).lower(given[name]).compile()
        except Exception:  # noqa: BLE001, S112 - a module of somebody's own may raise anything; it has no time then
            continue

    def one_pass() -> dict[str, float]:
        spent = {}
        for name, compiled in ready.items():
            began = time.perf_counter()
            for array in compiled(given[name]):
                array.block_until_ready()
            spent[name] = time.perf_counter() - began
        return spent

    return medians(one_pass, ends - time.perf_counter())
