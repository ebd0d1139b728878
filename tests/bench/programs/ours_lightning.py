"""Ours, on a ``LightningModule``."""

from __future__ import annotations

from types import ModuleType

from tests.bench.programs.lightning_trainer import module
from tests.bench.programs.ours import trained

TITLE = "ours"
NEEDS = ("lightning",)


def train(subject: ModuleType, epochs: int) -> None:
    """Train the module that the Trainer trains, on arrays."""
    trained(subject, module(subject), epochs)
