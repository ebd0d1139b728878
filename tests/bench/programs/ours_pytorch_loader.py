"""Ours, on PyTorch, with batches from the user's own ``DataLoader``."""

from __future__ import annotations

from types import ModuleType

from tests.bench.programs.ours import supervised

TITLE = "ours on a DataLoader"
NEEDS = ("torch",)


def train(subject: ModuleType, epochs: int) -> None:
    """Train a ``torch.nn.Module`` on the loader that the plain loop goes through."""
    from tests.bench.programs.tensors import loader

    supervised(subject, subject.pytorch(), epochs, data=loader(subject))
