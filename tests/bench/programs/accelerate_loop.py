"""Hugging Face's Accelerate around the plain loop."""

from __future__ import annotations

from types import ModuleType

TITLE = "Accelerate"
NEEDS = ("torch", "accelerate")


def train(subject: ModuleType, epochs: int) -> None:
    """Train."""
    from accelerate import Accelerator
    from torch.nn.functional import cross_entropy

    from tests.bench.programs.tensors import adam, loader

    accelerator = Accelerator(cpu=True)
    net = subject.pytorch()
    net, optimizer, batches = accelerator.prepare(net, adam(subject, net), loader(subject))
    for _ in range(epochs):
        for inputs, targets in batches:
            optimizer.zero_grad()
            accelerator.backward(cross_entropy(net(inputs), targets))
            optimizer.step()
