from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
import torch

from dltrainer_jupyter.adapters.pytorch import optimizers as torch_optimizers
from dltrainer_jupyter.adapters.tensorflow import optimizers
from dltrainer_jupyter.adapters.tensorflow.fit import check_measured
from dltrainer_jupyter.adapters.tensorflow.ops import clipped
from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.protocols import Batch, Signature, StepOutput, TrainState
from dltrainer_jupyter.core.spec import ClippingSpec
from dltrainer_jupyter.models.cnn import CNN
from dltrainer_jupyter.models.mlp import MLP
from dltrainer_jupyter.recipes.supervised import Supervised
from tests.adapters.tensorflow.bench import Bench, numbers

RNG = np.random.default_rng(0)
GRADIENTS = RNG.normal(size=(9, 5)).astype(np.float32)
WEIGHTS = RNG.normal(size=5).astype(np.float32)


# --- by name, as on PyTorch ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("SGD", {}),
        ("SGD", {"momentum": 0.9, "weight_decay": 0.1}),
        ("SGD", {"momentum": 0.9, "dampening": 0.3}),
        ("SGD", {"momentum": 0.9, "nesterov": True}),
        ("Adam", {}),
        ("Adam", {"weight_decay": 0.1, "amsgrad": True}),
        ("AdamW", {"weight_decay": 0.1, "betas": (0.8, 0.9)}),
        ("RMSprop", {"weight_decay": 0.1}),
        ("RMSprop", {"momentum": 0.9, "centered": True, "alpha": 0.9}),
        ("Adagrad", {"lr_decay": 0.1, "initial_accumulator_value": 0.1, "weight_decay": 0.1}),
        ("Adadelta", {"rho": 0.8, "weight_decay": 0.1}),
        ("NAdam", {"weight_decay": 0.1}),
        ("NAdam", {"weight_decay": 0.1, "decoupled_weight_decay": True, "momentum_decay": 0.1}),
        ("RAdam", {"weight_decay": 0.1}),
        ("RAdam", {"betas": (0.8, 0.9), "weight_decay": 0.1, "decoupled_weight_decay": True}),
        ("RAdam", {"betas": (0.9, 0.5)}),
        ("Adamax", {"weight_decay": 0.1}),
        ("Lion", {"weight_decay": 0.1}),
        ("Lamb", {"weight_decay": 0.1}),
    ],
)
def test_optimizers_step_as_on_pytorch(name: str, settings: dict[str, object]) -> None:
    weight = keras.Variable(WEIGHTS)
    part = getattr(optimizers, name)
    ours = part(part.Config(**settings)).build(0.1)
    parameter = torch.nn.Parameter(torch.tensor(WEIGHTS))
    part = getattr(torch_optimizers, name)
    theirs = part(part.Config(**settings)).build([parameter], 0.1, fused=False)
    for number, gradient in enumerate(GRADIENTS):
        # A new rate takes effect at once.
        rate = 0.1 / (1 + number)
        ours.learning_rate = rate
        theirs.param_groups[0]["lr"] = rate
        ours.apply([tf.constant(gradient)], [weight])
        parameter.grad = torch.tensor(gradient)
        theirs.step()
    assert np.allclose(weight.numpy(), parameter.detach().numpy(), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    "bound",
    [{"norm": 0.5}, {"norm": 50.0}, {"value": 0.2}, {"norm": 0.5, "value": 0.2}],
)
def test_clipping_is_what_it_is_on_pytorch(bound: dict[str, float]) -> None:
    limits = ClippingSpec(**bound)
    parameters = [torch.nn.Parameter(torch.zeros(5)) for _ in GRADIENTS]
    for parameter, gradient in zip(parameters, GRADIENTS, strict=True):
        parameter.grad = torch.tensor(gradient)
    if limits.value is not None:
        torch.nn.utils.clip_grad_value_(parameters, limits.value)
    if limits.norm is not None:
        torch.nn.utils.clip_grad_norm_(parameters, limits.norm)
    ours = clipped([tf.constant(gradient) for gradient in GRADIENTS], limits)
    assert np.allclose(np.stack(ours), np.stack([parameter.grad for parameter in parameters]), atol=1e-6)


