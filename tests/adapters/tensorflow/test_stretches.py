"""Several steps in one call give the bits of single steps, however they are split."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from dltrainer_jupyter.adapters.tensorflow import stretches
from dltrainer_jupyter.core.protocols import SeveralSteps
from dltrainer_jupyter.recipes.keras_model import KerasModel
from dltrainer_jupyter.recipes.supervised import Supervised
from dltrainer_jupyter.testing.adapter_stretches import RATES, check_splits
from tests.adapters.tensorflow.bench import BATCH, WINE, Bench, Slowing


def own(kind: type[keras.Sequential] = keras.Sequential, **compiled: Any) -> Bench:
    """Make a compiled model of somebody's, with the same weights each time."""
    keras.utils.set_random_seed(3)
    stack = [layers.Dense(8, activation="relu"), layers.Dropout(0.3, seed=3), layers.BatchNormalization()]
    model = kind([layers.Input((13,)), *stack, layers.Dense(3)])
    usual = {
        "optimizer": keras.optimizers.Adam(1e-2),
        "loss": keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        "metrics": ["accuracy", keras.metrics.SparseTopKCategoricalAccuracy(2)],
        "loss_weights": [0.5],
    }
    model.compile(**usual | compiled)
    return Bench({"model": model, "recipe": KerasModel(KerasModel.Config())})


def with_all_wishes() -> Bench:
    """Whatever an update can be asked for at once."""
    model = {"type": "mlp", "hidden": [8], "dropout": 0.3, "batch_norm": True}
    asked = {"gradient_clipping": {"norm": 0.5}, "gradient_accumulation": 3, "ema": 0.9, "on_nan": "skip"}
    return Bench(model=model, optimizer="adamw", **asked)


def following() -> Bench:
    """An optimizer with a schedule of its own, which also averages weights."""
    decay = keras.optimizers.schedules.ExponentialDecay(0.1, 3, 0.5)
    return own(optimizer=keras.optimizers.SGD(decay, momentum=0.9, use_ema=True))


def compiled_by_xla() -> Bench:
    return own(jit_compile=True, optimizer=keras.optimizers.SGD(0.1))


def slowing() -> Bench:
    return own(Slowing)


class Counting(Supervised):
    """Keeps a number of its own, by which it weighs the loss."""

    def build(self, context: Any) -> Any:
        state = super().build(context)
        state.extra["seen"] = np.float32(0)
        return state

    def train_step(self, state: Any, batch: Any, ops: Any) -> Any:
        state.extra = {"seen": state.extra["seen"] + tf.cast(batch.size, tf.float32)}
        state, output = super().train_step(state, batch, ops)
        return state, output._replace(loss=output.loss + state.extra["seen"])


def counting() -> Bench:
    return Bench({"recipe": Counting(Supervised.Config())})


@pytest.mark.slow
@pytest.mark.parametrize(
    ("make", "rates"),
    [
        (own, None),
        (own, RATES),
        (following, None),
        (compiled_by_xla, None),
        (slowing, None),
        (slowing, RATES),
        (counting, None),
    ],
)
def test_any_split_gives_the_bits_of_single_steps(make: Callable[[], Bench], rates: Any) -> None:
    check_splits(make(), rates)


def test_losses_outputs_and_targets_stand_in_the_order_of_the_steps() -> None:
    made = Bench()
    output = made.stretch(3)
    assert (output.loss.shape, output.outputs.shape, output.size) == ((3,), (3 * BATCH, 3), BATCH)
    np.testing.assert_array_equal(made.adapter.arrays([output.targets]), WINE.targets[: 3 * BATCH])


def test_the_last_rate_stays_in_force_and_without_rates_the_one_before() -> None:
    made = Bench()
    optimizer = made.state.optimizers["optimizer"]
    for rates, left in ((RATES[:3], RATES[2]), (None, RATES[2]), ([0.3] * 3, 0.3), ([0.2], 0.2)):
        made.steps = 0
        made.stretch(3 if rates is None else len(rates), rates)
        assert float(optimizer.learning_rate) == np.float32(left)
    # One that follows a schedule of its own isn't touched.
    following().stretch(3, RATES[:3])


def test_steps_are_traced_once() -> None:
    looks = []

    class Looked(keras.layers.Layer):
        def call(self, inputs: Any) -> Any:
            looks.append(1)
            return inputs

    made = Bench({"model": lambda: keras.Sequential([keras.Input((13,)), Looked(), layers.Dense(3)])})
    before = len(looks)
    made.stretch(2, RATES[:2])
    made.stretch(3, RATES[2:])
    made.steps = 0
    made.stretch(4)
    assert len(looks) == before


def drawing_from_a_kernel() -> Bench:
    class Noisy(keras.layers.Layer):
        def call(self, inputs: Any) -> Any:
            return inputs + tf.random.normal(tf.shape(inputs))

    return Bench({"model": lambda: keras.Sequential([keras.Input((13,)), Noisy(), layers.Dense(3)])})


def showing_several_outputs() -> Bench:
    class Showing(Supervised):
        def train_step(self, state: Any, batch: Any, ops: Any) -> Any:
            state, output = super().train_step(state, batch, ops)
            return state, output._replace(outputs=(output.outputs, output.outputs))

    return Bench({"recipe": Showing(Supervised.Config())})


def keeping_what_grows() -> Bench:
    class Growing(Supervised):
        def build(self, context: Any) -> Any:
            state = super().build(context)
            state.extra["losses"] = np.zeros(1, np.float32)
            return state

        def train_step(self, state: Any, batch: Any, ops: Any) -> Any:
            state, output = super().train_step(state, batch, ops)
            state.extra = {"losses": tf.concat([state.extra["losses"], [output.loss]], axis=0)}
            return state, output

    return Bench({"recipe": Growing(Supervised.Config())})


@pytest.mark.parametrize(
    ("make", "most"),
    [
        (own, 1024),
        (with_all_wishes, 1024),
        (lambda: own(run_eagerly=True), 1),
        (drawing_from_a_kernel, 1),
        (showing_several_outputs, 1024),
        (keeping_what_grows, 1),
    ],
)
def test_how_many_steps_a_call_can_hold(make: Callable[[], Bench], most: int) -> None:
    adapter = make().adapter
    assert isinstance(adapter, SeveralSteps)
    assert adapter.most_steps() == most


def test_large_batches_make_short_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    made = Bench()
    assert made.adapter.most_steps() == 1024
    given, shown = 13 * 4 + 8, 3 * 4 + 8
    bytes_a_batch = BATCH * (given + shown)
    monkeypatch.setattr(stretches, "_MOST_BYTES", 7 * bytes_a_batch + 1)
    assert made.adapter.most_steps() == 7
