"""Steps against loops written by hand with JAX and optax: the bits of plain ones, the numbers of all."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
import torch
from flax import nnx
from torch import nn

from dltrainer_jupyter.adapters.jax.optimizers import injected_rates
from dltrainer_jupyter.core.registry import find
from tests.adapters.jax.bench import Bench, net, sometimes

STEPS = 7


def by_hand(bench: Bench, transformation: Any, *, every: int = 1, bound: float | None = None) -> nnx.Module:
    """Train as people do in a cell of their own."""
    structure, params, rest = nnx.split(net(), nnx.Param, ...)
    slots = transformation.init(nnx.as_pure(params))

    @jax.jit
    def gradients(params: Any, rest: Any, x: Any, y: Any) -> Any:
        def objective(params: Any) -> Any:
            module = nnx.merge(structure, params, rest, copy=True)
            losses = optax.softmax_cross_entropy_with_integer_labels(module(x), y)
            return jnp.mean(losses), nnx.state(module, nnx.Not(nnx.Param))

        return jax.grad(objective, has_aux=True)(params)

    waiting = []
    for step in range(STEPS):
        batch = bench.batch(step)
        found, rest = gradients(params, rest, batch.inputs, batch.targets)
        waiting.append(nnx.as_pure(found))
        if len(waiting) == every:
            mean = jax.tree.map(lambda *parts: sum(parts) / every, *waiting)
            if bound is not None:
                factor = jnp.minimum(1, bound / optax.tree.norm(mean))
                mean = optax.tree.scale(factor, mean)
            updates, slots = transformation.update(mean, slots, nnx.as_pure(params))
            changed = optax.apply_updates(nnx.as_pure(params), updates)
            params = jax.tree.unflatten(jax.tree.structure(params), jax.tree.leaves(changed))
            waiting = []
    return nnx.merge(structure, params, rest)


WAYS: dict[str, tuple[dict[str, Any], Any, dict[str, Any]]] = {
    # What is divided by next to nothing, as the gradient of a bias before a normalisation, would be rounding alone.
    "adamw": (
        {"optimizer": {"type": "adamw", "eps": 1e-4}},
        optax.adamw(1e-3, eps=1e-4, weight_decay=0.01),
        {},
    ),
    "accumulated and clipped": (
        {"optimizer": "sgd", "gradient_accumulation": 3, "gradient_clipping": 0.1},
        optax.sgd(1e-3),
        {"every": 3, "bound": 0.1},
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
def test_weights_are_those_of_a_loop_written_by_hand(way: str) -> None:
    settings, transformation, hand = WAYS[way]
    with Bench(net(), **settings) as bench:
        bench.step(STEPS)
        theirs = by_hand(bench, transformation, **hand)
        for mine, other in zip(jax.tree.leaves(nnx.state(bench.net)), jax.tree.leaves(nnx.state(theirs)), strict=True):
            if jnp.issubdtype(mine.dtype, jnp.inexact):
                np.testing.assert_allclose(mine, other, rtol=2e-5, atol=2e-7)
            else:
                # Dropout's keys and counts, and the net's own count.
                assert (mine == other).all()


@pytest.mark.slow
def test_bits_are_those_of_the_same_loop_compiled_as_a_whole() -> None:
    structure, state = nnx.split(net())
    transformation = optax.sgd(0.1)

    @jax.jit
    def step(state: Any, slots: Any, x: Any, y: Any) -> Any:
        module = nnx.merge(structure, state)
        graph, params, rest = nnx.split(module, nnx.Param, ...)

        def objective(params: Any) -> Any:
            inner = nnx.merge(graph, params, rest, copy=True)
            losses = optax.softmax_cross_entropy_with_integer_labels(inner(x), y)
            return jnp.mean(losses), nnx.state(inner, nnx.Not(nnx.Param))

        (loss, rest), gradients = jax.value_and_grad(objective, has_aux=True)(params)
        updates, slots = transformation.update(gradients, slots, params)
        nnx.update(module, optax.apply_updates(params, updates), rest)
        return nnx.state(module), slots, loss

    with Bench(net(), optimizer="sgd", learning_rate=0.1) as bench:
        ours = bench.step(STEPS)
        slots, losses = transformation.init(nnx.split(net(), nnx.Param, ...)[1]), []
        for index in range(STEPS):
            batch = bench.batch(index)
            state, slots, loss = step(state, slots, batch.inputs, batch.targets)
            losses.append(float(loss))
        assert ours == losses
        for mine, other in zip(jax.tree.leaves(nnx.state(bench.net)), jax.tree.leaves(state), strict=True):
            assert (mine == other).all()


OPTIMIZERS: list[tuple[str, dict[str, Any]]] = [
    ("sgd", {"weight_decay": 0.1}),
    ("sgd", {"momentum": 0.9, "nesterov": True}),
    ("sgd", {"momentum": 0.9, "dampening": 0.4, "weight_decay": 0.1}),
    ("adam", {"betas": (0.8, 0.95), "eps": 1e-3, "weight_decay": 0.1}),
    ("adam", {"amsgrad": True}),
    ("adamw", {"weight_decay": 0.2}),
    ("adamw", {"amsgrad": True, "eps": 1e-2}),
    ("rmsprop", {"weight_decay": 0.1}),
    ("rmsprop", {"momentum": 0.9, "centered": True, "alpha": 0.9}),
    ("adagrad", {"lr_decay": 0.1, "initial_accumulator_value": 0.1, "weight_decay": 0.1}),
    ("adadelta", {"rho": 0.8, "weight_decay": 0.1}),
    ("nadam", {"weight_decay": 0.1}),
    ("nadam", {"weight_decay": 0.1, "decoupled_weight_decay": True, "momentum_decay": 0.1}),
    ("radam", {"weight_decay": 0.1}),
    ("radam", {"betas": (0.8, 0.9), "weight_decay": 0.1, "decoupled_weight_decay": True}),
    ("radam", {"betas": (0.9, 0.5)}),
    ("adamax", {"weight_decay": 0.1}),
    ("lion", {"weight_decay": 0.1}),
    ("lamb", {"weight_decay": 0.1}),
]


@pytest.mark.parametrize(("name", "config"), OPTIMIZERS)
def test_optimizers_by_name_are_pytorchs(name: str, config: dict[str, Any]) -> None:
    draw = np.random.default_rng(0)
    start, gradients = draw.normal(size=5), draw.normal(size=(9, 5)) * np.logspace(0, -2, 9)[:, None]
    parts = {framework: find("optimizers", name, framework) for framework in ("pytorch", "jax")}
    made = {framework: part(part.Config(**config)) for framework, part in parts.items()}

    parameter = nn.Parameter(torch.tensor(start, dtype=torch.float32))
    theirs = made["pytorch"].build([parameter], 0.05, fused=False)
    transformation = made["jax"].build(0.05)
    params = jnp.asarray(start, jnp.float32)
    slots = transformation.init(params)
    update = jax.jit(transformation.update)
    for gradient in gradients:
        parameter.grad = torch.tensor(gradient, dtype=torch.float32)
        theirs.step()
        changes, slots = update(jnp.asarray(gradient, jnp.float32), slots, params)
        params = optax.apply_updates(params, changes)
    np.testing.assert_allclose(params, parameter.detach().numpy(), rtol=2e-5, atol=1e-6)


def test_an_average_is_that_of_a_loop_written_by_hand() -> None:
    with Bench(net(), ema=0.15, gradient_accumulation=2, learning_rate=0.05) as bench:
        average = bench.net
        for step in range(8):
            bench.step()
            if step % 2:
                kept = min(0.15, (1 + step // 2) / (10 + step // 2))
                for name in ("entry.kernel", "norm.mean", "head.bias"):
                    layer, leaf = name.split(".")
                    old = getattr(getattr(average, layer), leaf)
                    old[...] = kept * old + (1 - kept) * getattr(getattr(bench.net, layer), leaf)
        with bench.adapter.evaluation(bench.state) as measured:
            found = measured.nets["model"].module()
        np.testing.assert_allclose(found.entry.kernel, average.entry.kernel, rtol=1e-5, atol=1e-7)
        np.testing.assert_allclose(found.norm.mean, average.norm.mean, rtol=1e-5, atol=1e-7)
        np.testing.assert_allclose(found.head.bias, average.head.bias, rtol=1e-5, atol=1e-7)
        assert found.seen == bench.net.seen == 64
        assert not np.allclose(found.entry.kernel, bench.net.entry.kernel, rtol=1e-3)


def test_a_batch_whose_loss_is_not_finite_is_left_out() -> None:
    with Bench(net(), loss=sometimes, on_nan="skip", ema=0.5, gradient_accumulation=2) as bench:
        kept = 0
        for step in range(6):
            left_out, before = int(bench.batch(step).targets[0]) == 0, bench.save()
            (loss,) = bench.step()
            after = bench.save()
            kept += not left_out
            assert np.isnan(loss) == left_out
            assert (after.weights == before.weights) == left_out
            changed = {name for name, raw in after.optimizer.items() if raw != before.optimizer[name]}
            assert (changed == {"$random.model.dropout.rngs.count"}) == left_out
        assert 0 < kept < 6
        assert int(bench.state.averages["model"].updates) == kept // 2


def test_a_loss_scale_backs_off_where_16_bits_overflow() -> None:
    def loud(outputs: jax.Array, targets: jax.Array) -> jax.Array:
        return 40 * optax.softmax_cross_entropy_with_integer_labels(outputs, targets).mean()

    with Bench(net(), loss=loud, precision="16-mixed", ema=0.9) as bench:
        scales, left_out = [2.0**16], 0
        for _ in range(10):
            before = bench.save().weights["model.head.kernel"]
            assert np.isfinite(bench.step()).all()
            scales.append(float(bench.state.optimizers["optimizer"].kept["scale"]))
            overflowed = scales[-1] < scales[-2]
            left_out += overflowed
            assert (bench.save().weights["model.head.kernel"] == before) == overflowed
        assert 0 < left_out < 6
        assert scales[-1] == 2.0 ** (16 - left_out)
        assert int(bench.state.averages["model"].updates) == 10 - left_out


def test_mixed_precision_computes_in_16_bits_everywhere_and_keeps_weights_in_32() -> None:
    seen = []

    class Telling(nnx.Module):
        def __init__(self) -> None:
            self.layer = nnx.Linear(6, 2, rngs=nnx.Rngs(0))

        def __call__(self, x: jax.Array) -> jax.Array:
            outputs = self.layer(x)
            seen.append(outputs.dtype)
            return outputs

    with Bench(Telling(), precision="bf16-mixed") as bench:
        bench.step(2)
        bench.evaluate()
        predictor = bench.adapter.predictor(bench.spec, bench.objects, bench.signature, bench.save().weights)
        assert predictor.outputs(bench.dataset.train.inputs).dtype == np.float32
        assert bench.net.layer.kernel.dtype == jnp.float32
    assert set(seen) == {jnp.dtype(jnp.bfloat16)}


def test_metrics_never_add_up_in_16_bits() -> None:
    with Bench(net()) as bench:
        for half in (jnp.bfloat16, jnp.float16):
            assert bench.adapter.arrays([jnp.ones(2, half), jnp.ones(1, half)]).dtype == np.float32


def test_a_rate_changes_without_compiling_anew_and_groups_keep_their_proportions() -> None:
    labels = {"entry": "slow", "norm": "slow", "head": "fast"}
    rates = {"slow": 0.01, "fast": 0.1}
    grouped = optax.multi_transform(
        {name: optax.inject_hyperparams(optax.sgd)(learning_rate=rate) for name, rate in rates.items()},
        lambda params: jax.tree_util.tree_map_with_path(lambda path, _: labels[path[0].key], params),
    )
    with Bench(net(), optimizer=lambda _: grouped) as bench:
        assert bench.adapter.learning_rate(bench.state) == pytest.approx(0.1)
        bench.step(2)
        bench.adapter.set_learning_rate(bench.state, 0.02)
        found = injected_rates(bench.state.optimizers["optimizer"].kept["slots"])
        assert [float(rate) for rate in found.values()] == pytest.approx([0.02, 0.002])
        before = bench.net
        bench.adapter.set_learning_rate(bench.state, 0.0)
        bench.step(2)
        assert (bench.net.entry.kernel == before.entry.kernel).all()
        assert (bench.net.head.kernel == before.head.kernel).all()
        assert bench.adapter._steps.compiled._cache_size() == 1
