"""Models that give probabilities, trained with a loss of Keras' that takes them: shown and predicted as logits."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import losses

from dltrainer_jupyter.adapters.tensorflow.adapter import TensorFlowAdapter
from dltrainer_jupyter.adapters.tensorflow.probabilities import takes_probabilities
from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.protocols import Samples, Signature, StepOutput
from dltrainer_jupyter.recipes.supervised import Supervised
from tests.adapters.tensorflow.bench import SIGNATURE, WINE, Bench, numbers

TWO = Signature(task="classification", input_shape=(13,), outputs=2)
MIXED = np.random.default_rng(0).permutation(len(WINE))
OF_TWO = Samples(WINE.inputs[MIXED], (WINE.targets[MIXED] > 0).astype(np.int64))


def net(width: int, activation: str | None = None) -> keras.Model:
    return keras.Sequential([keras.Input((13,)), keras.layers.Dense(width, activation=activation)])


def measured(made: Bench) -> StepOutput:
    with made.adapter.evaluation(made.state) as state:
        return made.adapter.eval_step(made.recipe, state, made.batch(0))


def assert_shown_as_predicted(made: Bench, signature: Signature, probabilities: Callable[[Any], Any]) -> None:
    """Expect that undoing the logits gives what the model does, in the metrics' sight as in predictions."""
    shown, inputs = measured(made).outputs, made.batch(0).inputs.numpy()
    predictor = TensorFlowAdapter.predictor(made.spec, made.objects, signature, made.save().weights)
    expected = made.state.nets["model"](inputs)
    np.testing.assert_allclose(probabilities(shown), expected, atol=1e-5)
    np.testing.assert_allclose(predictor.outputs(inputs), shown, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    "loss",
    [
        losses.SparseCategoricalCrossentropy(),
        losses.SparseCategoricalCrossentropy,
        losses.sparse_categorical_crossentropy,
    ],
)
def test_a_softmax_is_not_applied_twice(loss: Any) -> None:
    made = Bench({"model": net(3, "softmax"), "loss": loss})
    made.learn(3)
    assert_shown_as_predicted(made, SIGNATURE, tf.nn.softmax)


@pytest.mark.parametrize(
    ("loss", "activation"),
    [
        (losses.BinaryCrossentropy(), "sigmoid"),
        (losses.BinaryFocalCrossentropy(), "sigmoid"),
        (losses.binary_crossentropy, "sigmoid"),
        (losses.BinaryCrossentropy(from_logits=True), None),
    ],
)
def test_two_classes_told_apart_by_one_output(loss: Any, activation: str | None) -> None:
    made = Bench({"model": net(1, activation), "loss": loss}, samples=OF_TWO, signature=TWO, learning_rate=0.3)
    made.learn(30)
    output = measured(made)
    assert output.outputs.shape == output.targets.shape == (32, 1)
    # A threshold at 0 tells the classes apart, as it does with logits.
    assert np.mean((output.outputs.numpy() > 0) == output.targets.numpy()) > 0.9
    assert_shown_as_predicted(made, TWO, tf.nn.sigmoid if activation else tf.identity)


def test_three_classes_need_more_than_one_output() -> None:
    with pytest.raises(ConfigurationError, match="labels up to 2, but the model has 1 outputs; give it 3"):
        Bench({"model": net(1, "sigmoid"), "loss": losses.BinaryCrossentropy()})


@pytest.mark.parametrize(
    ("loss", "expected"),
    [
        (losses.CategoricalCrossentropy(), True),
        (losses.CategoricalCrossentropy(from_logits=True), False),
        (partial(losses.sparse_categorical_crossentropy, ignore_class=2), True),
        (partial(losses.sparse_categorical_crossentropy, from_logits=True), False),
        (losses.MeanSquaredError(), False),
        (lambda targets, outputs: targets - outputs, False),
        (None, False),
    ],
)
def test_what_a_loss_takes(loss: Any, expected: bool) -> None:
    assert takes_probabilities(loss) is expected


def test_the_outputs_of_a_recipe_of_ones_own_are_left_to_it() -> None:
    own = Supervised(Supervised.Config())
    made = Bench({"model": net(3, "softmax"), "loss": losses.SparseCategoricalCrossentropy(), "recipe": own})
    np.testing.assert_allclose(measured(made).outputs, made.state.nets["model"](WINE.inputs[:32]), rtol=1e-6)


# --- probabilities where logits are wanted ------------------------------------------------------------------


class Inside(keras.Model):
    def __init__(self, last: Callable[[Any], Any], **settings: Any) -> None:
        super().__init__(**settings)
        self.dense, self.noise, self.last = keras.layers.Dense(3), keras.layers.Dropout(0.5), last

    def call(self, x: Any, training: bool = False) -> Any:
        return self.last(self.dense(self.noise(x, training=training)))


@pytest.mark.parametrize("settings", [{}, {"loss": {"type": "cross_entropy"}}])
def test_a_softmax_inside_of_a_model_is_seen_by_what_comes_out(settings: Any) -> None:
    with pytest.raises(ConfigurationError, match="model: its outputs are probabilities already.*leave it out"):
        Bench({"model": Inside(keras.ops.softmax)}, **settings)
    with pytest.raises(ConfigurationError, match="model: its outputs are probabilities already"):
        Bench({"model": lambda: Inside(keras.ops.softmax, dtype="mixed_bfloat16")}, precision="bf16-mixed")


@pytest.mark.parametrize("last", [keras.ops.sigmoid, keras.ops.log_softmax, keras.ops.relu])
def test_other_outputs_are_let_pass(last: Callable[[Any], Any]) -> None:
    assert Bench({"model": Inside(last)}).learn(1)[0] > 0


def test_looking_at_outputs_changes_nothing() -> None:
    made = Bench({"model": Inside(keras.activations.linear)})
    before = numbers(made.save())
    made.adapter.check(made.recipe, made.state, made.batch(1))
    assert numbers(made.save()) == before
