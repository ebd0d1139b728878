"""What people hand over, what is refused, and what the adapter says about itself."""

from __future__ import annotations

import pickle
from functools import partial
from typing import Any

import cloudpickle
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax import linen, nnx

from dltrainer_jupyter.adapters.jax.adapter import JaxAdapter
from dltrainer_jupyter.adapters.jax.devices import adds_in_order, choose_device, choose_threads
from dltrainer_jupyter.adapters.jax.fit import check_fit
from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.protocols import Batch, Samples
from dltrainer_jupyter.core.spec import Part, RunSpec
from tests.adapters.jax.bench import Bench, Net, X, Y, net

CLASSES = np.arange(40) % 3
VALUES = X[:, :1]


def linear(outputs: int, inputs: int = 6) -> nnx.Linear:
    return nnx.Linear(inputs, outputs, rngs=nnx.Rngs(0))


def error_of(model: Any, data: Any = (X, Y), **settings: Any) -> str:
    with pytest.raises(ConfigurationError) as error:
        Bench(model, data, **settings)
    message = str(error.value)
    assert "\n" not in message
    return message


# --- models ---------------------------------------------------------------------------------------------


def made_of_streams(rngs: nnx.Rngs) -> Net:
    return Net(rngs)


@pytest.mark.parametrize("factory", [Net, made_of_streams, lambda: net(3), partial(Net, inputs=6)])
def test_a_class_or_a_function_makes_the_model(factory: Any) -> None:
    with Bench(factory) as bench, Bench(factory) as again, Bench(factory, seed=1) as other:
        assert again.digest() == bench.digest()
        assert other.width == 2
        # What draws from the run's streams differs with the seed; what brings its own doesn't.
        assert (other.digest() == bench.digest()) == ("<lambda>" in str(factory))


