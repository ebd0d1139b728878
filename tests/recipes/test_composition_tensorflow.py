"""Several losses and regularizations as one, on TensorFlow, against a loop by hand."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from dltrainer_jupyter import tal
from dltrainer_jupyter.data.cursor import bounds, epoch_order

RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 4)).astype(np.float32)
Y = (np.arange(40) % 3).astype(np.int64)
SIZE, RATE, SEED = 8, 0.1, 3


def small(hidden):
    return tf.reduce_mean(tf.abs(hidden))


def between(targets, outputs):
    return tf.abs(tf.reduce_mean(outputs) - tf.reduce_mean(tf.cast(targets, tf.float32)))


def ridge(model):
    return tf.reduce_sum(tf.square(model.get_layer("kind").kernel))


LOSS = ["cross_entropy", {"type": between, "weight": 0.1}]
REGULARIZATION = [
    {"type": "l2", "weight": 1e-3, "match": "encoder.*"},
    {"type": "orthogonal", "weight": 0.01, "match": "kind.*"},
    {"type": "activity_l1", "on": "enc*", "weight": 0.001},
    {"type": small, "on": "encoder", "weight": 0.01},
    {"type": ridge, "weight": 0.02},
    {"type": "confidence_penalty", "off_below": 1.2},
]


class Subclassed(keras.Model):
    """The same net as the functional one."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = keras.layers.Dense(8, activation="tanh", name="encoder")
        self.kind = keras.layers.Dense(3, name="kind")

    def call(self, inputs: Any) -> Any:
        return self.kind(self.encoder(inputs))


def functional() -> Any:
    layers = [keras.layers.Dense(8, activation="tanh", name="encoder"), keras.layers.Dense(3, name="kind")]
    return keras.Sequential([keras.Input((4,)), *layers])


def objective(net: Any, x: Any, y: Any) -> Any:
    encoder, kind = net.layers
    hidden = encoder(x)
    out = kind(hidden)
    logs = tf.nn.log_softmax(out)
    main = -tf.reduce_mean(tf.gather(logs, y, batch_dims=1)) + 0.1 * between(y, out)
    gram = tf.matmul(kind.kernel, kind.kernel, transpose_a=True) - tf.eye(3)
    loss = main + 1e-3 * (tf.reduce_sum(tf.square(encoder.kernel)) + tf.reduce_sum(tf.square(encoder.bias)))
    loss += 0.01 * tf.reduce_sum(tf.square(gram)) + 0.001 * tf.reduce_sum(tf.abs(hidden)) / len(x)
    loss += 0.01 * small(hidden) + 0.02 * tf.reduce_sum(tf.square(kind.kernel))
    penalty = tf.reduce_mean(tf.reduce_sum(tf.exp(logs) * logs, axis=-1))
    return loss + tf.where(main < 1.2, 0.0, 0.1 * penalty)


@pytest.mark.parametrize("make", [functional, Subclassed])
def test_it_is_what_a_loop_by_hand_computes(make) -> None:
    keras.utils.set_random_seed(0)
    net = make()
    net(X[:1])
    given: dict[str, Any] = {"loss": LOSS, "metrics": ["accuracy"], "epochs": 2, "data": (X, Y), "validation": False}
    given |= {"batch_size": SIZE, "seed": SEED, "verbose": False, "regularization": REGULARIZATION}
    optimizer = keras.optimizers.SGD(RATE)
    run = tal.train(model=net, optimizer=optimizer, executor="inline", histograms=False, **given).wait()
    losses = []
    for epoch in (1, 2):
        order = epoch_order(SEED, epoch, len(X))
        for at in range(5):
            start, stop = bounds(at, len(X), SIZE)
            chosen = order[start:stop]
            with tf.GradientTape() as tape:
                loss = objective(net, X[chosen], Y[chosen])
            weights = net.trainable_variables
            for weight, gradient in zip(weights, tape.gradient(loss, [it.value for it in weights]), strict=True):
                weight.assign_sub(RATE * gradient)
            losses.append(float(loss))
    assert run.curve("train_loss")[1] == pytest.approx(losses, rel=1e-5)
    for one, other in zip(run.last.model().get_weights(), net.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)
    assert run.last.predict(X).shape == (40,)
    _, off = run.curve("train_confidence_penalty")
    assert (off == 0).any()
    assert (off != 0).any()


def test_terms_of_ones_own_are_added_up_in_32_bits() -> None:
    """A model that computes in 16 bits gives a person's own term of 16 bits, beside losses of 32."""
    settings = {"model": "mlp", "data": "wine", "framework": "tensorflow", "epochs": 1, "executor": "inline"}
    settings |= {"regularization": {"type": small, "name": "size"}, "verbose": False, "histograms": False}
    row = tal.train(precision="bf16-mixed", **settings).wait().metrics().iloc[-1]
    assert row["train_loss"] == pytest.approx(row["train_task_loss"] + row["train_size"], rel=1e-3)
