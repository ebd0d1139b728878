"""A jitted step with optax in a plain loop."""

from __future__ import annotations

from types import ModuleType
from typing import Any

TITLE = "plain jitted loop"
NEEDS = ("jax", "flax", "optax")


def train(subject: ModuleType, epochs: int) -> None:
    """Train."""
    import jax
    import numpy as np
    import optax
    from flax import nnx

    inputs, targets = subject.arrays()
    graph, weights = nnx.split(subject.jax())
    optimizer = optax.adam(subject.RATE)
    slots = optimizer.init(weights)

    def loss_of(weights: Any, inputs: Any, targets: Any) -> Any:
        outputs = nnx.merge(graph, weights)(inputs)
        return optax.softmax_cross_entropy_with_integer_labels(outputs, targets).mean()

    @jax.jit
    def step(weights: Any, slots: Any, inputs: Any, targets: Any) -> Any:
        loss, gradients = jax.value_and_grad(loss_of)(weights, inputs, targets)
        updates, slots = optimizer.update(gradients, slots, weights)
        return optax.apply_updates(weights, updates), slots, loss

    rng = np.random.default_rng(0)
    for _ in range(epochs):
        for index in rng.permutation(len(inputs)).reshape(-1, subject.BATCH):
            weights, slots, _loss = step(weights, slots, inputs[index], targets[index])
    jax.block_until_ready(weights)
