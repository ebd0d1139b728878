"""A run equals the jitted loop that a JAX user writes by hand."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
import optax
import pytest
from flax import nnx

from dltrainer_jupyter import tal
from tests.parity.conftest import RATE, Task


def _net(task: Task) -> nnx.Sequential:
    rngs = nnx.Rngs(0)
    net = nnx.Sequential(nnx.Linear(13, 24, rngs=rngs), nnx.relu, nnx.Linear(24, 3, rngs=rngs))
    for layer, weight, bias in ((net.layers[0], "w1", "b1"), (net.layers[2], "w2", "b2")):
        layer.kernel[...], layer.bias[...] = (
            jax.numpy.asarray(task.weights[weight]),
            jax.numpy.asarray(task.weights[bias]),
        )
    return net


@pytest.mark.slow
def test_equals_a_loop_written_by_hand(task: Task) -> None:
    """The compiler may fuse the two programs differently, so the last bits may differ and nothing more."""
    graph, weights = nnx.split(_net(task))
    optimizer = optax.adam(RATE, eps=1e-8)
    slots = optimizer.init(weights)

    @jax.jit
    def step(weights: Any, slots: Any, x: Any, y: Any) -> tuple[Any, Any, Any]:
        def objective(weights: Any) -> Any:
            return optax.softmax_cross_entropy_with_integer_labels(nnx.merge(graph, weights)(x), y).mean()

        loss, gradients = jax.value_and_grad(objective)(weights)
        updates, slots = optimizer.update(gradients, slots, weights)
        return optax.apply_updates(weights, updates), slots, loss

    losses = []
    for indices in task.order():
        weights, slots, loss = step(weights, slots, task.inputs[indices], task.targets[indices])
        losses.append(float(loss))

    run = tal.train(model=_net(task), **task.settings()).wait()
    _, curve = run.curve("train_loss", points=10**6)
    np.testing.assert_allclose(curve, losses, rtol=1e-5)
    ours = nnx.state(run.last.model(), nnx.Param)
    for mine, theirs in zip(jax.tree.leaves(ours), jax.tree.leaves(weights), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-5, atol=1e-6)