class Linen(linen.Module):
    @linen.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        return linen.Dense(2)(x)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (Linen(), "model: Linen is a flax.linen module, .* write it with flax.nnx, or wrap it: nnx.bridge"),
        (Linen, "model: Linen is a flax.linen module"),
        (lambda params, x: x @ params, "expected a flax.nnx.Module or a function of random streams"),
        (lambda: jnp.tanh, "expected a flax.nnx.Module or a function that makes one, got .*; put a plain function"),
        (nnx.Dropout(0.5, rngs=nnx.Rngs(0)), "model: nothing to train: it has no nnx.Param"),
    ],
)
def test_what_is_no_nnx_module_is_refused(model: Any, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        Bench(model)


def test_a_wrapped_linen_module_trains_as_the_message_says() -> None:
    wrapped = nnx.bridge.lazy_init(nnx.bridge.ToNNX(Linen(), rngs=nnx.Rngs(0)), X[:1])
    with Bench(wrapped, learning_rate=0.1) as bench:
        first, *_, last = bench.step(20)
        assert last < first


def test_a_model_survives_pickling_with_its_keys() -> None:
    loaded = pickle.loads(cloudpickle.dumps({"model": net()}))["model"]  # noqa: S301 - made here
    with Bench(loaded) as bench, Bench(net()) as original:
        assert bench.digest() == original.digest()


class Growing(nnx.Module):
    def __init__(self) -> None:
        self.layer = linear(2)

    def __call__(self, x: jax.Array) -> jax.Array:
        if not hasattr(self, "late"):
            self.late = nnx.Variable(jnp.zeros(2))
        return self.layer(x)


def test_variables_that_come_late_are_refused() -> None:
    assert error_of(Growing()).startswith("model: Growing makes or drops variables while it computes")


def test_evaluation_mode_is_left_for_training() -> None:
    asleep = net()
    asleep.eval()
    with Bench(asleep) as bench, Bench(net()) as awake:
        assert (bench.step(2), bench.digest()) == (awake.step(2), awake.digest())


def test_the_module_itself_holds_what_was_learned_once_the_trainer_has_closed() -> None:
    own = net()
    with Bench(own) as bench:
        bench.step(2)
        learned = np.asarray(bench.net.entry.kernel)
        assert not np.array_equal(own.entry.kernel, learned)
    assert np.array_equal(own.entry.kernel, learned)


# --- optimizers and losses ----------------------------------------------------------------------------------


def of_model(model: nnx.Module) -> optax.GradientTransformation:
    assert isinstance(model, nnx.Module)
    return optax.sgd(0.3)


@pytest.mark.parametrize(
    ("optimizer", "rate", "expected"),
    [
        (optax.lion, None, 1e-3),
        (partial(optax.adamw, weight_decay=0.1), 0.02, 0.02),
        (optax.inject_hyperparams(optax.adam)(learning_rate=0.25), None, 0.25),
        (optax.inject_hyperparams(optax.adam)(learning_rate=0.25), 0.5, 0.5),
        (optax.inject_hyperparams(optax.adam)(learning_rate=optax.constant_schedule(0.1)), 0.5, None),
        (optax.sgd(0.1), 0.5, None),
        (of_model, None, None),
    ],
)
def test_the_rate_is_known_where_an_optimizer_shows_it(optimizer: Any, rate: Any, expected: float | None) -> None:
    with Bench(linear(2), optimizer=optimizer, learning_rate=rate) as bench:
        assert bench.adapter.learning_rate(bench.state) == (None if expected is None else pytest.approx(expected))
        assert np.isfinite(bench.step()).all()


def test_an_optimizer_of_nnx_is_refused() -> None:
    optimizer = nnx.Optimizer(linear(2), optax.sgd(0.1), wrt=nnx.Param)
    message = error_of(linear(2), optimizer=optimizer)
    assert message == (
        "optimizer: expected an optax.GradientTransformation or a function that makes one, got Optimizer; "
        "hand over its transformation, optimizer.tx."
    )


@pytest.mark.parametrize(
    ("model", "data", "settings", "message"),
    [
        (
            linear(2, 5),
            (X, Y),
            {},
            r"don't fit: .*\(6,\) and \(5,\).*; a batch has inputs \(8, 6\) float32 and targets",
        ),
        (linear(2), (X, CLASSES), {}, "labels up to 2, but the model has 2 outputs; give it 3."),
        (linear(3), (X, VALUES), {"loss": "huber"}, r"the model gives \(8, 3\) where the loss compares with \(8, 1\)"),
        (
            linear(2),
            (X, Y),
            {"loss": lambda o, t: (o.sum(1) - t) ** 2},
            r"one number .* got shape \(8,\); take its mean",
        ),
        (linear(2), (X, Y), {"loss": lambda o, _: float(o.sum())}, "such that JAX can compile them: .*jnp.where"),
        (linear(2), (X, Y), {"loss": lambda *_: 1.0}, "loss: expected an array, got float"),
        (linear(2), (X, Y), {"loss": 5}, "loss: expected a name or a function of outputs and targets, got int"),
    ],
)
def test_what_does_not_fit_is_refused_before_the_first_step(model, data, settings, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        Bench(model, data, **settings)


@pytest.mark.parametrize(("shape", "width"), [((8, 5), 5), ((8, 5, 7, 6), 5), ((8,), 1), (None, None)])
def test_classes_lie_along_the_second_axis(shape: tuple[int, ...] | None, width: int | None) -> None:
    outputs = None if shape is None else jax.ShapeDtypeStruct(shape, jnp.float32)
    traced = jax.ShapeDtypeStruct((), jnp.float32), outputs, None
    assert check_fit(lambda: traced, lambda: traced, Batch(X, None, 8), 0) == width


def test_single_values_may_come_without_their_column() -> None:
    """Compared as (n,) with (n, 1), every value would meet every other."""

    class Flat(nnx.Linear):
        def __call__(self, x: jax.Array) -> jax.Array:
            return super().__call__(x)[:, 0]

    with (
        Bench(Flat(6, 1, rngs=nnx.Rngs(0)), (X, VALUES)) as flat,
        Bench(linear(1), (X, VALUES), loss=lambda o, t: jnp.mean((o - t) ** 2)) as column,
    ):
        assert flat.step(3) == pytest.approx(column.step(3), rel=1e-5)


# --- the machine and data -------------------------------------------------------------------------------------


def test_what_exactness_depends_on_is_recorded() -> None:
    with Bench(linear(2)) as bench:
        assert {"jax", "jaxlib", "flax", "optax", "threads", "device", "enable_x64"} <= bench.environment.keys()
        assert bench.adapter.inexact_because() is None


def test_threads_are_those_that_jax_has_and_no_others() -> None:
    """They were fixed when the first array was made."""
    assert choose_threads(77, owns_process=True) == choose_threads(None, owns_process=False) != 77


def test_other_cells_options_do_not_reach_a_running_trainer() -> None:
    with Bench(net()) as undisturbed:
        expected = undisturbed.step(4), undisturbed.digest()
    with Bench(net()) as bench:
        first = bench.step(2)
        jax.config.update("jax_enable_x64", True)
        try:
            assert (first + bench.step(2), bench.digest()) == expected
        finally:
            jax.config.update("jax_enable_x64", False)


@pytest.mark.parametrize("wanted", ["tpuu", "cuda:99", "cpu:7", "cpu:", "mps"])
def test_a_device_that_is_not_there_is_refused(wanted: str) -> None:
    with pytest.raises(ConfigurationError, match="device: "):
        choose_device(wanted)


@pytest.mark.parametrize(
    ("flags", "expected"),
    [("", False), ("--xla_gpu_deterministic_ops=false", False), ("--a --xla_gpu_deterministic_ops=true", True)],
)
def test_a_gpu_adds_in_order_if_it_is_told_to(flags: str, expected: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    class Gpu:
        platform = "gpu"

    monkeypatch.setenv("XLA_FLAGS", flags)
    assert adds_in_order(Gpu()) == expected


def test_batches_are_cut_on_the_device_and_as_one_by_one() -> None:
    with Bench(linear(2)) as fast, Bench(linear(2), fast={"batching": False}) as plain:
        for step in (0, 3, 4, 6):
            ours, theirs = fast.batch(step), plain.batch(step)
            assert ours.size == theirs.size == len(ours.inputs)
            assert (ours.inputs == theirs.inputs).all()
            assert (ours.targets == theirs.targets).all()
            assert isinstance(ours.inputs, jax.Array)


def test_whole_numbers_that_do_not_fit_are_refused() -> None:
    with Bench(linear(2)) as bench, pytest.raises(ConfigurationError, match="targets reach from 0 to 4294967296"):
        bench.adapter.place(Samples(X, np.array([0, 2**32])))


def test_a_loaders_batch_keeps_its_structure() -> None:
    with Bench(linear(2)) as bench:
        pair = bench.adapter.to_batch([X[:4], Y[:4]])
        assert (pair.size, pair.targets.dtype, type(pair.whole)) == (4, jnp.int32, list)
        mapping = bench.adapter.to_batch({"x": X[:3], "n": np.int64(5)})
        assert (mapping.size, mapping.targets, mapping.inputs["x"].shape) == (3, None, (3, 6))
        _, output = bench.adapter.train_step(bench.recipe, bench.state, pair)
        assert output.size == 4
        assert bench.adapter.arrays([output.outputs, output.outputs]).shape == (8, 2)


def test_predicting_touches_nothing_of_the_users() -> None:
    own = net()
    with Bench(own) as bench:
        weights = bench.save().weights
        before = np.asarray(own.entry.kernel)
        predictor = JaxAdapter.predictor(bench.spec, bench.objects, bench.signature, weights)
        assert predictor.model is not own
        assert predictor.outputs(X[:0]).shape == (0, 2)
        assert np.array_equal(own.entry.kernel, before)


def test_a_model_that_no_framework_knows_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    from dltrainer_jupyter.models.mlp import MLP

    monkeypatch.delattr(MLP, "jax")
    spec = RunSpec(framework="jax", model="mlp", data=Part.user_object("own"))
    assert spec.framework == "jax"
    assert error_of("mlp") == "The model 'mlp' can't be built for jax."
