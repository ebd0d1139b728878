"""A composed loss on PyTorch."""

from __future__ import annotations

from typing import Any

from tests.chaos.subjects.composed import EPOCHS, settings_on

__all__ = ["EPOCHS", "settings"]


def settings() -> dict[str, Any]:
    """Give what to train."""
    return settings_on("pytorch")
