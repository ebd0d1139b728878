"""The fast loop and the textbook's give the same bits, with each optimization on and off."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from dltrainer_jupyter import tal
from dltrainer_jupyter.checkpoints.arrays import digest
from dltrainer_jupyter.core.records import EpochRecord
from dltrainer_jupyter.core.spec import FastSpec
from dltrainer_jupyter.loop import parts, reference
from dltrainer_jupyter.tal import Run
from tests.loop.conftest import SETTINGS


def _textbook(changes: Mapping[str, Any]) -> tuple[list[dict[str, float]], str]:
    spec, objects = tal.describe({**SETTINGS, **changes})
    adapter = parts.make_adapter(spec, owns_process=False)
    adapter.open()
    try:
        history, state = reference.train(spec, objects, adapter, parts.load_data(spec, objects))
    finally:
        adapter.close()
    return history, digest(state.weights, state.optimizer)


def _history(run: Run) -> list[dict[str, float]]:
    epochs: list[EpochRecord] = run.store.epochs(run.id)
    return [epoch.values for epoch in epochs]


_OWN_BITS = ("fused_optimizer", "channels_last")


@pytest.mark.parametrize(
    "fast", [{}, *({name: False} for name in FastSpec.model_fields)], ids=lambda fast: next(iter(fast), "everything")
)
def test_equals_the_textbook(train: Callable[..., Run], fast: dict[str, bool]) -> None:
    """An optimization changes speed and nothing else.

    Some have bits of their own, so both sides use the same of these.
    """
    slow = {name: name in _OWN_BITS and fast.get(name, True) for name in FastSpec.model_fields}
    history, final = _textbook({"fast": slow})
    run = train(fast=fast, executor="inline").wait()
    assert run.last.record.digest == final
    assert _history(run) == history


@pytest.mark.parametrize(
    "changes",
    [
        {"model": "mlp", "data": "diabetes", "metrics": ["mae", "r2"], "scheduler": "plateau", "epochs": 4},
        {"model": "mlp", "data": "breast_cancer", "loss": "bce", "metrics": ["precision"], "scheduler": "step"},
        {"model": "cnn", "optimizer": {"type": "sgd", "momentum": 0.9}, "scheduler": None, "epochs": 1},
        {"model": "cnn", "fast": {"channels_last": False}, "scheduler": None, "epochs": 1},
        {"validation": False},
        {"validation": {"interval": 2}, "epochs": 3, "early_stopping": {"patience": 1}},
    ],
    ids=["regression", "binary", "cnn", "channels first", "no validation", "interval"],
)
def test_every_kind_of_training_equals_the_textbook(train: Callable[..., Run], changes: dict[str, Any]) -> None:
    """Tasks, schedules and validation are the same in both loops."""
    history, final = _textbook(changes)
    run = train(executor="inline", **changes).wait()
    assert run.last.record.digest == final
    assert _history(run) == history
