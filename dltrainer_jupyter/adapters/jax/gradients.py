"""How a batch's gradients lie, by a function of their own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt
from flax import nnx

from dltrainer_jupyter.adapters.jax.compiled import Steps
from dltrainer_jupyter.adapters.jax.nets import Net, is_trainable
from dltrainer_jupyter.adapters.shared.distributions import inspected, largest
from dltrainer_jupyter.core.protocols import Batch, Inspected, TrainState


class Gradients:
    """Computes gradients of a run's loss.

    Parameters
    ----------
    steps : Steps
        Which measure a batch.
    """

    def __init__(self, steps: Steps) -> None:
        self._steps = steps
        self._learned: dict[str, tuple[int, ...]] | None = None
        self._computing = jax.jit(self._computed, static_argnames="size")

    def inspect(self, state: TrainState, batch: Batch, bins: int, most: int) -> Inspected:
        """See how the gradients of a batch lie."""
        if self._learned is None:
            self._learned = {name: learned_places(net) for name, net in state.nets.items()}
        given = (batch.inputs, batch.targets, batch.whole)
        computed = self._computing(*self._steps.shown_to(state), given, size=batch.size)
        found = {
            f"{name}.{state.nets[name].names[place]}": gradient
            for name, gradients in computed.items()
            for place, gradient in gradients.items()
        }
        chosen = largest(found, most, lambda gradient: int(gradient.size))
        return inspected(((name, numbers(array)) for name, array in jax.device_get(chosen).items()), bins)

    def _computed(self, nets: Mapping[str, Any], extra: Any, given: Any, *, size: int) -> dict[str, dict[int, Any]]:
        assert self._learned is not None  # noqa: S101 - found out before

        def loss(learned: Mapping[str, Mapping[int, Any]]) -> Any:
            whole = {
                name: [learned[name].get(place, value) for place, value in enumerate(values)]
                for name, values in nets.items()
            }
            return jnp.asarray(self._steps.measured(whole, extra, given, size).loss)

        learned = {name: {at: nets[name][at] for at in places} for name, places in self._learned.items()}
        gradients: dict[str, dict[int, Any]] = jax.grad(loss)(learned)
        return gradients


def learned_places(net: Net) -> tuple[int, ...]:
    """Say which of a net's arrays are learnt."""
    found: list[int] = []
    count = 0
    leaves = jax.tree_util.tree_leaves_with_path(
        nnx.state(net.module()), is_leaf=lambda leaf: isinstance(leaf, nnx.Variable)
    )
    for path, variable in leaves:
        content = variable.get_value() if isinstance(variable, nnx.Variable) else variable
        arrays = len(jax.tree.leaves(content))
        name = jax.tree_util.keystr(path, simple=True, separator=".")
        if is_trainable(path, variable) and not net.freezes(name):
            found += range(count, count + arrays)
        count += arrays
    return tuple(found)


def numbers(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Give values as NumPy counts with them: half precision of JAX's is a dtype it doesn't."""
    return array if array.dtype.kind == "f" else array.astype(np.float32)
