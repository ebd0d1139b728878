"""The same task for every framework and for the loops written by hand."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pytest
from sklearn.datasets import load_wine

from dltrainer_jupyter.data.cursor import batches, bounds, epoch_order

EPOCHS, BATCH_SIZE, SEED, RATE = 3, 16, 5, 0.01


class Task(NamedTuple):
    """Wine: 178 samples of 13 measurements, in three classes; the last batch of an epoch is smaller."""

    inputs: npt.NDArray[np.float32]
    targets: npt.NDArray[np.int64]
    weights: dict[str, npt.NDArray[np.float32]]
    """Initial weights of a net 13 → 24 → 3: ``w1`` (13, 24), ``b1`` (24,), ``w2`` (24, 3), ``b2`` (3,)."""

    def settings(self) -> dict[str, Any]:
        """Give everything but the model."""
        return {
            "data": (self.inputs, self.targets),
            "validation": False,
            "epochs": EPOCHS,
            "batch_size": BATCH_SIZE,
            "learning_rate": RATE,
            "seed": SEED,
            "optimizer": "adam",
            "loss": "cross_entropy",
            "executor": "inline",
            "verbose": False,
        }

    def order(self) -> list[npt.NDArray[np.int64]]:
        """Give the indices of every batch of every epoch, as the product promises them."""
        count = len(self.inputs)
        return [
            epoch_order(SEED, epoch, count)[slice(*bounds(index, count, BATCH_SIZE))]
            for epoch in range(1, EPOCHS + 1)
            for index in range(batches(count, BATCH_SIZE))
        ]


@pytest.fixture(scope="session")
def task() -> Task:
    """Load the data, standardized, and draw initial weights."""
    inputs, targets = load_wine(return_X_y=True)
    inputs = ((inputs - inputs.mean(0)) / inputs.std(0)).astype(np.float32)
    draw = np.random.default_rng(0)
    shapes = {"w1": (13, 24), "b1": (24,), "w2": (24, 3), "b2": (3,)}
    weights = {name: draw.normal(0, 0.3, shape).astype(np.float32) for name, shape in shapes.items()}
    return Task(inputs, targets.astype(np.int64), weights)
