"""One seed, one order of batches, one result: whatever the framework."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dltrainer_jupyter import tal
from dltrainer_jupyter.core.protocols import Samples
from dltrainer_jupyter.data.cursor import epoch_order
from dltrainer_jupyter.loop import parts
from dltrainer_jupyter.loop.feed import make_feed

FRAMEWORKS = ("pytorch", "tensorflow", "jax")


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_the_same_seed_draws_the_same_batches(framework: str) -> None:
    """Every value of every batch of two epochs, as it arrives on the device."""
    spec, _ = tal.describe({"model": "mlp", "data": "digits", "framework": framework, "batch_size": 100, "seed": 11})
    dataset = parts.load_data(spec, {})
    assert isinstance(dataset.train, Samples)
    adapter = parts.make_adapter(spec, owns_process=False)
    adapter.open()
    try:
        feed = make_feed(adapter, dataset.train, spec)
        for epoch in (1, 2):
            order = epoch_order(spec.seed, epoch, len(dataset.train))
            seen: list[Any] = list(feed.epoch(epoch, 0))
            np.testing.assert_array_equal(
                np.concatenate([np.asarray(b.inputs) for b in seen]), dataset.train.inputs[order]
            )
            np.testing.assert_array_equal(
                np.concatenate([np.asarray(b.targets) for b in seen]), dataset.train.targets[order]
            )
    finally:
        adapter.close()


@pytest.mark.parametrize("framework", ["pytorch", "tensorflow", pytest.param("jax", marks=pytest.mark.slow)])
def test_digits_are_learned_by_changing_one_word(framework: str) -> None:
    """The same description reaches 97 % on each."""
    settings = {"model": "cnn", "data": "digits", "epochs": 8, "metrics": ["accuracy"], "verbose": False}
    run = tal.train(framework=framework, executor="inline", **settings).wait()
    assert run.metrics()["val_accuracy"].max() >= 0.97
