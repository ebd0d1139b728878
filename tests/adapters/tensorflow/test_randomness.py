from __future__ import annotations

import random

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.adapters.tensorflow.bench import Bench, numbers


def noisy() -> keras.Model:
    return keras.Sequential(
        [keras.layers.Dense(8), keras.layers.Dropout(0.3), keras.layers.GaussianNoise(0.1), keras.layers.Dense(3)]
    )


class Drawing(keras.Model):
    """Adds noise from wherever it is told to."""

    def __init__(self, draw) -> None:
        super().__init__()
        self.last = keras.layers.Dense(3)
        self.draw = draw

    def call(self, inputs, training=None):
        return self.last(inputs + self.draw(tf.shape(inputs)) if training else inputs)


def disturb() -> None:
    """What another cell may do."""
    keras.utils.set_random_seed(7)
    tf.random.normal((3,))
    keras.random.normal((3,))
    noisy().build((None, 4))


def test_other_cells_draw_and_reseed_meanwhile() -> None:
    left_alone, disturbed = Bench({"model": noisy}), None
    losses = [left_alone.learn(2), left_alone.learn(2, first=2)]
    disturb()
    disturbed = Bench({"model": noisy})
    assert disturbed.learn(2) == losses[0]
    disturb()
    assert disturbed.learn(2, first=2) == losses[1]
    assert numbers(disturbed.save()) == numbers(left_alone.save())


def test_a_run_moves_nobody_elses_generators() -> None:
    keras.utils.set_random_seed(7)
    expected = [random.random(), np.random.default_rng(0).random(), *keras.random.normal((2,)).numpy()]
    keras.utils.set_random_seed(7)
    Bench({"model": noisy}).learn(2)
    assert [random.random(), np.random.default_rng(0).random(), *keras.random.normal((2,)).numpy()] == expected


def test_the_seed_decides() -> None:
    first, second = (numbers(Bench({"model": noisy}, seed=seed).save()) for seed in (0, 1))
    differing = {name for name in first if first[name] != second[name]}
    assert {"model.dense.kernel", "$keras.model.0", "$keras.model.1", "$shared"} <= differing


def test_models_that_were_made_in_a_cell_begin_alike() -> None:
    # Keras draws the seeds of their initializers and dropout when they are made, from Python's generator.
    one, other = (Bench({"model": noisy()}) for _ in range(2))
    assert numbers(one.save()) == numbers(other.save())


def test_seeds_that_somebody_gave_are_kept() -> None:
    model = keras.Sequential([keras.layers.Dropout(0.5, seed=11), keras.layers.Dense(3)])
    Bench({"model": model})
    assert model.layers[0].seed_generator.state.numpy().tolist() == [11, 0]


def from_a_kernel(shape):
    return tf.random.uniform(shape)


def from_everybodys(shape):
    return tf.random.get_global_generator().normal(shape)


def from_python(shape):
    return tf.reshape(tf.py_function(tf.zeros, [shape], tf.float32), shape)


def from_the_thread(shape):
    return keras.random.normal(shape)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("draw", "in_a_thread", "in_a_process"),
    [
        (from_a_kernel, "RandomUniform (tf.random) draws from a state that no checkpoint can hold", "RandomUniform"),
        (from_everybodys, "get_global_generator() draws from a generator that other cells share", None),
        (from_python, "tf.py_function runs in Python", "tf.py_function"),
        (from_the_thread, None, None),
    ],
)
def test_what_cannot_be_repeated_is_named(draw, in_a_thread: str | None, in_a_process: str | None) -> None:
    for owns_process, reason in ((False, in_a_thread), (True, in_a_process)):
        found = Bench({"model": lambda: Drawing(draw)}, owns_process=owns_process).adapter.inexact_because()
        assert (found is None) == (reason is None), found
        assert reason is None or reason in found


def test_evaluation_leaves_no_trace_where_dropout_stays_on() -> None:
    class Unsure(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.drop = keras.layers.Dropout(0.5)
            self.last = keras.layers.Dense(3)

        def call(self, inputs):
            return self.last(self.drop(inputs, training=True))

    made = Bench({"model": Unsure})
    before = numbers(made.save())
    first = made.outputs()
    assert np.array_equal(first, made.outputs())
    assert numbers(made.save()) == before
