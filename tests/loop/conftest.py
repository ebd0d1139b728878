"""A run recorded in a store, for tests that drive a loop by hand."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from dltrainer_jupyter import tal
from dltrainer_jupyter.tal import Run

SETTINGS: dict[str, Any] = {
    "model": {"type": "mlp", "hidden": [16], "dropout": 0.2, "batch_norm": True},
    "data": "digits",
    "epochs": 2,
    "batch_size": 64,
    "optimizer": {"type": "adamw"},
    "scheduler": {"type": "cosine", "warmup_epochs": 0.5},
    "metrics": ["accuracy", "f1"],
    "verbose": False,
}


@pytest.fixture
def train() -> Callable[..., Run]:
    """Train digits with a small network and changes; returns at once unless the executor is inline."""

    def start(**changes: Any) -> Run:
        return tal.train(**{**SETTINGS, **changes})

    return start


@pytest.fixture
def gate() -> threading.Event:
    """An event for a model that waits; opened at the end, so that no thread is left waiting."""
    return threading.Event()
