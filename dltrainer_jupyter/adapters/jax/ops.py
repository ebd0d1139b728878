"""The operations of portable recipes, on JAX: everything here happens while a step is traced."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
from flax import nnx

from dltrainer_jupyter.adapters.jax.averages import follow
from dltrainer_jupyter.adapters.jax.learning import chosen, learn
from dltrainer_jupyter.adapters.jax.nets import forget_intermediates, is_trainable
from dltrainer_jupyter.adapters.jax.precision import computing
from dltrainer_jupyter.core.protocols import LossFunction, TrainState
from dltrainer_jupyter.core.spec import RunSpec


class JaxOps:
    """What a recipe may ask of JAX.

    Parameters
    ----------
    spec : RunSpec
        Says how gradients are accumulated and clipped, in which precision nets compute, and what becomes of a batch
        whose loss is not finite.
    """

    def __init__(self, spec: RunSpec) -> None:
        self._spec = spec

    def update(self, state: TrainState, loss_fn: LossFunction, *, wrt: str, using: str) -> tuple[TrainState, Any, Any]:
        """Compute the loss of one net, its gradient, and let one optimizer apply it.

        Returns
        -------
        state : TrainState
            The same object, whose modules and optimizers hold what the compiled step will compute.
        loss : jax.Array, shape ()
        outputs : jax.Array
        """
        modules = {name: net.module for name, net in state.nets.items()}
        optimizer = state.optimizers[using]
        structure, learned, *rest = nnx.split(modules[wrt], optimizer.learns, ...)
        others = {name: nnx.split(module) for name, module in modules.items() if name != wrt}
        scale = optimizer.kept.get("scale", 1.0)

        def objective(params: nnx.State[Any, Any]) -> tuple[Any, tuple[Any, Any, Mapping[str, nnx.State[Any, Any]]]]:
            # Variables made in here, since a layer may write to its own (BatchNorm) only where they were made.
            inner = {name: nnx.merge(*parts, copy=True) for name, parts in others.items()}
            inner[wrt] = nnx.merge(structure, params, *rest, copy=True)
            loss, outputs = loss_fn({name: computing(module, self._spec.precision) for name, module in inner.items()})
            for module in inner.values():
                forget_intermediates(module)
            return loss * scale, (loss, outputs, {name: nnx.state(inner[name], _is_kept) for name in inner})

        (_, (loss, outputs, noted)), gradients = jax.value_and_grad(objective, has_aux=True)(learned)
        if "scale" in optimizer.kept:
            gradients = jax.tree.map(lambda leaf: leaf / scale, gradients)
        self._apply(state, modules, (learned, gradients, noted), loss, wrt=wrt, using=using)
        return state, loss, outputs

    def _apply(
        self,
        state: TrainState,
        modules: Mapping[str, nnx.Module],
        computed: tuple[nnx.State[Any, Any], nnx.State[Any, Any], Mapping[str, nnx.State[Any, Any]]],
        loss: jax.Array,
        *,
        wrt: str,
        using: str,
    ) -> None:
        """Write what the layers noted and the optimizer changed into modules and state."""
        learned, gradients, noted = computed
        before, optimizer = nnx.as_pure(learned), state.optimizers[using]
        after, learner, updated = learn(optimizer, before, nnx.as_pure(gradients), loss, self._spec)
        usable = jnp.isfinite(loss) if self._spec.on_nan == "skip" else None
        if usable is not None:
            # Such a batch leaves everything as it was, except random counts: it doesn't even wait for an update.
            after, learner.kept = chosen(usable, (after, learner.kept), (before, optimizer.kept))
            updated &= usable
        state.optimizers[using] = learner
        for name, module in modules.items():
            measured, drawn = nnx.split_state(noted[name], _is_measured, ...)
            if usable is not None:
                measured = chosen(usable, measured, nnx.state(module, nnx.All(_is_kept, _is_measured)))
            nnx.update(module, measured, drawn)
        nnx.update(modules[wrt], jax.tree.unflatten(jax.tree.structure(learned), jax.tree.leaves(after)))
        if wrt in state.averages and self._spec.ema is not None:
            state.averages[wrt] = follow(state.averages[wrt], modules[wrt], updated, self._spec.ema)


def _is_kept(path: Any, variable: Any) -> bool:
    """Tell what layers may write to: statistics, random keys and counts; not what is learned."""
    return not is_trainable(path, variable)


def _is_measured(_: Any, variable: Any) -> bool:
    return not isinstance(variable, nnx.RngState)
