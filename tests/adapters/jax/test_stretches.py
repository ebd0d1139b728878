"""Several steps in one call: the bits of single ones, and the steps that are better made one by one."""

from __future__ import annotations

import contextlib
import math
from typing import Any, ClassVar

import jax
import numpy as np
import pytest
from flax import nnx

from dltrainer_jupyter import tal
from dltrainer_jupyter.adapters.jax import placement
from dltrainer_jupyter.checkpoints.arrays import digest
from dltrainer_jupyter.core.errors import TrainingFailed
from dltrainer_jupyter.core.protocols import Batch, StepOutput, TrainState
from dltrainer_jupyter.core.spec import FastSpec
from dltrainer_jupyter.loop import parts, reference
from dltrainer_jupyter.testing.adapter_stretches import RATES, check_splits
from tests.adapters.jax.bench import Bench, X, Y, net, sometimes
from tests.adapters.jax.two_nets import TwoNets
from tests.loop.conftest import SETTINGS

EVERYTHING = {"optimizer": "adamw", "ema": 0.9, "gradient_accumulation": 3, "gradient_clipping": 0.5}
SMALL = {"type": "mlp", "hidden": [5], "dropout": 0.2}


class Recurrent(nnx.Module):
    """A step with a loop of its own."""

    def __init__(self, rngs: nnx.Rngs) -> None:
        self.layer = nnx.RNN(nnx.GRUCell(2, 4, rngs=rngs))
        self.head = nnx.Linear(4, 2, rngs=rngs)

    def __call__(self, x: jax.Array) -> jax.Array:
        return self.head(self.layer(x.reshape(-1, 3, 2))[:, -1])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("model", "rates", "settings"),
    [
        (net(), RATES, {**EVERYTHING, "loss": sometimes, "on_nan": "skip"}),
        (SMALL, RATES, {"recipe": TwoNets(), "ema": 0.5}),
        (Recurrent, None, {}),
        # Fused with what fetches the sample or puts its loss away, such small sums come in another order.
        ({"type": "mlp", "hidden": [32]}, None, {"data": (X, X[:, :1]), "batch_size": 1}),
    ],
    ids=["everything", "two nets", "recurrent", "one sample"],
)
def test_any_split_into_calls_gives_the_bits_of_single_steps(model: Any, rates: Any, settings: dict[str, Any]) -> None:
    with Bench(model, validation=False, **settings) as bench:
        assert np.isfinite(check_splits(bench, rates).losses).all() == ("loss" not in settings)
        assert bench.adapter._stretches._compiled._cache_size() == 1


def test_the_last_rate_stays() -> None:
    with Bench(net(), validation=False) as bench, Bench(net(), validation=False) as stays:
        bench.stretch(2, [0.3, 0.01])
        bench.stretch(3)
        stays.adapter.set_learning_rate(stays.state, 0.3)
        stays.step()
        stays.adapter.set_learning_rate(stays.state, 0.01)
        stays.step(4)
        assert bench.digest() == stays.digest()


class Convolving(nnx.Module):
    """Where the convolution stands inside a loop of the model's own, of which each image is a turn."""

    def __init__(self, rngs: nnx.Rngs) -> None:
        self.layer = nnx.Conv(1, 2, (3,), rngs=rngs)

    def __call__(self, x: jax.Array) -> jax.Array:
        return jax.lax.map(lambda row: self.layer(row[None, :, None])[0].mean(0), x)


class Looking(nnx.Linear):
    """Calls back into Python in each step."""

    def __call__(self, x: jax.Array) -> jax.Array:
        jax.debug.callback(lambda _: None, x.sum())
        return super().__call__(x)


class Widening(TwoNets):
    """Keeps a number that becomes another kind of number."""

    def train_step(self, state: TrainState, batch: Batch, ops: Any) -> tuple[TrainState, StepOutput]:
        state, output = super().train_step(state, batch, ops)
        state.extra["count"] += 0.5
        return state, output


