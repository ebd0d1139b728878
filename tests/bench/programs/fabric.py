"""Lightning's Fabric around the plain loop."""

from __future__ import annotations

from types import ModuleType

TITLE = "Fabric"
NEEDS = ("lightning",)


def train(subject: ModuleType, epochs: int) -> None:
    """Train."""
    from lightning.fabric import Fabric
    from torch.nn.functional import cross_entropy

    from tests.bench.programs.tensors import adam, loader

    fabric = Fabric(accelerator="cpu", devices=1)
    net = subject.pytorch()
    net, optimizer = fabric.setup(net, adam(subject, net))
    batches = fabric.setup_dataloaders(loader(subject))
    for _ in range(epochs):
        for inputs, targets in batches:
            optimizer.zero_grad()
            fabric.backward(cross_entropy(net(inputs), targets))
            optimizer.step()
