"""The training that is killed: dropout, BatchNorm, AdamW, a schedule, metrics with sums of floats."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from dltrainer_jupyter import tal
from dltrainer_jupyter.tal import Run


def settings(epochs: int) -> dict[str, Any]:
    """Give what to train."""
    return {
        "model": net(),
        "data": {"type": "digits"},
        "epochs": epochs,
        "batch_size": 16,
        "optimizer": {"type": "adamw"},
        "scheduler": {"type": "cosine", "warmup_epochs": 1},
        "metrics": ["accuracy", "f1"],
        "monitor": "val_accuracy",
        "checkpoint": {"every_seconds": 0.2},
        "verbose": False,
    }


def net() -> nn.Module:
    """Make the same model each time."""
    with torch.random.fork_rng():
        torch.manual_seed(7)
        return nn.Sequential(
            nn.Flatten(), nn.Linear(64, 48), nn.BatchNorm1d(48), nn.ReLU(), nn.Dropout(0.3), nn.Linear(48, 10)
        )


def outcome(run: Run) -> dict[str, Any]:
    """Give everything that must be the same: state, history, curve, best, and which checkpoint is best."""
    document = run.document()
    steps, losses = run.curve("train_loss", points=10**9)
    best = run.record.best
    assert best is not None
    return {
        "digest": run.last.record.digest,
        "best_digest": run.best.record.digest,
        "metrics": document["metrics"],
        "steps": steps.tolist(),
        "losses": losses.tobytes(),
        "best": (best.value, best.epoch, best.step),
        "validations": run.store.validation_epochs(run.id),
    }


def start(executor: str, epochs: int, name: str) -> Run:
    """Start the training."""
    return tal.train(name=name, executor=executor, **settings(epochs))
