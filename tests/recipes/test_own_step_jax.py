"""A person's own training step on JAX, where it is traced."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax import nnx

from dltrainer_jupyter import tal
from dltrainer_jupyter.core.errors import TrainingFailed

RNG = np.random.default_rng(0)
X = RNG.normal(size=(72, 4)).astype("float32")
Y = (X.sum(1) > 0).astype("int64")
MLP = {"type": "mlp", "hidden": [8], "dropout": 0.3}
SMALL: dict[str, Any] = {
    "data": (X, Y),
    "framework": "jax",
    "epochs": 2,
    "batch_size": 16,
    "executor": "inline",
    "verbose": False,
}


def cross_entropy(outputs, y):
    return optax.softmax_cross_entropy_with_integer_labels(outputs, y).mean()


def by_hand(model, batch):
    x, y = batch
    outputs = model(x)
    return {"loss": cross_entropy(outputs, y), "outputs": outputs, "size": jnp.square(outputs).mean()}


def by_operations(state, batch, ops):
    def objective(nets):
        outputs = nets["model"](batch.inputs)
        return cross_entropy(outputs, batch.targets), outputs

    state, loss, outputs = ops.update(state, objective, wrt="model", using="optimizer")
    return state, (loss, outputs)


@pytest.mark.slow
@pytest.mark.parametrize("step", [by_hand, by_operations])
def test_supervised_learning_by_hand_gives_the_bits_of_the_built_in_recipe(step) -> None:
    built_in = tal.train(model=MLP, metrics=["accuracy"], **SMALL)
    own = tal.train(model=MLP, metrics=["accuracy"], train_step=step, **SMALL)
    assert (own.state, own.record.exact) == ("completed", True), own.record.error
    assert own.checkpoints[-1].digest == built_in.checkpoints[-1].digest
    assert own.metrics()[built_in.metrics().columns].equals(built_in.metrics())


@pytest.mark.slow
def test_a_vae_draws_from_keys_of_its_state() -> None:
    class VAE(nnx.Module):
        def __init__(self, rngs: nnx.Rngs) -> None:
            self.encoder, self.decoder = nnx.Linear(4, 4, rngs=rngs), nnx.Linear(2, 4, rngs=rngs)
            self.noise = rngs.fork()

        def __call__(self, x):
            mean, log_var = jnp.split(self.encoder(x), 2, axis=1)
            drawn = jax.random.normal(self.noise.draw(), mean.shape)
            return self.decoder(mean + drawn * jnp.exp(log_var / 2)), mean, log_var

    def vae(model, x):
        decoded, mean, log_var = model(x)
        kl = 0.5 * (mean**2 + jnp.exp(log_var) - 1 - log_var).sum(1).mean()
        return {"loss": jnp.square(decoded - x).mean() + 0.1 * kl, "kl": kl}

    runs = [tal.train(model=VAE, train_step=vae, **{**SMALL, "data": (X, X)}) for _ in range(2)]
    assert [run.state for run in runs] == ["completed"] * 2, runs[0].record.error
    assert runs[0].checkpoints[-1].digest == runs[1].checkpoints[-1].digest
    assert {"train_kl", "val_kl"} <= set(runs[0].metrics().columns)


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (lambda model, x: model(x).mean(1), "expected the loss as one number for the batch, got shape (16,)"),
        (lambda model: len(str(model)) * 0.0, "expected the loss as a tensor, got 0.0"),
    ],
)
def test_what_a_step_gives_that_cant_be_used(step, words) -> None:
    run = tal.train(model=MLP, train_step=step, **SMALL)
    with pytest.raises(TrainingFailed):
        run.wait(60)
    assert words in run.record.error.message


def test_what_a_step_raises_shows_its_own_line() -> None:
    def stumbling(model, x):
        msg = "mine"
        raise KeyError(msg)

    run = tal.train(model=MLP, train_step=stumbling, **SMALL)
    assert "raise KeyError(msg)" in run.record.error.traceback


def test_schedules_of_optax() -> None:
    schedule = optax.linear_schedule(0.1, 0.0, 8)
    run = tal.train(model=MLP, scheduler=schedule, **SMALL)
    assert run.state == "completed", run.record.error
    # The rate of an epoch is that of its last step, of four.
    assert run.metrics()["learning_rate"].tolist() == pytest.approx([float(schedule(3)), float(schedule(7))])
    made = tal.train(model=MLP, scheduler=lambda total_steps: optax.linear_schedule(0.1, 0.0, total_steps), **SMALL)
    assert made.checkpoints[-1].digest == run.checkpoints[-1].digest
