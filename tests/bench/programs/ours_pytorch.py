"""Ours, on PyTorch."""

from __future__ import annotations

from types import ModuleType

from tests.bench.programs.ours import supervised

TITLE = "ours"
NEEDS = ("torch",)


def train(subject: ModuleType, epochs: int) -> None:
    """Train a ``torch.nn.Module`` on arrays."""
    supervised(subject, subject.pytorch(), epochs)
