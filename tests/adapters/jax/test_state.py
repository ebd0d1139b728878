"""A state saved and loaded is the state, bit for bit; that of something else is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax import nnx

from dltrainer_jupyter.core.errors import CheckpointError
from dltrainer_jupyter.core.protocols import Batch
from tests.adapters.jax.bench import Bench, X, net
from tests.adapters.jax.two_nets import TwoNets

if TYPE_CHECKING:
    from pathlib import Path

EVERYTHING = {
    "optimizer": "adamw",
    "ema": 0.9,
    "gradient_accumulation": 3,
    "gradient_clipping": 0.5,
    "learning_rate": 0.02,
}
BEFORE, AFTER = 7, 6  # into the second epoch, with one batch waiting for an update


@pytest.mark.parametrize(
    "settings",
    [EVERYTHING, {"precision": "16-mixed", "on_nan": "skip", "optimizer": {"type": "sgd", "momentum": 0.9}}],
    ids=["everything", "16 bits"],
)
def test_training_goes_on_bit_for_bit(settings: dict[str, Any], tmp_path: Path) -> None:
    with Bench(net(), **settings) as undisturbed:
        undisturbed.step(BEFORE)
        path, saved = undisturbed.write(tmp_path), undisturbed.digest()
        losses, digest = undisturbed.step(AFTER), undisturbed.digest()
    with Bench(net(seed=20), **settings) as resumed:
        resumed.step(2)
        resumed.read(path)
        assert resumed.digest() == saved
        assert (resumed.step(AFTER), resumed.digest()) == (losses, digest)


def test_a_saved_copy_is_not_written_into_by_later_steps() -> None:
    with Bench(net(), **EVERYTHING) as bench:
        bench.step(2)
        saved = bench.save()
        before = {name: bytes(raw.data) for name, raw in (saved.weights | saved.optimizer).items()}
        bench.step(2)
        assert before == {name: bytes(raw.data) for name, raw in (saved.weights | saved.optimizer).items()}


def test_names_say_what_each_array_is() -> None:
    with Bench(net(), **EVERYTHING) as bench:
        saved = bench.save()
    weights = {"entry.kernel", "entry.bias", "head.kernel", "head.bias"}
    weights |= {"norm.scale", "norm.bias", "norm.mean", "norm.var", "seen"}
    assert saved.weights.keys() == {f"{net}.{name}" for net in ("model", "model@ema") for name in weights}
    assert {
        "$random.model.dropout.rngs.key",
        "$random.model.dropout.rngs.count",
        "$updates.model",
    } <= saved.optimizer.keys()
    assert {"optimizer.sum.entry.kernel", "optimizer.batches"} <= saved.optimizer.keys()
    assert any(name.endswith(".mu.head.kernel") for name in saved.optimizer)


def test_checking_and_measuring_change_nothing() -> None:
    with Bench(net(), **EVERYTHING) as bench:
        bench.step(2)
        before = bench.digest()
        first = bench.evaluate()
        bench.adapter.check(bench.recipe, bench.state, bench.batch(0))
        assert (bench.evaluate(), bench.digest()) == (first, before)


class Wider(nnx.Module):
    def __init__(self, width: int, dtype: Any = jnp.float32) -> None:
        self.entry = nnx.Linear(6, width, param_dtype=dtype, rngs=nnx.Rngs(0))
        self.head = nnx.Linear(width, 2, rngs=nnx.Rngs(1))

    def __call__(self, x: jax.Array) -> jax.Array:
        return self.head(self.entry(x))


SMALL = Wider(4)


@pytest.mark.parametrize(
    ("other", "before", "here", "after", "message"),
    [
        (SMALL, {}, Wider(5), {}, r"another model: 'model.entry.bias' is \(4,\) float32 there and \(5,\) float32 here"),
        (Wider(4, jnp.bfloat16), {}, SMALL, {}, r"'model.entry.bias' is \(4,\) bfloat16 there and \(4,\) float32"),
        (net(), {}, SMALL, {}, "another model: it has besides model.norm.bias, model.norm.mean, model.norm.scale …"),
        (SMALL, {}, SMALL, {"optimizer": "sgd"}, "another optimizer: it lacks"),
        (SMALL, {}, SMALL, {"ema": 0.9}, "has no moving average"),
        (SMALL, {"gradient_accumulation": 4}, SMALL, {"gradient_accumulation": 2}, "gradients of 3 batches"),
        (SMALL, {"gradient_accumulation": 4}, SMALL, {}, "after each 1; set gradient_accumulation"),
    ],
)
def test_the_state_of_something_else_is_refused_before_anything_is_written(
    other, before, here, after, message: str
) -> None:
    with Bench(other, **before) as there, Bench(here, **after) as bench:
        if "gradient_accumulation" in before:
            there.step(3)
        digest = bench.digest()
        with pytest.raises(CheckpointError, match=message) as error:
            bench.adapter.load(bench.state, there.save())
        assert "\n" not in str(error.value)
        assert bench.digest() == digest


@pytest.mark.parametrize("ema", [None, 0.9])
def test_another_run_begins_with_the_average(ema: float | None) -> None:
    with Bench(net(), ema=0.9, learning_rate=0.05) as bench, Bench(net(seed=3), ema=ema) as other:
        bench.step(4)
        weights = bench.save().weights
        random = other.save().optimizer["$random.model.dropout.rngs.key"]
        other.adapter.begin_with(other.state, weights)
        begun = other.save()
    for name, raw in weights.items():
        if "@ema" in name:
            assert begun.weights[name.replace("@ema", "")] == raw
            assert ema is None or begun.weights[name] == raw
    assert begun.optimizer["$random.model.dropout.rngs.key"] == random


@pytest.mark.slow
def test_two_nets_and_what_a_recipe_keeps_go_on_bit_for_bit(tmp_path: Path) -> None:
    settings = {"model": {"type": "mlp", "hidden": [5], "dropout": 0.2}, "ema": 0.5}
    with Bench(recipe=TwoNets(), **settings) as undisturbed:
        undisturbed.step(4)
        path = undisturbed.write(tmp_path)
        expected = undisturbed.step(3), undisturbed.digest()
        assert (int(undisturbed.state.extra["count"]), undisturbed.state.extra["note"]) == (7, "kept")
    with Bench(recipe=TwoNets(), **settings) as resumed:
        resumed.read(path)
        assert (resumed.step(3), resumed.digest()) == expected


def test_a_learning_rate_is_part_of_the_state(tmp_path: Path) -> None:
    with Bench(net()) as bench, Bench(net()) as resumed:
        bench.adapter.set_learning_rate(bench.state, 0.25)
        resumed.read(bench.write(tmp_path))
        assert (resumed.step(2), resumed.digest()) == (bench.step(2), bench.digest())


def test_an_own_transformation_keeps_every_kind_of_slot(tmp_path: Path) -> None:
    optimizer = optax.chain(optax.clip(1.0), optax.adamw(optax.cosine_decay_schedule(0.1, 20), weight_decay=0.1))
    with Bench(net(), optimizer=optimizer) as bench, Bench(net(seed=2), optimizer=optimizer) as resumed:
        bench.step(3)
        resumed.read(bench.write(tmp_path))
        assert (resumed.step(4), resumed.digest()) == (bench.step(4), bench.digest())
        assert bench.adapter.learning_rate(bench.state) is None


def test_predictions_are_those_of_the_measured_average() -> None:
    with Bench(net(), ema=0.9, learning_rate=0.05) as bench:
        bench.step(6)
        predictor = bench.adapter.predictor(bench.spec, bench.objects, bench.signature, bench.save().weights)
        whole = Batch(jax.device_put(X), jax.device_put(np.zeros(len(X), np.int32)), len(X))
        with bench.adapter.evaluation(bench.state) as measured:
            expected = bench.adapter.arrays([bench.adapter.eval_step(bench.recipe, measured, whole).outputs])
    np.testing.assert_allclose(predictor.outputs(X), expected, rtol=1e-6)
    assert predictor.model.dropout.deterministic
    assert isinstance(predictor.model, nnx.Module)
