from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from dltrainer_jupyter.adapters.tensorflow.adapter import TensorFlowAdapter
from dltrainer_jupyter.adapters.tensorflow.devices import choose_device
from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.spec import RunSpec
from tests.adapters.tensorflow.bench import SIGNATURE, WINE, Bench, numbers


def linear(**settings) -> keras.Model:
    return keras.Sequential([keras.Input((13,)), keras.layers.Dense(3, **settings)])


def stateful() -> keras.Model:
    inputs = keras.Input((13,), batch_size=32)
    memory = keras.layers.LSTM(4, stateful=True)(keras.layers.Reshape((13, 1))(inputs))
    return keras.Model(inputs, keras.layers.Dense(3)(memory))


def schedule() -> keras.optimizers.Optimizer:
    return keras.optimizers.SGD(keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.5))


def built_for_another() -> keras.optimizers.Optimizer:
    made = keras.optimizers.SGD()
    made.build(linear().trainable_variables)
    return made


# --- the machine ------------------------------------------------------------------------------------------


def test_what_exactness_depends_on_is_recorded() -> None:
    environment = Bench().environment
    assert {"device": "CPU:0", "device_name": "cpu", "keras": keras.__version__}.items() <= environment.items()
    assert environment["threads"] >= 1


@pytest.mark.parametrize(("wanted", "message"), [("tpu", "expected auto, cpu, cuda"), ("cuda:9", "TensorFlow sees")])
def test_devices_that_are_not_there(wanted: str, message: str) -> None:
    assert choose_device("cpu") == "CPU:0"
    with pytest.raises(ConfigurationError, match=message):
        choose_device(wanted)


def test_keras_on_another_backend_is_refused_with_the_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    with pytest.raises(ConfigurationError, match="computes with jax in this process.*KERAS_BACKEND=tensorflow"):
        TensorFlowAdapter(RunSpec(model="mlp", data="wine"), owns_process=False)


# --- own objects ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("objects", "settings", "message"),
    [
        ({"model": 3}, {}, "model: expected a keras.Model or a function that makes one, got int"),
        ({"model": lambda: linear(activation="softmax")}, {}, "ends in a softmax, but cross_entropy takes logits"),
        ({"model": lambda: keras.Sequential([linear(), keras.layers.Softmax()])}, {}, "ends in a softmax"),
        ({"model": linear()}, {"precision": "bf16-mixed"}, "made to compute in float32; make it after keras.config"),
        ({"model": lambda: linear(trainable=False)}, {}, "nothing to train"),
        ({"optimizer": 3}, {}, "optimizer: expected a keras.optimizers.Optimizer or a function of the model, got int"),
        ({"optimizer": built_for_another()}, {}, "2 of its variables don't belong to the model"),
        ({"loss": "x"}, {}, "loss: expected a name or a function of targets and outputs, got str"),
        ({"loss": lambda targets, _: targets}, {"model": "mlp"}, "the loss doesn't depend on a weight of 'model'"),
        (
            {"model": lambda: keras.Sequential([keras.Input((9,)), keras.layers.Dense(3)])},
            {},
            r"inputs \(32, 13\) float32",
        ),
        ({"model": lambda: keras.Sequential([keras.layers.Dense(2)])}, {}, "the model has 2 outputs; give it 3"),
        (
            {"loss": lambda y, p: p * tf.cast(y, tf.float64)[:, None]},
            {},
            "has type float64 that does not match type float32",
        ),
        ({"model": stateful}, {}, "it takes exactly 32 samples at a time"),
        ({}, {"loss": "mse"}, r"the model gives \(None, 3\) where the loss compares with \(None,\)"),
    ],
)
def test_what_does_not_fit_is_said_before_the_first_step(objects, settings, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        Bench(objects, **settings)


@pytest.mark.parametrize(
    "objects",
    [
        {"model": linear},
        {"optimizer": keras.optimizers.Nadam},
        {"optimizer": lambda _: keras.optimizers.Lion(1e-3)},
        {"optimizer": keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam(1e-3))},
        {"loss": keras.losses.SparseCategoricalCrossentropy(from_logits=True)},
        {"loss": lambda y, p: keras.losses.sparse_categorical_crossentropy(y, p, from_logits=True)},
        {
            "model": lambda: linear(activation="softmax"),
            "loss": keras.losses.SparseCategoricalCrossentropy,
        },
    ],
)
def test_own_objects_of_every_kind_learn(objects) -> None:
    losses = Bench({"optimizer": keras.optimizers.Adam} | objects).learn(24)
    assert np.mean(losses[-6:]) < np.mean(losses[:6])


