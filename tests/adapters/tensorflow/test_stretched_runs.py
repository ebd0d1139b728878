"""Runs that make several steps in a call are those that make them one by one, whatever happens on the way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import pytest
import tensorflow as tf
from keras import layers

from dltrainer_jupyter import tal
from dltrainer_jupyter.adapters.tensorflow.adapter import TensorFlowAdapter
from dltrainer_jupyter.checkpoints.arrays import digest
from dltrainer_jupyter.core.errors import TrainingFailed
from dltrainer_jupyter.data.cursor import epoch_order
from dltrainer_jupyter.loop import loop, parts, reference, stepping
from dltrainer_jupyter.tal import Run
from dltrainer_jupyter.testing.adapter_runs import WholeRun
from tests.adapters.tensorflow.bench import WINE, Slowing

SIZE = 8
STEPS = -(-len(WINE) // SIZE)
"""In an epoch, the last with two samples."""
BY_NAME: dict[str, Any] = {
    "framework": "tensorflow",
    "model": {"type": "mlp", "hidden": [8], "dropout": 0.2, "batch_norm": True},
    "data": "wine",
    "epochs": 2,
    "batch_size": SIZE,
    "optimizer": "adamw",
    "scheduler": {"type": "cosine", "warmup_epochs": 0.5},
    "metrics": ["accuracy", "f1"],
}


class Doubling:
    """Makes the same calls on every machine: of 1, 2, 4, 8 and from then on 16 steps."""

    def __init__(self, most: int) -> None:
        assert most > 1
        self.steps = 1

    def took(self, steps: int, seconds: float) -> None:
        self.steps = max(self.steps, min(2 * steps, 16))


@pytest.fixture(autouse=True)
def calls(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Note how many steps each call is asked for."""
    held: list[int] = []
    make_steps = TensorFlowAdapter.train_steps

    def noted(adapter: TensorFlowAdapter, recipe: Any, state: Any, stretch: Any, rates: Any) -> Any:
        held.append(stretch.steps)
        return make_steps(adapter, recipe, state, stretch, rates)

    monkeypatch.setattr(TensorFlowAdapter, "train_steps", noted)
    monkeypatch.setattr(stepping, "Pace", Doubling)
    return held


def train(**settings: Any) -> Run:
    usual = {
        "data": (WINE.inputs, WINE.targets),
        "validation": False,
        "epochs": 2,
        "batch_size": SIZE,
        "verbose": False,
    }
    return tal.train(**usual | {"executor": "inline"} | settings)


def compiled(*first: layers.Layer, kind: type[keras.Sequential] = keras.Sequential) -> keras.Model:
    keras.utils.set_random_seed(3)
    model = kind([layers.Input((13,)), *first, layers.Dense(8), layers.Dropout(0.3), layers.Dense(3)])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(1e-2), loss, metrics=["accuracy"])
    return model


def told(run: Run) -> tuple[Any, ...]:
    """Give all that is known of a run that ended."""
    return (
        run.state,
        run.step,
        [record.values for record in run.store.epochs(run.id)],
        # As text, in which what is no number equals itself.
        list(map(repr, run.curve("train_loss")[1].tolist())),
        run.last.record.step,
        run.last.record.digest,
    )


def test_a_portable_recipe_equals_the_textbook(calls: list[int]) -> None:
    spec, objects = tal.describe(BY_NAME)
    adapter = parts.make_adapter(spec, owns_process=False)
    adapter.open()
    history, state = reference.train(spec, objects, adapter, parts.load_data(spec, objects))
    adapter.close()
    for fast, held in ({"several_steps": False}, []), ({}, [1, 2, 4, 8, 2, 16, 1]):
        run = tal.train(**BY_NAME, fast=fast, executor="inline", verbose=False).wait()
        assert told(run)[2] == history
        assert run.last.record.digest == digest(state.weights, state.optimizer)
        assert calls == held


@pytest.mark.slow
def test_a_compiled_model_becomes_the_same(calls: list[int]) -> None:
    several = told(train(model=compiled()).wait())
    assert max(calls) == 16
    assert told(train(model=compiled(), fast={"several_steps": False}).wait()) == several
    assert several[:2] == ("completed", 2 * STEPS)


