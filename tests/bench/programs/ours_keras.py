"""Ours, on a compiled Keras model."""

from __future__ import annotations

from types import ModuleType

from tests.bench.programs.keras_fit import compiled
from tests.bench.programs.ours import trained

TITLE = "ours"
NEEDS = ("tensorflow", "keras")


def train(subject: ModuleType, epochs: int) -> None:
    """Train the model that ``model.fit`` trains."""
    trained(subject, compiled(subject), epochs)
