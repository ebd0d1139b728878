"""What is seen of Keras models of any make."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest

from dltrainer_jupyter import tal
from dltrainer_jupyter.core.states import State
from dltrainer_jupyter.tal import Run

RNG = np.random.default_rng(0)
DATA = RNG.normal(size=(200, 5, 4)).astype(np.float32), RNG.integers(0, 2, 200)


class Own(keras.Model):
    def __init__(self) -> None:
        super().__init__()
        self.flat, self.first, self.drop = keras.layers.Flatten(), keras.layers.Dense(8), keras.layers.Dropout(0.5)
        self.norm = keras.layers.BatchNormalization()
        self.out = keras.layers.Dense(2, activation="softmax", activity_regularizer="l2")

    def call(self, x: Any, training: bool = False) -> Any:
        kept = self.first(self.flat(x))
        return self.out(kept + keras.ops.relu(self.drop(self.norm(kept, training=training), training=training)))


def recurrent() -> keras.Model:
    return keras.Sequential([keras.layers.LSTM(5), keras.layers.Dense(2, activation="softmax")])


def _trained(make: Callable[[], Any], *, eager: bool, histograms: bool) -> Run:
    keras.utils.set_random_seed(0)
    model = make()
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"], run_eagerly=eager)
    return tal.train(model, data=DATA, epochs=2, batch_size=64, executor="inline", verbose=False, histograms=histograms)


@pytest.mark.slow
@pytest.mark.parametrize(("make", "eager"), [(Own, False), (Own, True), (recurrent, False)])
def test_a_compiled_model_trains_to_the_same_bits(make: Callable[[], Any], eager: bool) -> None:
    without, looked = (_trained(make, eager=eager, histograms=histograms) for histograms in (False, True))
    assert looked.state == State.COMPLETED
    assert [event.kind for event in looked.store.events(looked.id) if event.kind == "not_measured"] == []
    assert looked.last.record.digest == without.last.record.digest
    assert [record.values for record in looked.store.epochs(looked.id)] == [
        record.values for record in without.store.epochs(without.id)
    ]
    assert looked.store.histograms(looked.id, kind="activations")


@pytest.mark.slow
def test_functions_between_layers_pass_on_what_they_were_given() -> None:
    run = _trained(Own, eager=False, histograms=True)
    nodes = {node.name: node for node in run.store.graph(run.id)}
    assert set(nodes["model/dense_1"].inputs) == {"model/dense", "model/dropout"}
    assert nodes["model/dense"].parameters == 20 * 8 + 8
    assert nodes["model/dense_1"].shape == (2,)


@pytest.mark.slow
def test_a_layer_that_loops_is_seen_as_a_whole() -> None:
    run = _trained(recurrent, eager=False, histograms=True)
    nodes = {node.name: node for node in run.store.graph(run.id)}
    assert list(nodes) == ["input", "model/lstm", "model/dense"]
    assert nodes["model/lstm"].parameters == 4 * (4 * 5 + 5 * 5 + 5)
    assert nodes["model/dense"].inputs == ("model/lstm",)