@pytest.mark.parametrize(
    ("model", "settings", "most"),
    [
        (net, {}, 1024),
        (net, {"batch_size": 20}, 1024),
        (lambda rngs: nnx.Linear(6, 6000, rngs=rngs), {}, 10),
        (Convolving, {}, 1),
        (lambda rngs: Looking(6, 2, rngs=rngs), {}, 1),
        (SMALL, {"recipe": Widening()}, 1),
        (net, {"fast": {"batching": False}}, 1),
    ],
    ids=["small", "another size", "large outputs", "convolution", "callback", "other kinds", "one by one"],
)
def test_a_call_holds_as_many_steps_as_are_good_in_a_loop(model: Any, settings: dict[str, Any], most: int) -> None:
    model = model() if model is net else model
    with Bench(model, **settings) as bench:
        assert bench.adapter.most_steps() == most
        # The last batch, of a single sample, says nothing of the others.
        bench.adapter.check(bench.recipe, bench.state, Batch(X[:1], Y[:1], 1))
        assert bench.adapter.most_steps() == most


def test_batches_of_samples_that_do_not_fit_on_the_device_are_cut_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(placement, "place", lambda samples, _: placement.Placed(samples.inputs, samples.targets))
    with Bench(net()) as bench:
        assert bench.adapter.most_steps() == 1
        assert np.isfinite(bench.step(2)).all()


class Silent(TwoNets):
    """Shows nothing."""

    def train_step(self, state: TrainState, batch: Batch, ops: Any) -> tuple[TrainState, StepOutput]:
        state, _ = super().train_step(state, batch, ops)
        return state, StepOutput(None, None, None, batch.size)


@pytest.mark.slow
def test_a_recipe_that_shows_nothing_makes_several_steps_too() -> None:
    with Bench(SMALL, recipe=Silent()) as bench, Bench(SMALL, recipe=Silent()) as single:
        assert bench.stretch(3)[:5] == (None, None, None, 8, 3)
        single.state, _ = single.adapter.train_step(single.recipe, single.state, single.batch(0))
        for step in (1, 2):
            single.state, _ = single.adapter.train_step(single.recipe, single.state, single.batch(step))
        assert bench.digest() == single.digest()


class Failing(nnx.Linear):
    """Raises in one of its calls, once."""

    fails_in: ClassVar[float] = math.inf

    def __call__(self, x: jax.Array) -> jax.Array:
        return super().__call__(x) + jax.pure_callback(self._look, jax.ShapeDtypeStruct((), x.dtype), x[0, 0])

    @staticmethod
    def _look(value: Any) -> Any:
        Failing.fails_in -= 1
        if Failing.fails_in == 0:
            raise ZeroDivisionError
        return 0 * value


@pytest.mark.slow
def test_what_a_call_leaves_that_fails_is_not_saved(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = {"data": (X, Y), "batch_size": 2, "epochs": 3, "validation": False, "executor": "inline"}
    model = Failing(6, 2, rngs=nnx.Rngs(0))
    undisturbed = tal.train(model, verbose=False, **settings).wait()
    # In the second epoch, of which the first calls made the step before.
    monkeypatch.setattr(Failing, "fails_in", 30)
    run = tal.train(model, verbose=False, **settings)
    with pytest.raises(TrainingFailed, match="ZeroDivisionError"):
        run.wait()
    assert (run.state, run.last.record.step) == ("failed", 20)
    run.resume()
    run.wait()
    assert (run.state, run.exact) == ("completed", True)
    assert run.last.record.digest == undisturbed.last.record.digest
    assert run.metrics().equals(undisturbed.metrics())


@pytest.mark.slow
def test_a_run_equals_the_textbook_with_and_without() -> None:
    """Digests, curves of steps and values of epochs are those of :mod:`dltrainer_jupyter.loop.reference`."""
    given = SETTINGS | {"framework": "jax"}
    spec, objects = tal.describe(given | {"fast": dict.fromkeys(FastSpec.model_fields, False)})
    with contextlib.closing(parts.make_adapter(spec, owns_process=False)) as adapter:
        adapter.open()
        history, state = reference.train(spec, objects, adapter, parts.load_data(spec, objects))
    wanted = digest(state.weights, state.optimizer), history
    for several in (True, False):
        run = tal.train(**given, fast={"several_steps": several}, executor="inline").wait()
        assert (run.last.record.digest, [epoch.values for epoch in run.store.epochs(run.id)]) == wanted
