"""The recipe ``keras`` against ``model.fit(shuffle=False)`` on the same batches.

Everything is compared bit for bit: both call the same code of Keras, compiled by TensorFlow with the number of samples
left open. Only sums that Keras keeps in 32 bits and we don't, or gradients that are averaged in another order, get a
tolerance where they are compared.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers
from sklearn.datasets import load_wine

from dltrainer_jupyter.adapters.tensorflow.adapter import TensorFlowAdapter
from dltrainer_jupyter.adapters.tensorflow.packing import copied
from dltrainer_jupyter.adapters.tensorflow.probabilities import meaning_of
from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.protocols import Course, NativeRecipe, Signature
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.recipes.choice import brings_own_step, native_recipe_for
from dltrainer_jupyter.recipes.keras_model import KerasModel

SIZE = 40


def wine() -> tuple[Any, Any]:
    x, y = load_wine(return_X_y=True)
    mixed = np.random.default_rng(0).permutation(len(x))
    return ((x - x.mean(0)) / x.std(0)).astype("float32")[mixed], y.astype("int64")[mixed]


X, Y = wine()
CLASSES = Signature("classification", (13,), 3)
TRAIN, HELD_BACK = slice(0, 138), slice(138, None)
CROSS_ENTROPY = keras.losses.SparseCategoricalCrossentropy(from_logits=True)


class Trained:
    """A training by the recipe, driven as the loop does."""

    def __init__(
        self, model: keras.Model, data: Any, validation: Any = None, signature: Signature = CLASSES, **settings: Any
    ) -> None:
        self.model = model
        self.spec = RunSpec(model="mlp", data="wine", framework="tensorflow", recipe="keras", **settings)
        self.recipe = KerasModel(KerasModel.Config())
        self.adapter = TensorFlowAdapter(
            self.spec.model_copy(update={"model": self.spec.model.user_object("mine")}), owns_process=False
        )
        self.adapter.open()
        self.recipe.prepare(self.spec, Course(1, 1, 0, 0, None, validates=validation is not None), {})
        self.state = self.adapter.build(self.recipe, {"model": model}, signature)
        self.data, self.validation = batches(data), validation and batches(validation)
        self.width = self.adapter.check(self.recipe, self.state, self.adapter.to_batch(self.data[0]))
        self.losses: list[float] = []
        self.measured: list[dict[str, float]] = []
        self.last: Any = None

    def steps(self, start: int, stop: int) -> Trained:
        course = Course(1, 1, start, 0, None, validates=False)
        if start == 0:
            self.recipe.begin_epoch(self.state, course)
        for batch in self.data[start:stop]:
            self.state, self.last = self.adapter.train_step(self.recipe, self.state, self.adapter.to_batch(batch))
            if self.last.loss is not None:
                self.losses.append(float(self.last.loss))
        return self

    def epochs(self, count: int) -> Trained:
        course = Course(1, count, 0, 0, None, validates=False)
        self.recipe.begin(self.state, course)
        for epoch in range(count):
            course = course._replace(epoch=epoch + 1)
            self.steps(0, len(self.data))
            values: dict[str, float] = {}
            if self.validation is not None:
                with self.adapter.evaluation(self.state) as state:
                    self.recipe.begin_validation(state, course)
                    for batch in self.validation:
                        self.adapter.eval_step(self.recipe, state, self.adapter.to_batch(batch))
                    values |= self.recipe.end_validation(state, course)
            self.measured.append(values | dict(self.recipe.end_epoch(self.state, course)))
        self.recipe.end(self.state, course)
        return self

    def moved_to(self, other: Trained) -> Trained:
        other.state = other.adapter.load(other.state, self.adapter.save(self.state))
        other.recipe.load_state(self.recipe.state())
        return other


def batches(data: Sequence[Any]) -> list[Any]:
    count = len(tf.nest.flatten(data)[0])
    return [
        tf.nest.map_structure(lambda part, at=at: part[at : at + SIZE], tuple(data)) for at in range(0, count, SIZE)
    ]


def fitted(
    model: keras.Model, data: Any, validation: Any = None, epochs: int = 2, **more: Any
) -> dict[str, list[float]]:
    more |= {"batch_size": SIZE, "epochs": epochs, "shuffle": False, "validation_data": validation, "verbose": 0}
    history: dict[str, list[float]] = model.fit(*data, **more).history
    return history


def all_of(model: keras.Model) -> list[Any]:
    optimizers = [value for value in vars(model).values() if isinstance(value, keras.Optimizer)]
    return [v.numpy() for v in (*model.variables, *(v for one in optimizers for v in one.variables))]


def assert_same(model: keras.Model, other: keras.Model) -> None:
    for own, theirs in zip(all_of(model), all_of(other), strict=True):
        np.testing.assert_array_equal(own, theirs)


def assert_history(trained: Trained, history: dict[str, list[float]]) -> None:
    names = {name if name.startswith("val_") else f"train_{name}" for name in history}
    assert all(epoch.keys() == names for epoch in trained.measured)
    for name, values in history.items():
        key = name if name.startswith("val_") else f"train_{name}"
        assert [epoch[key] for epoch in trained.measured] == values, name


def train_pair() -> tuple[Any, Any]:
    return X[TRAIN], Y[TRAIN]


def sequential() -> keras.Model:
    stack = [layers.Dense(16, activation="relu"), layers.Dropout(0.3, seed=3), layers.BatchNormalization()]
    return keras.Sequential([layers.Input((13,)), *stack, layers.Dense(3)])


def functional() -> keras.Model:
    inputs = keras.Input((13,))
    hidden = layers.Dense(16, activation="tanh", kernel_regularizer="l2")(inputs)
    return keras.Model(inputs, layers.Dense(3)(layers.concatenate([layers.Dropout(0.3, seed=3)(hidden), inputs])))


class Subclassed(keras.Model):
    def __init__(self) -> None:
        super().__init__()
        self.hidden, self.last = layers.Dense(16, activation="relu"), layers.Dense(3)
        self.scale = tf.Variable(1.0)

    def call(self, x: Any, training: bool = False) -> Any:
        hidden = self.hidden(x)
        if training:
            self.scale.assign_add(0.01)
        self.add_loss(1e-3 * tf.reduce_mean(hidden**2))
        return self.last(hidden) * self.scale


@pytest.mark.parametrize("make", [sequential, functional, Subclassed])
def test_a_compiled_model_becomes_what_fit_makes_of_it(make: Callable[[], keras.Model]) -> None:
    model = make()
    model(X[:1])
    model.compile(keras.optimizers.Adam(1e-2, use_ema=True), CROSS_ENTROPY, metrics=["accuracy"])
    reference = copied(model)
    validation = (X[HELD_BACK], Y[HELD_BACK])
    trained = Trained(model, train_pair(), validation).epochs(2)
    history = fitted(reference, train_pair(), validation)
    assert_same(model, reference)
    assert_history(trained, history)
    # What a step shows, for metrics by name.
    assert trained.width == 3
    assert trained.last.outputs.shape == (138 - 3 * SIZE, 3)
    np.testing.assert_array_equal(trained.last.targets, Y[TRAIN][3 * SIZE :])
    assert len(trained.losses) == 8
    mean = np.average(trained.losses[4:], weights=[40, 40, 40, 18])
    assert mean == pytest.approx(trained.measured[1]["train_loss"], rel=1e-6)  # Keras sums in 32 bits


def test_two_outputs_with_weighted_losses_and_sample_weights() -> None:
    inputs = {"a": keras.Input((6,), name="a"), "b": keras.Input((7,), name="b")}
    hidden = layers.Dense(8, activation="relu")(layers.concatenate([inputs["a"], inputs["b"]]))
    model = keras.Model(
        inputs, {"kind": layers.Dense(3, name="kind")(hidden), "size": layers.Dense(1, name="size")(hidden)}
    )
    model.compile(
        keras.optimizers.SGD(1e-2, momentum=0.9),
        loss={"kind": CROSS_ENTROPY, "size": "mse"},
        loss_weights={"kind": 1.0, "size": 0.3},
        metrics={"kind": "accuracy"},
        weighted_metrics={"size": "mae"},
    )
    reference = copied(model)
    x = {"a": X[TRAIN, :6], "b": X[TRAIN, 6:]}
    y = {"kind": Y[TRAIN], "size": X[TRAIN, :1] ** 2}
    weights = {"kind": np.linspace(0.1, 2, 138, dtype="float32"), "size": np.linspace(2, 0.1, 138, dtype="float32")}
    trained = Trained(model, (x, y, weights)).epochs(2)
    history = fitted(reference, (x, y), sample_weight=weights)
    assert_same(model, reference)
    assert_history(trained, history)
    assert {"train_kind_accuracy", "train_size_mae", "train_kind_loss"} <= trained.measured[0].keys()
    assert trained.last.outputs is None
    assert len(trained.losses) == 8


class OwnStep(keras.Model):
    """Reports the loss of the last step and one metric that Keras doesn't know."""

    def __init__(self) -> None:
        super().__init__()
        self.net = keras.Sequential([layers.Input((13,)), layers.Dense(8, activation="relu"), layers.Dense(3)])
        self.net.build((None, 13))

    def call(self, x: Any) -> Any:
        return self.net(x)

    def train_step(self, data: Any) -> dict[str, Any]:
        x, y = data
        with tf.GradientTape() as tape:
            outputs = self(x, training=True)
            loss = self.compute_loss(x, y, outputs)
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply(gradients, self.trainable_variables)
        return {"loss": loss, "size": tf.linalg.global_norm(gradients)}


