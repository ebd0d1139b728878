"""What the tests train: little, and fast."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from dltrainer_jupyter import tal
from dltrainer_jupyter.core.errors import IllegalControlError
from dltrainer_jupyter.tal import Run
from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator

RNG = np.random.default_rng(3)
X = RNG.normal(size=(40, 6)).astype(np.float32)
Y = (X[:, 0] + X[:, 1] > 0).astype(np.int64)
TEXT = np.array(["no", "yes"])[Y]
VALUES = (2 * X[:, 0] - X[:, 1]).astype(np.float32)
MANY_X = RNG.normal(size=(4000, 6)).astype(np.float32)
MANY_Y = (MANY_X[:, 0] > 0).astype(np.int64)
SMALL = {"type": "mlp", "hidden": [8], "dropout": 0.2}


def quick(**settings: Any) -> Run:
    """Train to the end, here and now."""
    return tal.train(**{"model": SMALL, "data": (X, Y), "epochs": 2, "executor": "inline", "verbose": False} | settings)


@contextlib.contextmanager
def long(**settings: Any) -> Iterator[Run]:
    """Train in a thread for as long as the test wants."""
    given = {"model": SMALL, "data": (MANY_X, MANY_Y), "epochs": 1000, "batch_size": 4, "verbose": False}
    run = tal.train(**given | settings)
    try:
        until(lambda: run.step > 0 or run.record.error)
        yield run
    finally:
        with contextlib.suppress(IllegalControlError):
            run.stop()
        until(lambda: run.state not in {"pending", "running", "paused"})


def net(*, dropout: float = 0.5) -> nn.Module:
    """Make the same model each time, and leave the global generator as it is."""
    with torch.random.fork_rng():
        torch.manual_seed(7)
        return nn.Sequential(nn.Linear(6, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(dropout), nn.Linear(8, 2))


def values_of(model: nn.Module) -> dict[str, torch.Tensor]:
    """Copy a model's parameters and buffers."""
    return {name: tensor.detach().clone() for name, tensor in model.state_dict().items()}


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    """Compare to the bit."""
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)
