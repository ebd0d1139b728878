"""A PyTorch model on the user's own loader with two workers, augmented in the data set and by us."""

from __future__ import annotations

from typing import Any

from tests.chaos.subjects import pytorch
from tests.chaos.subjects.images import loaders

EPOCHS = 12


def settings() -> dict[str, Any]:
    """Give what to train."""
    train, validation = loaders(2)
    return pytorch.settings() | {"model": pytorch.net(), "data": train, "validation": validation}