class Adversaries(keras.Model):
    """Two optimizers, neither of them the one it was compiled with, and noise of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.critic = keras.Sequential([layers.Input((13,)), layers.Dense(8, activation="relu"), layers.Dense(1)])
        self.maker = keras.Sequential([layers.Input((4,)), layers.Dense(13)])
        self.noise = keras.random.SeedGenerator(7)
        self.loss_of_critic = keras.metrics.Mean(name="critic_loss")

    def compile(self, critic_optimizer: Any, maker_optimizer: Any) -> None:
        super().compile()
        self.critic_optimizer, self.maker_optimizer = critic_optimizer, maker_optimizer

    @property
    def metrics(self) -> list[Any]:
        return [self.loss_of_critic]

    def train_step(self, data: Any) -> dict[str, Any]:
        real = data[0]
        draw = lambda: keras.random.normal((tf.shape(real)[0], 4), seed=self.noise)  # noqa: E731
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(self.critic(self.maker(draw())) - self.critic(real))
        weights = self.critic.trainable_variables
        self.critic_optimizer.apply(tape.gradient(loss, weights), weights)
        with tf.GradientTape() as tape:
            fooled = -tf.reduce_mean(self.critic(self.maker(draw())))
        weights = self.maker.trainable_variables
        self.maker_optimizer.apply(tape.gradient(fooled, weights), weights)
        self.loss_of_critic.update_state(loss)
        return {"critic_loss": self.loss_of_critic.result()}


@pytest.mark.slow
def test_a_train_step_of_its_own_and_what_it_reports() -> None:
    model = OwnStep()
    model.compile(keras.optimizers.Adam(1e-2), CROSS_ENTROPY)
    reference = copied(model)
    trained = Trained(model, train_pair(), (X[HELD_BACK], Y[HELD_BACK])).epochs(2)
    history = fitted(reference, train_pair(), (X[HELD_BACK], Y[HELD_BACK]))
    assert_same(model, reference)
    assert_history(trained, history)
    assert trained.measured[0]["train_loss"] == trained.losses[3]
    assert trained.last.outputs.shape == (18, 3)
    assert trained.recipe.own_rate(trained.state) is None


def adversaries() -> keras.Model:
    model = Adversaries()
    model.compile(keras.optimizers.Adam(1e-2), keras.optimizers.RMSprop(5e-3))
    return model


def test_adversaries_with_optimizers_of_their_own() -> None:
    model = adversaries()
    reference = copied(model)
    trained = Trained(model, train_pair()).epochs(2)
    history = fitted(reference, train_pair())
    assert_same(model, reference)
    assert_history(trained, history)
    assert set(trained.state.optimizers) == {"optimizer", "critic_optimizer", "maker_optimizer"}
    assert trained.recipe.own_rate(trained.state) == pytest.approx(5e-3)
    assert trained.last.loss is None


def with_metrics() -> keras.Model:
    model = sequential()
    rate = keras.optimizers.schedules.CosineDecay(1e-2, 20)
    optimizer = keras.optimizers.Adam(rate, gradient_accumulation_steps=3, global_clipnorm=1.0)
    model.compile(optimizer, CROSS_ENTROPY, metrics=["accuracy", keras.metrics.SparseTopKCategoricalAccuracy(2)])
    return model


def eager() -> keras.Model:
    model = OwnStep()
    model.compile(keras.optimizers.Adam(1e-2), CROSS_ENTROPY, metrics=["accuracy"], run_eagerly=True)
    return model


def own_step() -> keras.Model:
    model = OwnStep()
    model.compile(keras.optimizers.SGD(1e-2, momentum=0.9), CROSS_ENTROPY)
    return model


def eager_adversaries() -> keras.Model:
    model = adversaries()
    model.run_eagerly = True
    model.critic_optimizer.build(model.critic.trainable_variables)
    model.maker_optimizer.build(model.maker.trainable_variables)
    return model


@pytest.mark.slow
@pytest.mark.parametrize("make", [with_metrics, adversaries, own_step, eager, eager_adversaries])
def test_going_on_in_the_middle_of_an_epoch(make: Callable[[], keras.Model]) -> None:
    first = make()
    left, gone_on = (Trained(copied(first), train_pair()) for _ in range(2))
    left.steps(0, 2).moved_to(gone_on).steps(2, 4)
    # What was saved is a copy, so the one that was left can go on undisturbed.
    undisturbed = left.steps(2, 4)
    assert_same(undisturbed.model, gone_on.model)
    assert undisturbed.losses[-len(gone_on.losses) :] == gone_on.losses
    assert undisturbed.recipe.own_rate(undisturbed.state) == gone_on.recipe.own_rate(gone_on.state)
    course = Course(1, 1, 4, 4, 4, validates=False)
    expected = undisturbed.recipe.end_epoch(undisturbed.state, course)
    assert gone_on.recipe.end_epoch(gone_on.state, course) == expected
    assert len(expected) > 0


@pytest.mark.parametrize("make", [with_metrics, eager])
@pytest.mark.slow
def test_a_run_left_in_the_middle_of_a_validation(make: Callable[[], keras.Model]) -> None:
    first = make()
    left, gone_on = (Trained(copied(first), train_pair()) for _ in range(2))
    course = Course(1, 1, 4, 4, 4, validates=True)
    left.steps(0, 4)
    with left.adapter.evaluation(left.state) as state:
        left.recipe.begin_validation(state, course)
        left.adapter.eval_step(left.recipe, state, left.adapter.to_batch((X[HELD_BACK], Y[HELD_BACK])))
        left.moved_to(gone_on)
        assert left.recipe.end_validation(state, course).keys() >= {"val_loss"}
    expected = left.recipe.end_epoch(left.state, course)
    assert gone_on.recipe.end_epoch(gone_on.state, course) == expected
    assert_same(left.model, gone_on.model)


@pytest.mark.parametrize(
    ("settings", "theirs", "tolerance"),
    [
        ({"gradient_accumulation": 2}, {"gradient_accumulation_steps": 2}, 1e-6),  # a mean of sums, a sum of means
        ({"gradient_clipping": 0.1}, {"global_clipnorm": 0.1}, 1e-5),  # a small number in the divisor
        ({"gradient_clipping": {"value": 0.01}}, {"clipvalue": 0.01}, 0),
    ],
)
def test_what_the_run_asks_for_is_what_the_optimizer_would_do(settings: Any, theirs: Any, tolerance: float) -> None:
    model = functional()
    reference = copied(model)
    for each, options in ((model, {}), (reference, theirs)):
        each.compile(keras.optimizers.SGD(0.1, momentum=0.9, **options), CROSS_ENTROPY, metrics=["accuracy"])
    trained = Trained(model, train_pair(), **settings).epochs(2)
    history = fitted(reference, train_pair())
    for own, other in zip(model.weights, reference.weights, strict=True):
        np.testing.assert_allclose(own.numpy(), other.numpy(), rtol=tolerance, atol=tolerance)
    assert [epoch["train_loss"] for epoch in trained.measured] == pytest.approx(history["loss"], rel=1e-5)


def test_a_batch_without_a_finite_loss_is_left_out() -> None:
    model = functional()
    model.compile(keras.optimizers.SGD(0.1), CROSS_ENTROPY, metrics=["accuracy"])
    x = X[TRAIN].copy()
    x[SIZE] = np.nan
    trained = Trained(model, (x, Y[TRAIN]), on_nan="skip").epochs(1)
    assert np.isnan(trained.losses[1])
    assert np.isfinite(trained.measured[0]["train_loss"])
    assert model.optimizer.iterations.numpy() == 3
    assert all(np.isfinite(weight).all() for weight in model.get_weights())


def test_averages_follow_each_update_once() -> None:
    for settings in ({}, {"gradient_accumulation": 2}):
        model = functional()
        model.compile(keras.optimizers.SGD(0.1), CROSS_ENTROPY)
        average = model.weights[0].numpy()
        trained = Trained(model, train_pair(), ema={"decay": 0.5, "warmup": False}, **settings)
        for step in range(4):
            before = model.weights[0].numpy()
            trained.steps(step, step + 1)
            if (model.weights[0].numpy() != before).any():
                average = 0.5 * average + 0.5 * model.weights[0].numpy()
        with trained.adapter.evaluation(trained.state):
            np.testing.assert_allclose(model.weights[0].numpy(), average, rtol=1e-5)


def test_a_loss_scale_moves_as_in_fit() -> None:
    model = keras.Sequential([layers.Input((13,)), layers.Dense(3, dtype="mixed_float16")])
    optimizer = keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(1e-2), dynamic_growth_steps=3)
    model.compile(optimizer, CROSS_ENTROPY)
    reference = copied(model)
    Trained(model, train_pair()).epochs(1)
    fitted(reference, train_pair(), epochs=1)
    assert_same(model, reference)
    assert optimizer.dynamic_scale.numpy() == 2.0**16


def probabilities(width: int, activation: str, loss: Any) -> keras.Model:
    model = keras.Sequential([layers.Input((13,)), layers.Dense(width, activation=activation)])
    model.compile("sgd", loss)
    return model


@pytest.mark.parametrize(
    ("model", "targets"),
    [
        (lambda: probabilities(3, "softmax", "categorical_crossentropy"), np.eye(3, dtype="float32")[Y]),
        (lambda: probabilities(1, "sigmoid", "binary_crossentropy"), (Y > 0).astype("float32")),
        (lambda: probabilities(1, "sigmoid", "binary_crossentropy"), (Y > 0).astype("float32")[:, None]),
        (lambda: probabilities(3, "sigmoid", "binary_crossentropy"), np.eye(3, dtype="float32")[Y]),
    ],
)
def test_probabilities_that_are_values_to_predict_stay_what_they_are(
    model: Callable[[], keras.Model], targets: Any
) -> None:
    made, outputs = model(), (targets.shape[1:] or (1,))[0]
    signature = Signature("regression", (13,), outputs)
    trained = Trained(made, (X[TRAIN], targets[TRAIN]), signature=signature)
    with trained.adapter.evaluation(trained.state) as state:
        batch = trained.adapter.to_batch(trained.data[0])
        shown = trained.adapter.eval_step(trained.recipe, state, batch)
    np.testing.assert_allclose(shown.outputs, made(X[:SIZE]), rtol=1e-6)
    assert shown.targets.shape == shown.outputs.shape
    predictor = TensorFlowAdapter.predictor(
        trained.adapter._spec, {"model": made}, signature, trained.adapter.save(trained.state).weights
    )
    np.testing.assert_allclose(predictor.outputs(X[:SIZE]), made(X[:SIZE]), rtol=1e-6)


@pytest.mark.parametrize(
    ("loss", "outputs", "expected"),
    [
        ("binary_crossentropy", [[0.9], [0.1]], [[np.log(9)], [-np.log(9)]]),
        ("crossentropy", [[0.75, 0.25]], np.log([[0.75, 0.25]])),
        (keras.losses.SparseCategoricalCrossentropy(), [[0.75, 0.25]], np.log([[0.75, 0.25]])),
        (keras.losses.binary_crossentropy, [[1.0]], [[16.1]]),
        (CROSS_ENTROPY, [[0.75, 0.25]], [[0.75, 0.25]]),
        ("mse", [[0.5]], [[0.5]]),
        (["mse", "binary_crossentropy"], [[0.5]], [[0.5]]),
    ],
)
def test_probabilities_are_shown_as_logits(loss: Any, outputs: Any, expected: Any) -> None:
    model = sequential()
    model.compile("sgd", loss)
    spec = RunSpec(model="mlp", data="wine", framework="tensorflow", recipe="keras")
    meaning = meaning_of(spec, {}, Signature("classification", (13,), 2), model)
    np.testing.assert_allclose(meaning.show(tf.constant(outputs)), expected, atol=0.2, rtol=1e-5)


def test_a_column_of_outputs_is_compared_with_a_column_of_targets() -> None:
    model = keras.Sequential([layers.Input((13,)), layers.Dense(1, activation="sigmoid")])
    model.compile("sgd", "binary_crossentropy", metrics=["accuracy"])
    trained = Trained(model, (X[TRAIN], (Y[TRAIN] > 0).astype("int64"))).steps(0, 1)
    assert trained.last.outputs.shape == trained.last.targets.shape == (SIZE, 1)
    assert trained.width == 1
    assert (trained.last.outputs.numpy() < 0).any()


class Curious(OwnStep):
    def train_step(self, data: Any) -> dict[str, Any]:
        logs = super().train_step(data)
        self.seen = float(logs["loss"].numpy())
        return logs


def test_values_of_tensors_are_there_only_when_it_runs_eagerly() -> None:
    model = Curious()
    model.compile("sgd", CROSS_ENTROPY)
    with pytest.raises(ConfigurationError, match=r"train_step of Curious asks for the values.*run_eagerly=True\.$"):
        Trained(model, train_pair())
    model.compile("sgd", CROSS_ENTROPY, run_eagerly=True)
    trained = Trained(model, train_pair()).steps(0, 2)
    assert trained.losses[-1] == model.seen
    assert "run_eagerly" in str(trained.recipe.inexact_because())


class Hidden(keras.Model):
    def __init__(self) -> None:
        super().__init__()
        self.scale = self.add_weight(shape=(), initializer="ones")
        self.built = True

    def call(self, x: Any) -> Any:
        return x * self.scale

    def train_step(self, data: Any) -> dict[str, Any]:
        self.scale.assign_sub(0.1)
        return {"scale": self.scale.value}


def test_optimizers_of_its_own_have_to_be_built_when_no_graph_tells_what_they_update() -> None:
    model = adversaries()
    model.run_eagerly = True
    with pytest.raises(ConfigurationError, match=r"weights critic_optimizer updates; call model\.critic_optimizer"):
        Trained(model, train_pair())
    model = sequential()
    model.compile("sgd", CROSS_ENTROPY, run_eagerly=True)
    with pytest.raises(ConfigurationError, match="^gradient_accumulation: it needs compiled steps"):
        Trained(model, train_pair(), gradient_accumulation=2)


def test_metrics_by_name_need_outputs() -> None:
    model = Hidden()
    model.compile("sgd", loss="mse")
    with pytest.raises(ConfigurationError, match=r"^metrics: accuracy can't be measured, since train_step of Hidden"):
        Trained(model, (X[TRAIN], X[TRAIN]), metrics=["accuracy"])
    trained = Trained(model, (X[TRAIN], X[TRAIN])).epochs(1)
    assert trained.measured == [{"train_scale": pytest.approx(0.6)}]


def test_a_model_that_cannot_be_trained_by_its_own_code() -> None:
    with pytest.raises(ConfigurationError, match=r"^model: expected a model that was compiled, got Sequential; call"):
        Trained(sequential(), train_pair())


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (
            {"loss": "mse"},
            "loss: the model brings its own; leave loss out, or pass recipe='supervised' to train it with",
        ),
        ({"optimizer": "sgd"}, "optimizer: the model brings its own"),
        (
            {"gradient_accumulation": 2},
            "gradient_accumulation: the model was compiled with an optimizer that has gradie",
        ),
        (
            {"gradient_clipping": 1.0},
            "gradient_clipping: the model was compiled with an optimizer that has global_clip",
        ),
        ({"ema": 0.9}, "ema: the model was compiled with an optimizer that has gradient_accumulation_steps=3; leave"),
    ],
)
def test_contradictions_are_refused_by_name(settings: dict[str, Any], said: str) -> None:
    spec = RunSpec(model="mlp", data="wine", framework="tensorflow", recipe="keras", **settings)
    with pytest.raises(ConfigurationError) as error:
        KerasModel.check_model(with_metrics(), spec)
    assert str(error.value).startswith(said)


def test_updates_of_a_train_step_of_its_own_are_left_to_it() -> None:
    spec = RunSpec(model="mlp", data="wine", framework="tensorflow", recipe="keras", gradient_accumulation=2)
    with pytest.raises(
        ConfigurationError, match="^gradient_accumulation: train_step of OwnStep makes its updates itself"
    ):
        KerasModel.check_model(own_step(), spec)
    KerasModel.check_model(own_step, spec)  # a function that makes one


def test_a_model_chooses_its_recipe() -> None:
    class Module:
        __module__ = "lightning.pytorch.core.module"

    LightningModule = type("LightningModule", (Module,), {"__module__": "lightning.pytorch.core.module"})  # noqa: N806
    assert native_recipe_for(type("Mine", (LightningModule,), {})()) == "lightning"
    assert native_recipe_for(with_metrics()) == "keras"
    assert native_recipe_for(sequential()) is None
    assert native_recipe_for(OwnStep()) == native_recipe_for(OwnStep) == "keras"
    assert native_recipe_for(sequential) is None
    assert not brings_own_step(with_metrics())
    assert isinstance(KerasModel(KerasModel.Config()), NativeRecipe)
