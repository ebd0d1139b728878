"""A run equals ``model.fit`` on the same batches."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from dltrainer_jupyter import tal
from tests.parity.conftest import BATCH_SIZE, RATE, Task


def _model(task: Task) -> keras.Model:
    model = keras.Sequential([keras.Input((13,)), keras.layers.Dense(24, activation="relu"), keras.layers.Dense(3)])
    model.set_weights([task.weights[name] for name in ("w1", "b1", "w2", "b2")])
    return model


def _compiled(task: Task) -> keras.Model:
    model = _model(task)
    model.compile(
        optimizer=keras.optimizers.Adam(RATE, epsilon=1e-8),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    return model


@pytest.fixture(scope="module")
def fitted(task: Task) -> keras.Model:
    """Train with Keras's own loop, on the batches of the product's order."""
    model = _compiled(task)
    order, count = np.concatenate(task.order()), len(task.inputs)
    for start in range(0, len(order), count):
        epoch = order[start : start + count]
        model.fit(task.inputs[epoch], task.targets[epoch], batch_size=BATCH_SIZE, shuffle=False, verbose=0)
    return model


def test_a_compiled_model_equals_fit(task: Task, fitted: keras.Model) -> None:
    """Keras's own arithmetic, in the same order: no bit differs."""
    settings = {
        key: value for key, value in task.settings().items() if key not in ("optimizer", "loss", "learning_rate")
    }
    run = tal.train(model=_compiled(task), **settings).wait()
    for ours, theirs in zip(run.last.model().get_weights(), fitted.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_a_portable_recipe_equals_fit(task: Task, fitted: keras.Model) -> None:
    """Loss and optimizer by name."""
    run = tal.train(model=_model(task), **task.settings()).wait()
    for ours, theirs in zip(run.last.model().get_weights(), fitted.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)
