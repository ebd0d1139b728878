"""Several losses and regularizations as one, on JAX, against a loop by hand."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax import nnx

from dltrainer_jupyter import tal
from dltrainer_jupyter.adapters.jax.composing import JaxTools
from dltrainer_jupyter.data.cursor import bounds, epoch_order

RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 4)).astype(np.float32)
Y = (np.arange(40) % 3).astype(np.int64)
SIZE, RATE, SEED = 8, 0.1, 3


class Net(nnx.Module):
    def __init__(self, rngs: nnx.Rngs) -> None:
        self.encoder, self.kind = nnx.Linear(4, 8, rngs=rngs), nnx.Linear(8, 3, rngs=rngs)

    def embed(self, x: Any) -> Any:
        return jnp.tanh(self.encoder(x))

    def __call__(self, x: Any) -> Any:
        return self.kind(self.embed(x))


def small(hidden):
    return jnp.abs(hidden).mean()


def between(outputs, targets):
    return jnp.abs(outputs.mean() - targets.mean())


def ridge(model):
    return jnp.square(model.kind.kernel.get_value()).sum()


def of_weights(model):
    weight = model.encoder.kernel.get_value()
    return lambda value: jnp.abs(jnp.linalg.norm(weight) * value.mean())


LOSS = ["cross_entropy", {"type": between, "weight": 0.1}]
REGULARIZATION = [
    {"type": "l2", "weight": 1e-3, "match": "encoder.*"},
    {"type": "orthogonal", "weight": 0.01, "match": "kind.*"},
    {"type": "activity_l1", "on": "enc*", "weight": 0.001},
    {"type": small, "on": "embed", "weight": 0.01},
    {"type": of_weights, "weight": 0.01},
    {"type": ridge, "weight": 0.02},
    {"type": "confidence_penalty", "off_below": 1.1},
]


def objective(net: Net, x: Any, y: Any) -> Any:
    encoded = net.encoder(x)
    hidden = jnp.tanh(encoded)
    out = net.kind(hidden)
    logs = jax.nn.log_softmax(out)
    main = -logs[jnp.arange(len(y)), y].mean() + 0.1 * between(out, y)
    weight = net.kind.kernel.get_value()
    loss = main + 1e-3 * sum(jnp.square(it.get_value()).sum() for it in (net.encoder.kernel, net.encoder.bias))
    loss += 0.01 * jnp.square(weight.T @ weight - jnp.eye(3)).sum() + 0.001 * jnp.abs(encoded).sum() / len(x)
    loss += 0.01 * small(hidden) + 0.01 * of_weights(net)(out) + 0.02 * ridge(net)
    return loss + jnp.where(main < 1.1, 0.0, 0.1 * (jnp.exp(logs) * logs).sum(1).mean())


@pytest.mark.slow
def test_it_is_what_a_loop_by_hand_computes() -> None:
    net = Net(nnx.Rngs(0))
    given: dict[str, Any] = {"loss": LOSS, "regularization": REGULARIZATION, "metrics": ["accuracy"], "epochs": 2}
    given |= {"data": (X, Y), "validation": False, "batch_size": SIZE, "seed": SEED, "verbose": False}
    run = tal.train(model=net, optimizer=optax.sgd(RATE), executor="inline", histograms=False, **given).wait()
    learning = nnx.Optimizer(net, optax.sgd(RATE), wrt=nnx.Param)
    losses = []
    for epoch in (1, 2):
        order = epoch_order(SEED, epoch, len(X))
        for at in range(5):
            start, stop = bounds(at, len(X), SIZE)
            chosen = order[start:stop]
            loss, gradients = nnx.value_and_grad(objective)(net, X[chosen], Y[chosen])
            learning.update(net, gradients)
            losses.append(float(loss))
    assert run.curve("train_loss")[1] == pytest.approx(losses, rel=1e-5)
    found = jax.tree.leaves(nnx.state(run.last.model(), nnx.Param))
    for one, other in zip(found, jax.tree.leaves(nnx.state(net, nnx.Param)), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)
    assert run.last.predict(X).shape == (40,)
    _, off = run.curve("train_confidence_penalty")
    assert (off == 0).any()
    assert (off != 0).any()


def test_what_is_frozen_is_not_regularized() -> None:
    net = Net(nnx.Rngs(0))
    tools = JaxTools(lambda *_: abs, abs, lambda name: name.startswith("encoder."))
    assert set(tools.parameters(net)) == {"kind.bias", "kind.kernel"}


def test_a_layer_is_heard_in_16_bits_too() -> None:
    settings = {"model": Net(nnx.Rngs(0)), "data": (X, Y), "epochs": 1, "batch_size": SIZE, "executor": "inline"}
    settings |= {
        "regularization": {"type": "activity_l1", "on": "encoder"},
        "loss": ["cross_entropy"],
        "verbose": False,
    }
    settings |= {"histograms": False, "learning_rate": 1e-3}
    half = tal.train(precision="bf16-mixed", **settings).wait()
    full = tal.train(**settings).wait()
    name = "train_activity_l1_encoder"
    assert half.metrics()[name].iloc[-1] == pytest.approx(full.metrics()[name].iloc[-1], rel=0.02)
