"""Ours, on PyTorch, compiled."""

from __future__ import annotations

from types import ModuleType

from tests.bench.programs.ours import supervised

TITLE = "ours, compiled"
NEEDS = ("torch",)
SETTING = "compile"
"""The setting of a run without which this can't be had."""


def train(subject: ModuleType, epochs: int) -> None:
    """Train a ``torch.nn.Module`` that the adapter compiles."""
    supervised(subject, subject.pytorch(), epochs, compile=True)
