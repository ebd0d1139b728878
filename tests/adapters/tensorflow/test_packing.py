from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

import cloudpickle
import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers
from sklearn.datasets import load_wine

from dltrainer_jupyter.adapters.shared.pickling import load_all
from dltrainer_jupyter.adapters.tensorflow import packing
from dltrainer_jupyter.adapters.tensorflow.packing import _graph, copied, copies_of, dumps
from dltrainer_jupyter.executors import objects
from dltrainer_jupyter.executors.objects import NotRebuildableError

GraphDef = tf.compat.v1.GraphDef


def wine() -> tuple[Any, Any]:
    x, y = load_wine(return_X_y=True)
    return ((x - x.mean(0)) / x.std(0)).astype("float32"), y.astype("int64")


def sequential() -> keras.Model:
    return keras.Sequential(
        [layers.Input((13,)), layers.Dense(8), layers.Dropout(0.3), layers.BatchNormalization(), layers.Dense(3)]
    )


def of_a_notebook() -> keras.Model:
    class Notebook(keras.Model):
        """No get_config, a list of layers, a variable of TensorFlow's own and a function that closes over a value."""

        def __init__(self, width: int) -> None:
            super().__init__()
            self.hidden = [layers.Dense(width), layers.Dense(3)]
            self.dropout = layers.Dropout(0.3)
            self.scale = tf.Variable(0.5)
            self.twice = lambda x: x * (width - 6)

        def call(self, x: Any, training: bool = False) -> Any:
            self.add_loss(tf.reduce_mean(x) ** 2)
            return self.hidden[1](self.twice(self.dropout(self.hidden[0](x), training=training))) * self.scale

    return Notebook(8)


def fit(model: keras.Model, epochs: int) -> dict[str, list[float]]:
    x, y = wine()
    history: dict[str, list[float]] = model.fit(x, y, epochs=epochs, shuffle=False, verbose=0).history
    return history


def everything(model: keras.Model) -> list[Any]:
    generators = [layer.seed_generator.state for layer in model._flatten_layers() if hasattr(layer, "seed_generator")]
    return [variable.numpy() for variable in (*model.variables, *model.optimizer.variables, *generators)]


@pytest.mark.parametrize("make", [sequential, of_a_notebook])
def test_a_compiled_model_goes_on_as_the_one_it_was_copied_from(make: Callable[[], keras.Model]) -> None:
    model = make()
    rate = keras.optimizers.schedules.CosineDecay(1e-2, 100)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(rate), loss, metrics=["accuracy"])
    fit(model, epochs=1)
    copy = copied(model)
    assert fit(copy, epochs=2) == fit(model, epochs=2)
    assert len(everything(model)) == len(everything(copy)) > 10
    for own, other in zip(everything(model), everything(copy), strict=True):
        np.testing.assert_array_equal(own, other)


def test_a_copy_shares_nothing() -> None:
    model = sequential()
    # With averages in lists that TensorFlow wraps.
    model.compile(keras.optimizers.Adam(use_ema=True), "sparse_categorical_crossentropy")
    copy = copied(model)
    before = everything(copy)
    model.layers[0].kernel.assign(model.layers[0].kernel + 1)
    model.optimizer.learning_rate.assign(9.0)
    for own, other in zip(everything(copy), before, strict=True):
        np.testing.assert_array_equal(own, other)


def test_a_model_that_was_never_compiled_or_called() -> None:
    model = copied(of_a_notebook())
    assert not model.compiled
    assert model(wine()[0]).shape == (178, 3)


def test_what_an_overridden_compile_was_given() -> None:
    class Adversaries(keras.Model):
        def compile(self, critic_optimizer: Any, generator_optimizer: Any) -> None:
            super().compile()
            self.critic_optimizer, self.generator_optimizer = critic_optimizer, generator_optimizer

    model = Adversaries()
    model.critic = layers.Dense(1)
    model.critic.build((None, 2))
    model.compile(keras.optimizers.Adam(1e-3), keras.optimizers.RMSprop(2e-3))
    model.critic_optimizer.build(model.critic.trainable_variables)
    copy = copied(model)
    assert copy.generator_optimizer.learning_rate.numpy() == np.float32(2e-3)
    # The optimizer knows the variables of the copy.
    copy.critic_optimizer.apply([tf.ones((2, 1)), tf.ones((1,))], copy.critic.trainable_variables)
    assert copy.critic_optimizer.iterations.numpy() == 1


def test_a_model_deeper_than_python_may_recurse() -> None:
    outputs = inputs = keras.Input((4,))
    for _ in range(150):
        outputs = layers.Activation("relu")(outputs)
    model = keras.Model(inputs, layers.Dense(2)(outputs))
    x = np.ones((3, 4), np.float32)
    np.testing.assert_array_equal(copied(model)(x), model(x))


