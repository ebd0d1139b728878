"""The loop of PyTorch's tutorials: a ``DataLoader``, Adam, no metrics."""

from __future__ import annotations

from types import ModuleType

TITLE = "plain DataLoader loop"
NEEDS = ("torch",)


def train(subject: ModuleType, epochs: int) -> None:
    """Train."""
    from torch.nn.functional import cross_entropy

    from tests.bench.programs.tensors import adam, loader

    batches = loader(subject)
    net = subject.pytorch()
    optimizer = adam(subject, net)
    for _ in range(epochs):
        for inputs, targets in batches:
            optimizer.zero_grad()
            cross_entropy(net(inputs), targets).backward()
            optimizer.step()
