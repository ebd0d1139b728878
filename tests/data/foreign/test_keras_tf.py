"""Keras' ``PyDataset`` and ``tf.data``."""

from __future__ import annotations

import random
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.data.foreign.recognition import brings_batches
from tests.data.foreign.comparing import bits, taken_up
from tests.data.foreign.conftest import Load, Open

X = np.arange(60, dtype=np.float32).reshape(20, 3)
Y = np.arange(20) % 2


class Batches(keras.utils.PyDataset):
    """Five batches of four."""

    def __len__(self) -> int:
        return 5

    def __getitem__(self, index: int) -> Any:
        return X[4 * index : 4 * index + 4], Y[4 * index : 4 * index + 4]


class Drawing(Batches):
    def __getitem__(self, index: int) -> Any:
        x, y = super().__getitem__(index)
        return x + random.random(), y


class Growing(Batches):
    """Changes from epoch to epoch."""

    shift = 0.0

    def __getitem__(self, index: int) -> Any:
        x, y = super().__getitem__(index)
        return x + self.shift, y

    def on_epoch_end(self) -> None:
        self.shift += 1


class GrowingAndDrawing(Growing):
    def __getitem__(self, index: int) -> Any:
        x, y = super().__getitem__(index)
        return x + random.random(), y


def test_only_a_tf_data_set_of_samples_is_batched_by_us() -> None:
    samples = tf.data.Dataset.from_tensor_slices((X, Y))
    unknown = tf.data.Dataset.from_generator(lambda: iter([(X, Y)]), (tf.float32, tf.int64))
    assert not brings_batches(samples, 8)
    assert brings_batches(samples.batch(4), 8)
    assert brings_batches((samples.batch(4), samples.batch(4)), 8)
    assert not brings_batches((samples.batch(4), (X, Y)), 8)
    # Where all batches are full, their size is known, and may be told again.
    assert brings_batches(samples.batch(4, drop_remainder=True), 8)
    assert not brings_batches(samples.batch(8, drop_remainder=True), 8)
    assert brings_batches(unknown, 8)


@pytest.mark.parametrize("workers", [1, 2])
def test_batches_come_in_the_runs_own_order(opened: Open, workers: int) -> None:
    stream = opened(Batches(workers=workers), framework="tensorflow")
    epochs = [bits(stream.epoch(epoch, 0)) for epoch in (1, 2)]
    assert epochs[0] != epochs[1]
    assert sorted(epochs[0]) == sorted(epochs[1]) == sorted(bits(Batches()[i] for i in range(5)))
    assert taken_up(stream, opened(Batches(workers=workers)), 2, 3) == epochs[1][3:]
    assert (stream.resume, stream.steps_per_epoch, stream.inexact_because()) == ("exact", 5, None)


def test_one_that_draws_says_so_unless_nobody_else_can(opened: Open) -> None:
    assert "Drawing draws from generators that other cells" in str(opened(Drawing()).inexact_because())
    stream, again = opened(Drawing(), alone=True), opened(Drawing(), alone=True)
    assert taken_up(stream, again, 2, 3) == bits(stream.epoch(2, 0))[3:]
    assert again.inexact_because() is None


def test_one_that_follows_the_epochs_is_looked_at_as_well(opened: Open) -> None:
    assert opened(Growing()).inexact_because() is None
    assert "GrowingAndDrawing draws from generators" in str(opened(GrowingAndDrawing()).inexact_because())


def test_one_that_follows_the_epochs_is_told_of_each(opened: Open) -> None:
    stream, again = opened(Growing()), opened(Growing())
    first = next(stream.epoch(1, 0))
    epochs = [bits(stream.epoch(epoch, 0)) for epoch in (1, 2, 3)]
    batches = stream.epoch(4, 0)
    lowest = min(float(x.min()) for x, _ in (next(batches), next(batches), *batches))
    assert (first[0].min() >= 0, lowest) == (True, 3.0)
    rest = taken_up(opened(Growing()), again, 3, 2)
    assert rest == epochs[2][2:]
    assert (again.resume, again.inexact_because()) == ("replay", None)


def samples() -> Any:
    return tf.data.Dataset.from_tensor_slices((X, Y))


def test_samples_are_batched_and_batches_are_not(opened: Open) -> None:
    for data in (samples(), samples().batch(8), samples().batch(8, drop_remainder=False)):
        stream = opened(data, batch_size=8)
        assert [len(x) for x, _ in stream.epoch(1, 0)] == [8, 8, 4]
        assert stream.steps_per_epoch == 3
    assert [len(x) for x, _ in opened(samples().batch(8, drop_remainder=True)).epoch(1, 0)] == [8, 8]


def test_tensors_stay_where_they_are_understood(opened: Open) -> None:
    assert isinstance(opened(samples(), framework="tensorflow").first[0], tf.Tensor)
    assert isinstance(opened(samples(), framework="pytorch").first[0], np.ndarray)


def test_a_data_set_is_read_again_and_compared(opened: Open) -> None:
    stream, again = opened(samples().batch(4)), opened(samples().batch(4))
    assert taken_up(stream, again, 2, 3) == bits(stream.epoch(2, 0))[3:]
    assert (again.resume, again.inexact_because()) == ("replay", None)


def test_what_is_drawn_in_a_data_set_follows_the_runs_seed(opened: Open) -> None:
    def data() -> Any:
        noisy = samples().map(lambda x, y: (x + tf.random.uniform([3]), y), num_parallel_calls=1)
        return noisy.shuffle(20).repeat(2).batch(4)

    stream, again = opened(data()), opened(data())
    epochs = [bits(stream.epoch(epoch, 0)) for epoch in (1, 2)]
    assert not set(epochs[0]) & set(epochs[1])
    assert len(set(epochs[0])) == 10
    assert taken_up(stream, again, 2, 3) == epochs[1][3:]
    assert again.inexact_because() is None
    assert bits(opened(data(), seed=1).epoch(1, 0)) != epochs[0]


def test_an_order_that_was_asked_to_stay_stays(opened: Open) -> None:
    stream = opened(samples().shuffle(20, reshuffle_each_iteration=False).batch(4))
    assert bits(stream.epoch(1, 0)) == bits(stream.epoch(2, 0))


def test_a_data_set_that_draws_in_python_is_found_out(opened: Open) -> None:
    def draw() -> Any:
        for _ in range(20):
            yield np.full(3, random.random(), np.float32), 1

    def data() -> Any:
        spec = tf.TensorSpec([3], tf.float32), tf.TensorSpec([], tf.int64)
        return tf.data.Dataset.from_generator(draw, output_signature=spec).batch(4)

    again = opened(data())
    taken_up(opened(data()), again, 1, 3)
    assert again.inexact_because() == "the loader gave other batches when the epoch was read again"


def test_a_data_set_without_an_end(opened: Open, load: Load) -> None:
    stream = opened(samples().repeat().batch(8), steps_per_epoch=4)
    first, second = ([float(x[0, 0]) for x, _ in stream.epoch(epoch, 0)] for epoch in (1, 2))
    assert (first, second) == ([0, 24, 48, 12], [36, 0, 24, 48])


def test_three_parts_are_for_recipes_that_know_them(load: Load) -> None:
    data = tf.data.Dataset.from_tensor_slices((X, Y, np.ones(20, np.float32)))
    with pytest.raises(ConfigurationError, match="gave a tuple of 3"):
        load(data)
    assert load(data, recipe="keras", framework="tensorflow").signature.input_shape == (3,)
