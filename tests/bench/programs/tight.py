"""The tightest loop of PyTorch: batches cut from tensors in memory by an index, fused Adam, no metrics."""

from __future__ import annotations

from types import ModuleType

TITLE = "tight loop"
NEEDS = ("torch",)


def train(subject: ModuleType, epochs: int) -> None:
    """Train."""
    import torch
    from torch.nn.functional import cross_entropy

    from tests.bench.programs.tensors import adam, tensors

    inputs, targets = tensors(subject)
    net = subject.pytorch()
    optimizer = adam(subject, net, fused=True)
    for _ in range(epochs):
        for index in torch.randperm(len(inputs)).split(subject.BATCH):
            optimizer.zero_grad()
            cross_entropy(net(inputs[index]), targets[index]).backward()
            optimizer.step()