def test_mixed_precision_and_its_loss_scale() -> None:
    model = keras.Sequential([layers.Input((13,)), layers.Dense(3, dtype="mixed_float16")])
    optimizer = keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(1e-2, momentum=0.9))
    model.compile(optimizer, keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    fit(model, epochs=1)
    optimizer.dynamic_scale.assign(64.0)
    copy = copied(model)
    assert copy.optimizer.dynamic_scale.numpy() == 64
    assert fit(copy, epochs=1) == fit(model, epochs=1)


def test_a_compiled_function_is_compiled_again() -> None:
    @tf.function
    def double(x: Any) -> Any:
        return x * 2

    assert double(tf.constant(2)) == 4
    assert copied(double)(tf.constant(3)) == 6


def test_a_model_and_its_optimizer_stay_together() -> None:
    model = sequential()
    model.compile("adam", "mse")
    found = load_all(dumps({"model": model, "optimizer": model.optimizer}))
    assert found["optimizer"] is found["model"].optimizer


def test_what_is_not_of_keras_is_packed_as_ever() -> None:
    value = {"x": np.arange(3), "loss": lambda x: 2 * x}
    assert dumps(value) == cloudpickle.dumps(value)


def test_a_class_with_its_own_way_to_be_pickled_keeps_it() -> None:
    class Own(layers.Layer):
        def __reduce__(self) -> Any:
            return Own, ()

    assert type(copied(Own())).__name__ == "Own"
    # A single pickle: nothing of it was packed in another way.
    assert pickle.loads(dumps(Own())).name  # noqa: S301 - made above


def test_beside_something_that_cannot_be_packed_a_model_is_copied_as_well_as_ever() -> None:
    model = sequential()
    model.compile("adam", "sparse_categorical_crossentropy")
    fit(model, epochs=1)
    found = objects.copied({"model": model, "optimizer": model.optimizer, "data": [1]})
    assert found["optimizer"] is found["model"].optimizer is not model.optimizer
    for own, other in zip(everything(found["model"]), everything(model), strict=True):
        np.testing.assert_array_equal(own, other)
    assert copies_of([keras.Sequential([layers.StringLookup(vocabulary=["a"])])]) == {}


def noisy() -> Any:
    shift = tf.Variable(2.0)
    data = tf.data.Dataset.from_tensor_slices(wine())
    return data.map(lambda x, y: ({"x": x + shift + tf.random.uniform([13])}, y)).shuffle(100).cache().batch(16)


def test_a_data_set_is_packed_as_its_graph() -> None:
    data = noisy()
    data.class_names = ["a", "b", "c"]
    again = copied({"data": data})["data"]
    assert isinstance(again, tf.data.Dataset)
    assert again.class_names == data.class_names
    assert again.element_spec == data.element_spec
    assert again.cardinality() == 12
    assert sorted(int(y) for _, batch in again for y in batch) == wine()[1].tolist()
    # Where seeds of a run's own are put in goes by the names of its operations.
    names = [[node.name for node in GraphDef.FromString(_graph(made)).node] for made in (data, again, copied(again))]
    assert names[0] == names[1] == names[2]


def of_python(how: str) -> Any:
    x, _ = wine()
    if how == "from_generator":
        return tf.data.Dataset.from_generator(lambda: iter(x), output_signature=tf.TensorSpec([13], tf.float32))
    call = getattr(tf, how)
    return tf.data.Dataset.from_tensor_slices(x).map(lambda row: call(lambda given: given, [row], tf.float32))


@pytest.mark.parametrize("how", ["from_generator", "py_function", "numpy_function"])
def test_a_data_set_that_calls_python_is_refused(how: str) -> None:
    with pytest.raises(
        NotRebuildableError, match=r"^data can't be pickled \(the tf.data.Dataset calls Python functions"
    ):
        objects.pack({"data": of_python(how)})


def test_a_data_set_with_a_table_or_too_much_in_it_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    pairs = tf.lookup.KeyValueTensorInitializer(tf.range(3, dtype=tf.int64), tf.range(3, dtype=tf.int64))
    table = tf.lookup.StaticHashTable(pairs, 0)
    data = tf.data.Dataset.from_tensor_slices(wine()[1])
    with pytest.raises(NotRebuildableError, match=r"^data can't be pickled \(the tf.data.Dataset uses a lookup table"):
        objects.pack({"data": data.map(table.lookup)})
    monkeypatch.setattr(packing, "_LARGEST", 1_000)
    with pytest.raises(NotRebuildableError, match=r"holds 0 MB, more than the 0 MB that are kept beside a run"):
        objects.pack({"data": data})


def test_a_lookup_table_is_refused_by_name() -> None:
    with pytest.raises(NotRebuildableError, match=r"^model can't be pickled \(it holds a lookup table or another"):
        objects.pack({"model": keras.Sequential([layers.StringLookup(vocabulary=["a", "b"])]), "loss": "mse"})