@pytest.mark.parametrize(
    ("objects", "settings", "rate"),
    [
        ({}, {}, 0.001),
        ({}, {"learning_rate": 0.3}, 0.3),
        ({"optimizer": keras.optimizers.SGD(0.07)}, {}, 0.07),
        ({"optimizer": keras.optimizers.SGD(0.07)}, {"learning_rate": 0.3}, 0.3),
        ({"optimizer": schedule}, {}, None),
    ],
)
def test_the_base_rate(objects, settings, rate: float | None) -> None:
    objects = {key: value() if value is schedule else value for key, value in objects.items()}
    made, another = Bench(objects, **settings), Bench(**settings)
    assert made.adapter.learning_rate(made.state) == rate
    made.adapter.set_learning_rate(made.state, 0.5)
    if rate is not None and not objects:
        assert float(made.state.optimizers["optimizer"].learning_rate) == 0.5
        # The rate of now is no base.
        another.load(made.save())
        assert another.adapter.learning_rate(another.state) == rate


def test_a_loaders_batches_of_one_size_keep_a_recurrent_state() -> None:
    def learned() -> tuple[Bench, list[float]]:
        made = Bench({"model": stateful}, tries=False)
        batch = made.adapter.to_batch((WINE.inputs[:32], WINE.targets[:32]))
        made.adapter.check(made.recipe, made.state, batch)
        losses = []
        for _ in range(3):
            made.state, output = made.adapter.train_step(made.recipe, made.state, batch)
            losses.append(float(output.loss))
        return made, losses

    (made, losses), (another, _) = learned(), learned()
    saved = numbers(made.save())
    states = [name for name in saved if name.startswith("$graph.")]
    assert len(states) == 2
    assert all(any(saved[name]) for name in states)
    another.load(made.save())
    assert numbers(another.save()) == saved
    assert losses == learned()[1]


# --- precision --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("precision", "dtype"), [("bf16-mixed", "bfloat16"), ("16-mixed", "float16")])
def test_mixed_precision_computes_in_16_bits_and_keeps_weights_in_32(precision: str, dtype: str) -> None:
    made = Bench({"model": lambda: keras.Sequential([keras.layers.Dense(3)])}, precision=precision)
    layer = made.state.nets["model"].layers[0]
    assert (layer.compute_dtype, layer.kernel.dtype) == (dtype, "float32")
    assert made.adapter.ops.scales == (precision == "16-mixed")
    assert keras.config.dtype_policy().name == "float32"
    assert np.isfinite(made.learn(3)).all()


# --- beginning and predicting -----------------------------------------------------------------------------


def test_beginning_with_the_weights_of_another_run() -> None:
    trained = Bench(ema=0.5)
    trained.learn(5)
    begun = Bench(ema=0.5)
    begun.adapter.begin_with(begun.state, trained.save().weights)
    saved = numbers(begun.save())
    for name, array in trained.save().weights.items():
        if "@ema." in name:
            assert saved[name] == saved[name.replace("@ema", "")] == bytes(array.data)


def test_a_predictor_shares_nothing_with_the_training() -> None:
    model = keras.Sequential([keras.layers.Dense(8), keras.layers.BatchNormalization(), keras.layers.Dense(3)])
    made = Bench({"model": model}, ema=0.9)
    made.learn(4)
    expected, before = made.outputs(), numbers(made.save())
    predictor = TensorFlowAdapter.predictor(made.spec, made.objects, SIGNATURE, made.save().weights)
    assert np.allclose(predictor.outputs(WINE.inputs[:32]), expected, atol=1e-5)
    assert predictor.outputs(WINE.inputs[:0]).shape == (0, 3)
    for weight in predictor.model.weights:
        weight.assign(0 * weight)
    assert numbers(made.save()) == before


def test_a_predictor_calls_layers_once_as_a_graph_and_each_time_where_there_can_be_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = Bench({"model": keras.Sequential([keras.layers.Dense(3)])})
    first, second = (
        TensorFlowAdapter.predictor(made.spec, made.objects, SIGNATURE, made.save().weights) for _ in range(2)
    )
    one = first.outputs(WINE.inputs[:1])
    layers, calls = type(second.model).call, []

    def by_value(model: keras.Model, inputs: tf.Tensor, **modes: object) -> tf.Tensor:
        calls.append(float(tf.reduce_max(inputs)))
        return layers(model, inputs, **modes)

    monkeypatch.setattr(type(second.model), "call", by_value)
    assert np.allclose(first.outputs(WINE.inputs)[:1], one, atol=1e-6)
    assert calls == []
    for _ in range(2):
        assert np.allclose(second.outputs(WINE.inputs[:1]), one, atol=1e-6)
    assert len(calls) == 2
