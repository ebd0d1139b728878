"""Ours, on a ``LightningModule`` with batches from the user's own ``DataLoader``."""

from __future__ import annotations

from types import ModuleType

from tests.bench.programs.lightning_trainer import module
from tests.bench.programs.ours import trained

TITLE = "ours on a DataLoader"
NEEDS = ("lightning",)


def train(subject: ModuleType, epochs: int) -> None:
    """Train the module that the Trainer trains, on the loader that the Trainer goes through."""
    from tests.bench.programs.tensors import loader

    trained(subject, module(subject), epochs, data=loader(subject))
