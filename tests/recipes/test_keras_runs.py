"""Runs of Keras models as people start them: in a thread, in a process, left and taken up again."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers
from sklearn.datasets import load_wine

from dltrainer_jupyter import tal
from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.tal import Run
from tests.halfway import held_at_call
from tests.waiting import until

X, Y = load_wine(return_X_y=True)
X = ((X - X.mean(0)) / X.std(0)).astype("float32")


def model_of_a_notebook() -> keras.Model:
    class Notebook(keras.Model):
        """A class that no other process can import, with dropout, and a step and a metric of its own."""

        def __init__(self) -> None:
            super().__init__()
            self.net = keras.Sequential([layers.Input((13,)), layers.Dense(8), layers.Dropout(0.3), layers.Dense(3)])
            self.norm = keras.metrics.Mean(name="norm")

        def call(self, x: Any, training: bool = False) -> Any:
            return self.net(x, training=training)

        def train_step(self, data: Any) -> dict[str, Any]:
            x, y = data
            with tf.GradientTape() as tape:
                loss = self.compute_loss(x, y, self(x, training=True))
            gradients = tape.gradient(loss, self.trainable_variables)
            self.optimizer.apply(gradients, self.trainable_variables)
            self.norm.update_state(tf.linalg.global_norm(gradients))
            return {"loss": loss, "norm": self.norm.result()}

    keras.utils.set_random_seed(3)
    model = Notebook()
    model.compile(keras.optimizers.Adam(1e-2), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return model


def train(model: keras.Model, **settings: Any) -> Run:
    return tal.train(**{"model": model, "data": (X, Y), "epochs": 3, "batch_size": 4, "verbose": False} | settings)


def assert_alike(run: Run, other: Run) -> None:
    assert run.state == other.state == "completed"
    assert run.checkpoints[-1].digest == other.checkpoints[-1].digest
    assert run.metrics().equals(other.metrics())
    np.testing.assert_array_equal(run.curve("train_loss")[1], other.curve("train_loss")[1])
    assert run.record.exact
    assert other.record.exact


@pytest.mark.slow
def test_a_run_that_is_paused_and_goes_on_in_another_process() -> None:
    model = model_of_a_notebook()
    before = [weight.copy() for weight in model.get_weights()]
    undisturbed = train(model, epochs=10).wait(60)
    with held_at_call(1) as there:
        disturbed = train(model, epochs=10)
        assert there.wait(60)
        pause = disturbed.pause()
    pause.wait(60)
    assert disturbed.state == "paused"
    with held_at_call(1) as there:
        disturbed.resume().wait(60)
        assert there.wait(60)
        suspension = disturbed.suspend()
    suspension.wait(60)
    until(lambda: disturbed.state == "suspended", 60)
    assert 0 < disturbed.step < undisturbed.step
    disturbed.resume(executor="process")
    disturbed.wait(120)
    assert_alike(undisturbed, disturbed)
    assert {"train_loss", "train_norm", "val_loss"} <= set(undisturbed.metrics().columns)
    # The run trained a copy.
    for now, then in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(now, then)
    best = undisturbed.best.model()
    assert best is not model
    assert type(best).__name__ == "Notebook"
    assert (undisturbed.best.predict(X) == Y).mean() > 0.9


@pytest.mark.slow
def test_a_run_whose_settings_were_left_out_is_cloned_with_them_left_out() -> None:
    run = train(model_of_a_notebook(), epochs=1).wait(60)
    assert_alike(run, run.clone().wait(60))
    with pytest.raises(ConfigurationError, match="optimizer: the model brings its own"):
        run.clone(optimizer="adam")


def test_a_model_that_brings_its_loss_gets_no_other() -> None:
    model = model_of_a_notebook()
    with pytest.raises(ConfigurationError, match=r"^loss: the model brings its own; leave loss out, or pass recipe="):
        train(model, loss="cross_entropy")
    with pytest.raises(ConfigurationError, match=r"^optimizer: the model brings its own"):
        train(model, optimizer=keras.optimizers.SGD())
    spec, _ = tal.describe({"model": model, "data": (X, Y)})
    assert (spec.recipe.type, spec.framework) == ("keras", "tensorflow")
    spec, _ = tal.describe({"model": model, "data": (X, Y), "recipe": "supervised", "loss": "cross_entropy"})
    assert spec.recipe.type == "supervised"


def test_predictions_of_a_model_that_ends_in_probabilities() -> None:
    keras.utils.set_random_seed(3)
    model = keras.Sequential([layers.Input((13,)), layers.Dense(1, activation="sigmoid")])
    model.compile(keras.optimizers.Adam(0.05, use_ema=True), "binary_crossentropy", metrics=["accuracy"])
    run = train(model, data=(X, (Y > 0).astype(int)), metrics=["f1"]).wait(60)
    assert (run.best.predict(X) == (Y > 0)).mean() > 0.9
    np.testing.assert_allclose(run.last.predict_proba(X)[:, 1:], run.last.model()(X), rtol=1e-4, atol=1e-6)
    assert run.metrics()["val_f1"].iloc[-1] > 0.8
    assert np.trace(run.confusion()) > 0.8 * run.confusion().to_numpy().sum()


def test_a_model_that_cannot_be_packed_is_bound_to_the_kernel(capsys: pytest.CaptureFixture[str]) -> None:
    model = model_of_a_notebook()
    model.table = tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(["a"], [1]), 0)
    run = train(model, epochs=1, verbose=True).wait(60)
    assert run.state == "completed"
    assert (
        "This run can't outlive this process: model can't be pickled (it holds a lookup table"
        in capsys.readouterr().err
    )
    with pytest.raises(ConfigurationError, match=r"^executor: 'process' needs objects that can be pickled, but model"):
        train(model, executor="process")


def test_an_average_takes_the_weights_place_in_the_last_checkpoint_of_a_run_that_stops_early() -> None:
    """As at the end of ``fit``, whatever ended the training."""
    model = keras.Sequential([layers.Input((13,)), layers.Dense(3)])
    optimizer = keras.optimizers.SGD(0.1, use_ema=True, ema_momentum=0.9)
    model.compile(optimizer, keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    stopping = {"patience": 1, "min_delta": 100.0}
    run = train(model, epochs=50, early_stopping=stopping, executor="inline").wait(60)
    assert run.epoch == 2
    from safetensors.numpy import load_file

    path = run.last.record.path
    weights, state = load_file(f"{path}/weights.safetensors"), load_file(f"{path}/optimizer.safetensors")
    kernel = next(value for name, value in weights.items() if name.endswith("kernel"))
    average = next(value for name, value in state.items() if "average" in name and value.shape == kernel.shape)
    np.testing.assert_array_equal(kernel, average)