@pytest.mark.slow
def test_a_rate_that_the_model_lowers_by_itself_is_not_raised_again_behind_the_warm_up() -> None:
    """Set is what the schedule makes another, and nothing else, however many steps a call makes."""
    settings = {"scheduler": {"type": "constant", "warmup_epochs": 0.5}}
    several, single = (
        train(model=compiled(kind=Slowing), fast={"several_steps": way}, **settings).wait() for way in (True, False)
    )
    assert told(several) == told(single)


@pytest.mark.slow
def test_a_run_that_was_left_in_the_middle_of_an_epoch_ends_as_if_left_alone(tmp_path: Path, calls: list[int]) -> None:
    alone, left = WholeRun(tmp_path, **BY_NAME), WholeRun(tmp_path, **BY_NAME)
    assert alone.train().state == "completed"
    calls.clear()
    record = left.train(suspend_after=4)
    assert (record.state, record.progress.step, calls) == ("suspended", 15, [1, 2, 4, 8])
    assert left.train().state == "completed"
    assert calls[4:] == [1, 1, 2, 4, 8, 3]
    assert (left.last.digest, left.history()) == (alone.last.digest, alone.history())


class Overflowing(layers.Layer):
    """Leaves inputs as they are, unless they are very large."""

    def call(self, inputs: Any) -> Any:
        return inputs + 0 * tf.exp(inputs)


class Refusing(layers.Layer):
    """Raises if inputs are very large."""

    def call(self, inputs: Any) -> Any:
        with tf.control_dependencies([tf.debugging.assert_less(inputs, 1e3, "too large")]):
            return tf.identity(inputs)


BAD_STEP = 10
"""In the middle of the fourth call, which begins after seven."""


def with_a_bad_sample() -> tuple[Any, Any]:
    """Give wine with a very large value in a batch of the first epoch."""
    inputs = WINE.inputs.copy()
    inputs[epoch_order(0, 1, len(WINE))[SIZE * BAD_STEP - 3]] = 1e4
    return inputs, WINE.targets


def failed(layer: layers.Layer, error: str) -> dict[bool, Run]:
    """Train a model with a layer both ways, by several steps in a call and not, until it fails."""
    runs = {}
    for several in (True, False):
        run = train(model=compiled(layer), data=with_a_bad_sample(), fast={"several_steps": several})
        with pytest.raises(TrainingFailed, match=error):
            run.wait()
        runs[several] = run
    return runs


@pytest.mark.slow
def test_a_loss_that_is_not_finite_stops_a_run_at_its_step(calls: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    # However slow the machine is, losses come to the host after the first call and at the end of the epoch.
    monkeypatch.setattr(loop, "FLUSH_SECONDS", 3600.0)
    runs = failed(Overflowing(), f"nan at step {BAD_STEP}")
    assert calls == [1, 2, 4, 8, 7]
    for run in runs.values():
        assert run.error is not None
        assert run.error.step == BAD_STEP
        assert run.last.record.step == 0
    # What was made after it, in the same call, nobody is told of.
    assert told(runs[True])[2:] == told(runs[False])[2:]
    assert len(told(runs[True])[3]) == BAD_STEP


@pytest.mark.slow
def test_a_batch_without_a_finite_loss_is_left_out() -> None:
    usual = {"data": with_a_bad_sample(), "on_nan": "skip"}
    several, single = (
        train(model=compiled(Overflowing()), fast={"several_steps": way}, **usual).wait() for way in (True, False)
    )
    assert told(several) == told(single)
    assert told(several)[3].count("nan") == 2


@pytest.mark.slow
def test_what_a_call_that_raised_has_left_is_not_saved(calls: list[int]) -> None:
    runs = failed(Refusing(), "too large")
    assert calls == [1, 2, 4, 8]
    # The call began behind these, and told nothing.
    assert runs[True].step == len(told(runs[True])[3]) == 7
    assert runs[False].step == BAD_STEP - 1
    # Nothing but the state before the first step is there to go on from.
    assert [run.last.record.step for run in runs.values()] == [0, 0]
    assert runs[True].last.record.digest == runs[False].last.record.digest
