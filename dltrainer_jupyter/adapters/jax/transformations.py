"""Steps of optimizers that optax has in another form than PyTorch, or not at all."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax

from dltrainer_jupyter.adapters.shared.updates import Now, Rule


class DampenedTraceState(NamedTuple):
    """The momentum, and how many updates it has seen."""

    seen: jax.Array
    trace: Any


def dampened_trace(decay: float, dampening: float) -> optax.GradientTransformation:
    """Accumulate gradients into a momentum of which the first is whole and later ones are dampened, as in PyTorch.

    Parameters
    ----------
    decay : float
        Share of the momentum that is kept.
    dampening : float
        Share of a gradient that is left out.
    """

    def init(params: Any) -> DampenedTraceState:
        return DampenedTraceState(jnp.zeros((), jnp.int32), jax.tree.map(jnp.zeros_like, params))

    def update(updates: Any, state: DampenedTraceState, params: Any = None) -> tuple[Any, DampenedTraceState]:
        del params
        share = jnp.where(state.seen == 0, 1.0, 1.0 - dampening)
        trace = jax.tree.map(lambda new, old: decay * old + share.astype(new.dtype) * new, updates, state.trace)
        return trace, DampenedTraceState(optax.safe_increment(state.seen), trace)

    return optax.GradientTransformation(init, update)


class LargestMomentsState(NamedTuple):
    """Both moments, and the largest of the second so far."""

    seen: jax.Array
    mu: Any
    nu: Any
    nu_max: Any


def largest_moments(b1: float, b2: float, *, eps: float) -> optax.GradientTransformation:
    """Scale by Adam's moments with the largest second one so far (Reddi et al., 2018).

    As in PyTorch the largest is taken before the correction for the start, in ``optax.scale_by_amsgrad`` after it.

    Parameters
    ----------
    b1, b2 : float
        Decay of the two moments.
    eps : float
        Added to the root of the second.
    """

    def init(params: Any) -> LargestMomentsState:
        mu, nu, nu_max = (jax.tree.map(jnp.zeros_like, params) for _ in range(3))
        return LargestMomentsState(jnp.zeros((), jnp.int32), mu, nu, nu_max)

    def update(updates: Any, state: LargestMomentsState, params: Any = None) -> tuple[Any, LargestMomentsState]:
        del params
        count = optax.safe_increment(state.seen)
        mu = jax.tree.map(lambda g, m: b1 * m + (1 - b1) * g, updates, state.mu)
        nu = jax.tree.map(lambda g, v: b2 * v + (1 - b2) * g * g, updates, state.nu)
        nu_max = jax.tree.map(jnp.maximum, state.nu_max, nu)
        first, second = 1 - b1**count, jnp.sqrt(1 - b2**count)
        scaled = jax.tree.map(
            lambda m, v: (m / first.astype(m.dtype)) / (jnp.sqrt(v) / second.astype(v.dtype) + eps), mu, nu_max
        )
        return scaled, LargestMomentsState(count, mu, nu, nu_max)

    return optax.GradientTransformation(init, update)


class RuledState(NamedTuple):
    """How many updates there were, and what a rule keeps for each weight."""

    seen: jax.Array
    slots: dict[str, Any]


def ruled(rule: Rule, decay: float) -> optax.GradientTransformation:
    """Step as a rule says.

    Parameters
    ----------
    rule : Rule
        How, and what is kept.
    decay : float
        Weight decay, for a rule that sees to it itself.
    """

    def init(params: Any) -> RuledState:
        def begin(slot: str) -> Any:
            value = rule.begin[slot]
            return jax.tree.map(lambda it: jnp.full(() if slot in rule.numbers else it.shape, value, it.dtype), params)

        return RuledState(jnp.zeros((), jnp.int32), {slot: begin(slot) for slot in rule.begin})

    def update(gradients: Any, state: RuledState, params: Any = None) -> tuple[Any, RuledState]:
        seen = optax.safe_increment(state.seen)
        leaves, tree = jax.tree.flatten(gradients)
        weights = jax.tree.leaves(params)
        kept = {slot: jax.tree.leaves(values) for slot, values in state.slots.items()}
        changes: list[Any] = []
        slots: dict[str, list[Any]] = {slot: [] for slot in kept}
        for place, (gradient, weight) in enumerate(zip(leaves, weights, strict=True)):
            now = Now(jnp, seen.astype(jnp.float32), gradient, weight, decay)
            change, after = rule.step(now, {slot: values[place] for slot, values in kept.items()})
            changes.append(change.astype(gradient.dtype))
            for slot, value in after.items():
                slots[slot].append(value.astype(kept[slot][place].dtype))
        made = {slot: jax.tree.unflatten(tree, values) for slot, values in slots.items()}
        return jax.tree.unflatten(tree, changes), RuledState(seen, made)

    return optax.GradientTransformation(init, update)


def scaled_apart(factors: Any) -> optax.GradientTransformation:
    """Multiply what is taken off each weight by a factor of its own.

    Parameters
    ----------
    factors : pytree of float
        Of the structure of the weights.
    """

    def update(updates: Any, state: Any, params: Any = None) -> tuple[Any, Any]:
        del params
        return jax.tree.map(lambda change, factor: change * factor, updates, factors), state

    return optax.GradientTransformation(lambda _: optax.EmptyState(), update)
