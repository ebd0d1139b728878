"""Ignite's engine, as its tutorial makes it."""

from __future__ import annotations

from types import ModuleType

TITLE = "Ignite"
NEEDS = ("torch", "ignite")


def train(subject: ModuleType, epochs: int) -> None:
    """Train."""
    from ignite.engine import create_supervised_trainer
    from torch.nn.functional import cross_entropy

    from tests.bench.programs.tensors import adam, loader

    net = subject.pytorch()
    create_supervised_trainer(net, adam(subject, net), cross_entropy).run(loader(subject), max_epochs=epochs)