@pytest.mark.parametrize(
    ("model", "shape"),
    [
        (MLP(MLP.Config(hidden=(6, 5), activation="leaky_relu", dropout=0.2, batch_norm=True)), (2, 3)),
        (CNN(CNN.Config(channels=(3, 4), hidden=5, activation="gelu")), (2, 9, 8)),
        (CNN(CNN.Config(channels=(3,), hidden=0, pooling="average", batch_norm=False, dropout=0)), (1, 8, 8)),
    ],
)
def test_models_compute_what_they_do_on_pytorch(model, shape: tuple[int, ...]) -> None:
    signature = Signature(task="classification", input_shape=shape, outputs=3)
    ours, theirs = model.tensorflow(signature), model.pytorch(signature).eval()
    for layer in ours.layers:
        for weight in layer.weights:
            values = getattr(theirs.get_submodule(layer.name), _ON_PYTORCH[weight.name]).detach().numpy()
            axes = {2: (1, 0), 4: (2, 3, 1, 0)}.get(values.ndim)
            weight.assign(values if axes is None else values.transpose(axes))
    names = {name for name, _ in theirs.named_children()}
    assert names == {layer.name for layer in ours.layers} - {"channels_last", "channels_first"}
    inputs = RNG.normal(size=(4, *shape)).astype(np.float32)
    expected = theirs(torch.tensor(inputs)).detach().numpy()
    assert np.allclose(ours(inputs), expected, rtol=1e-4, atol=1e-5)


_ON_PYTORCH = {
    "kernel": "weight",
    "bias": "bias",
    "gamma": "weight",
    "beta": "bias",
    "moving_mean": "running_mean",
    "moving_variance": "running_var",
}


# --- how an update is put together ----------------------------------------------------------------------------


def linear() -> keras.Model:
    return keras.Sequential([keras.Input((13,)), keras.layers.Dense(3, kernel_initializer="zeros")])


