"""A person's own training step on TensorFlow, where it is traced, and may use the optimizer itself."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras.optimizers.schedules import CosineDecay, PiecewiseConstantDecay

from dltrainer_jupyter import tal
from dltrainer_jupyter.core.errors import ConfigurationError, TrainingFailed
from dltrainer_jupyter.tal.description import describe

RNG = np.random.default_rng(0)
X = RNG.normal(size=(72, 4)).astype("float32")
Y = (X.sum(1) > 0).astype("int64")
MLP = {"type": "mlp", "hidden": [8], "dropout": 0.3}
SMALL: dict[str, Any] = {
    "data": (X, Y),
    "framework": "tensorflow",
    "epochs": 2,
    "batch_size": 16,
    "executor": "inline",
    "verbose": False,
}
CROSS_ENTROPY = keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def by_hand(model, batch):
    x, y = batch
    outputs = model(x)
    return {"loss": CROSS_ENTROPY(y, outputs), "outputs": outputs, "size": tf.reduce_mean(outputs**2)}


def updating(model, x, y, optimizer):
    with tf.GradientTape() as tape:
        outputs = model(x)
        loss = CROSS_ENTROPY(y, outputs)
    weights = model.trainable_variables
    optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))
    return loss, outputs


@pytest.mark.parametrize("step", [by_hand, updating])
def test_supervised_learning_by_hand_gives_the_bits_of_the_built_in_recipe(step) -> None:
    more = {"loss": "cross_entropy"} if step is updating else {}
    built_in = tal.train(model=MLP, metrics=["accuracy"], **SMALL)
    own = tal.train(model=MLP, metrics=["accuracy"], train_step=step, **more, **SMALL)
    assert (own.state, own.record.exact) == ("completed", True), own.record.error
    assert own.checkpoints[-1].digest == built_in.checkpoints[-1].digest
    assert own.metrics()[built_in.metrics().columns].equals(built_in.metrics())


def test_a_vae_draws_from_the_runs_generator() -> None:
    encoder, decoder = keras.layers.Dense(4), keras.layers.Dense(4)

    class VAE(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.encoder, self.decoder = encoder, decoder

        def call(self, x):
            mean, log_var = tf.split(self.encoder(x), 2, axis=1)
            drawn = keras.random.normal(tf.shape(mean))
            return self.decoder(mean + drawn * tf.exp(log_var / 2)), mean, log_var

    def vae(model, x):
        decoded, mean, log_var = model(x)
        kl = 0.5 * tf.reduce_mean(mean**2 + tf.exp(log_var) - 1 - log_var)
        return {"loss": tf.reduce_mean((decoded - x) ** 2) + 0.1 * kl, "kl": kl}

    run = tal.train(model=VAE(), train_step=vae, **{**SMALL, "data": (X, X)})
    assert (run.state, run.record.exact) == ("completed", True), run.record.error
    assert {"train_kl", "val_kl"} <= set(run.metrics().columns)


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (lambda model, x: tf.reduce_mean(model(x), axis=1), "expected the loss as one number for the batch, got shape"),
        (lambda model: len(str(model)) * 0.0, "expected the loss as a tensor, got 0.0"),
        (lambda model, x: tf.stop_gradient(tf.reduce_mean(model(x))), "doesn't depend on a weight"),
    ],
)
def test_what_a_step_gives_that_cant_be_used(step, words) -> None:
    run = tal.train(model=MLP, train_step=step, **SMALL)
    with pytest.raises(TrainingFailed):
        run.wait(60)
    assert words in run.record.error.message


def test_a_compiled_model_brings_its_own_step() -> None:
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
    model.compile(optimizer="adam", loss="mse")
    with pytest.raises(ConfigurationError, match=r"train_step: the model is a compiled Keras model"):
        describe({"model": model, "data": (X, Y), "train_step": by_hand})


@pytest.mark.slow
def test_schedules_of_keras() -> None:
    schedule = PiecewiseConstantDecay([2], [0.1, 0.01])
    run = tal.train(model=MLP, scheduler=schedule, **SMALL)
    assert run.state == "completed", run.record.error
    assert run.metrics()["learning_rate"].tolist() == pytest.approx([0.01, 0.01])
    made = tal.train(
        model=MLP,
        learning_rate=0.1,
        scheduler=lambda optimizer, total_steps: CosineDecay(float(optimizer.learning_rate), total_steps),
        **SMALL,
    )
    built_in = tal.train(model=MLP, learning_rate=0.1, scheduler="cosine", **SMALL)
    assert made.metrics()["learning_rate"].tolist() == pytest.approx(
        built_in.metrics()["learning_rate"].tolist(), rel=1e-4
    )
