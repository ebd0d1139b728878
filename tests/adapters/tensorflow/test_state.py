from __future__ import annotations

import keras
import pytest
import tensorflow as tf

from dltrainer_jupyter.adapters.tensorflow.arrays import from_raw, to_raw
from dltrainer_jupyter.adapters.tensorflow.naming import named_slots, named_weights
from dltrainer_jupyter.core.errors import CheckpointError
from tests.adapters.tensorflow.bench import Bench, numbers


class Remembering(keras.Model):
    """Dropout, batch statistics, noise without a seed, and variables that Keras doesn't list."""

    def __init__(self) -> None:
        super().__init__()
        self.first = keras.layers.Dense(8, activation="relu")
        self.norm = keras.layers.BatchNormalization()
        self.drop = keras.layers.Dropout(0.3)
        self.last = keras.layers.Dense(3)
        self.calls = {"of training": tf.Variable(0.0, trainable=False), "half": tf.Variable([0.5], dtype=tf.float16)}

    def call(self, inputs, training=None):
        if training:
            inputs = inputs + 0.1 * keras.random.normal(tf.shape(inputs))
            self.calls["of training"].assign_add(1.0)
        hidden = self.drop(self.norm(self.first(inputs), training=training), training=training)
        # A memory that changes what is learned.
        return self.last(hidden) * (1 + 0.1 * self.calls["of training"])


EVERYTHING = {
    "optimizer": "adamw",
    "ema": 0.9,
    "gradient_accumulation": 4,
    "gradient_clipping": 0.1,
    "learning_rate": 0.01,
}


# --- arrays -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "dtype", [tf.float64, tf.float32, tf.float16, tf.bfloat16, tf.int64, tf.int32, tf.uint8, tf.bool, tf.complex64]
)
@pytest.mark.parametrize("shape", [(), (3,), (2, 0), (2, 3)])
def test_arrays_come_back_bit_for_bit(dtype: tf.DType, shape: tuple[int, ...]) -> None:
    variable = tf.Variable(tf.cast(tf.fill(shape, 1.7), dtype))
    raw = to_raw(variable, "x")
    before = variable.numpy()
    variable.assign(tf.zeros(shape, dtype))
    back = from_raw(raw)
    assert (back.shape, raw.shape) == (shape, shape)
    assert back.tobytes() == before.tobytes()
    assert tf.convert_to_tensor(back).dtype == dtype


def test_what_a_file_cannot_hold_is_refused_by_name() -> None:
    with pytest.raises(CheckpointError, match=r"'words' is a string tensor, which a checkpoint can't hold"):
        to_raw(tf.constant(["a"]), "words")


# --- names ------------------------------------------------------------------------------------------------


def nested() -> keras.Model:
    inner = keras.Sequential([keras.layers.Dense(2), keras.layers.Dense(2)])
    inputs = keras.Input((4,))
    made = keras.Model(inputs, keras.layers.Dense(2, name="block_7")(inner(keras.layers.Dense(4)(inputs))))
    made.build((None, 4))
    return made


def test_names_do_not_depend_on_what_was_made_before() -> None:
    first, second = nested(), nested()
    assert list(named_weights(first)) == list(named_weights(second))
    assert {"block_7.kernel", "dense.kernel", "dense.bias"} <= named_weights(first).keys()
    assert len(named_weights(first)) == len(first.weights) == 8
    optimizers = [keras.optimizers.Adam(), keras.optimizers.Adam()]
    names = []
    for net, optimizer in zip((first, second), optimizers, strict=True):
        optimizer.build(net.trainable_variables)
        names.append(list(named_slots(optimizer, named_weights(net).items())))
    assert names[0] == names[1]
    assert {"iteration", "learning_rate", "block_7.kernel.momentum", "dense.bias.velocity"} <= set(names[0])


# --- going on ---------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_going_on_in_the_middle_of_everything() -> None:
    undisturbed = Bench({"model": Remembering}, **EVERYTHING)
    undisturbed.learn(6)
    saved = undisturbed.save()
    kept = numbers(saved)
    losses = undisturbed.learn(7, first=6)

    resumed = Bench({"model": Remembering}, **EVERYTHING)
    resumed.learn(3)
    resumed.load(saved)
    assert numbers(resumed.save()) == kept == numbers(saved)
    assert resumed.learn(7, first=6) == losses
    assert numbers(resumed.save()) == numbers(undisturbed.save())
    assert resumed.adapter.inexact_because() is None


@pytest.mark.slow
def test_going_on_without_having_tried_a_batch() -> None:
    undisturbed = Bench({"model": Remembering}, **EVERYTHING)
    undisturbed.learn(2)
    saved = undisturbed.save()
    untried = Bench({"model": Remembering}, tries=False, **EVERYTHING)
    untried.load(saved)
    assert untried.learn(3, first=2) == undisturbed.learn(3, first=2)


def test_saving_in_the_middle_of_an_evaluation_saves_what_is_trained() -> None:
    made = Bench({"model": Remembering}, **EVERYTHING)
    made.learn(9)
    before = numbers(made.save())
    with made.adapter.evaluation(made.state) as measured:
        made.adapter.eval_step(made.recipe, measured, made.batch(0))
        assert numbers(made.save()) == before
    assert numbers(made.save()) == before


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"model": {"type": "mlp", "hidden": [9]}},
            r"of another model: 'model.linear1.kernel' is \(13, 8\) float32 there",
        ),
        (
            {"model": {"type": "mlp", "hidden": [8, 8]}},
            r"of another model: it lacks model.linear2.bias, model.linear2.ker",
        ),
        ({"optimizer": "sgd"}, r"of another optimizer: it has besides optimizer.linear1.bias.moment"),
        ({"gradient_accumulation": 2}, r"of another optimizer: it lacks \$batches.optimizer"),
        ({"ema": 0.9}, "The checkpoint has no moving average of the weights"),
    ],
)
def test_what_does_not_fit_is_refused_before_anything_is_written(settings, message: str) -> None:
    saved = Bench(optimizer="adam").save()
    other = Bench(**{"optimizer": "adam"} | settings)
    before = numbers(other.save())
    with pytest.raises(CheckpointError, match=message):
        other.load(saved)
    assert numbers(other.save()) == before


def test_more_gradients_wait_than_make_an_update_here() -> None:
    one, other = Bench(gradient_accumulation=4), Bench(gradient_accumulation=2)
    one.learn(3)
    with pytest.raises(CheckpointError, match="gradients of 3 batches that wait for an update, and this run makes one"):
        other.load(one.save())