def by_hand(batches: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """Give the gradient of the mean loss over batches at zero weights."""
    bench = Bench({"model": linear})
    inputs, targets = (np.concatenate([np.array(bench.batch(i)[part]) for i in batches]) for part in (0, 1))
    error = np.full((len(targets), 3), 1 / 3) - np.eye(3)[targets]
    return inputs.T @ error / len(targets), error.mean(0)


def weights(bench: Bench) -> list[np.ndarray]:
    return [weight.numpy() for weight in bench.state.nets["model"].weights]


def test_gradients_of_several_batches_make_one_update() -> None:
    made = Bench({"model": linear}, optimizer="sgd", learning_rate=0.5, gradient_accumulation=3)
    made.learn(2)
    assert not any(weight.any() for weight in weights(made))
    made.learn(1, first=2)
    for weight, gradient in zip(weights(made), by_hand([0, 1, 2]), strict=True):
        assert np.allclose(weight, -0.5 * gradient, atol=1e-6)


def test_an_overflow_in_16_bits_is_left_out_and_halves_the_scale() -> None:
    made = Bench(model={"type": "mlp", "hidden": [8]}, precision="16-mixed", ema=0.9)
    scale, average = made.adapter.ops.variables["$scale.optimizer"], made.state.averages["model"]
    before = weights(made)
    inputs, targets = made.batch(0)[:2]
    made.state, _ = made.adapter.train_step(made.recipe, made.state, made.adapter.to_batch((inputs * 1e30, targets)))
    assert all(map(np.array_equal, weights(made), before))
    assert float(scale) == 2.0**15
    assert [int(count) for count in average.counts.values()] == [0]
    made.learn(2)
    assert float(scale) == 2.0**15
    assert [int(count) for count in average.counts.values()] == [2]


@pytest.mark.parametrize(("shape", "width"), [((None, 5), 5), ((None,), 1), (None, None)])
def test_a_model_without_an_axis_of_outputs_has_one(shape: tuple[int | None, ...] | None, width: int | None) -> None:
    outputs = None if shape is None else tf.TensorSpec(shape)
    assert check_measured(StepOutput(tf.TensorSpec(()), outputs, None, 8), 0) == width


def test_metrics_never_add_up_in_16_bits() -> None:
    adapter = Bench(tries=False).adapter
    for half in (tf.bfloat16, tf.float16):
        assert adapter.arrays([tf.ones(2, half), tf.ones(1, half)]).dtype == np.float32


def with_statistics() -> keras.Model:
    return keras.Sequential([keras.Input((13,)), keras.layers.BatchNormalization(), keras.layers.Dense(3)])


def test_a_batch_that_is_left_out_leaves_no_trace_in_statistics() -> None:
    made = Bench({"model": with_statistics}, on_nan="skip", gradient_accumulation=2, ema=0.5)
    made.learn(1)
    before, batch = numbers(made.save()), made.batch(1)
    _, output = made.adapter.train_step(made.recipe, made.state, batch._replace(inputs=batch.inputs * np.nan))
    assert np.isnan(output.loss)
    assert numbers(made.save()) == before
    made.learn(1, first=1)
    assert np.isfinite(np.concatenate([weight.ravel() for weight in weights(made)])).all()
    assert numbers(made.save()) != before


@pytest.mark.parametrize("setting", [{"gradient_clipping": 0.1}, {"ema": 0.9}])
def test_what_an_optimizer_that_scales_by_itself_would_get_wrong_is_refused(setting: dict[str, float]) -> None:
    """Clipped before they are divided by the scale, gradients would all but vanish."""
    (key,) = setting
    with pytest.raises(ConfigurationError, match=f"{key}: it doesn't go with a LossScaleOptimizer.*inner_optimizer"):
        Bench({"optimizer": lambda _: keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.5))}, **setting)


class Counting(Supervised):
    """Counts its steps beside nets and optimizers."""

    def __init__(self, change: Any) -> None:
        super().__init__(Supervised.Config())
        self.change = change

    def build(self, context: Any) -> TrainState:
        state = super().build(context)
        state.extra |= {"steps": 0, "mean": np.zeros(13, np.float32), "name": "counting"}
        return state

    def train_step(self, state: TrainState, batch: Batch, ops: Any) -> Any:
        self.change(state.extra, batch)
        return super().train_step(state, batch, ops)


def count(extra: dict[str, Any], batch: Batch) -> None:
    extra["steps"] += 1
    extra["mean"] = tf.reduce_mean(batch.inputs, axis=0)


def test_numbers_and_arrays_that_a_recipe_keeps_change_in_each_step() -> None:
    made = Bench({"recipe": Counting(count)})
    made.learn(3)
    assert int(made.state.extra["steps"]) == 3
    resumed = Bench({"recipe": Counting(count)})
    resumed.load(made.save())
    assert resumed.learn(2, first=3) == made.learn(2, first=3)
    assert numbers(resumed.save()) == numbers(made.save())
    assert int(resumed.state.extra["steps"]) == 5
    assert np.allclose(resumed.state.extra["mean"], np.mean(made.batch(4).inputs, axis=0))


@pytest.mark.parametrize(
    "change",
    [
        lambda extra, _: extra.update(name="other"),
        lambda extra, batch: extra.update(late=batch.inputs),
        lambda extra, _: extra.pop("steps"),
    ],
)
def test_what_a_step_would_change_only_while_it_is_traced_is_refused(change: Any) -> None:
    with pytest.raises(ConfigurationError, match="recipe: a step changes '(name|late|steps)' of its extra state"):
        Bench({"recipe": Counting(change)})


def test_the_last_batch_takes_the_same_graph() -> None:
    made = Bench()
    graph = made.adapter._training.learn.graph
    made.learn(7)
    assert made.batch(5).size < made.batch(0).size
    assert made.adapter._training.learn.graph is graph is not None
