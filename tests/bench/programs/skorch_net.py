"""skorch's classifier."""

from __future__ import annotations

from types import ModuleType

TITLE = "skorch"
NEEDS = ("torch", "skorch")


def train(subject: ModuleType, epochs: int) -> None:
    """Train."""
    import torch
    from skorch import NeuralNetClassifier

    settings = {
        "optimizer": torch.optim.Adam,
        "lr": subject.RATE,
        "batch_size": subject.BATCH,
        "max_epochs": epochs,
        "iterator_train__shuffle": True,
        "train_split": None,
        "verbose": 0,
    }
    net = NeuralNetClassifier(subject.pytorch(), criterion=torch.nn.CrossEntropyLoss, **settings)
    net.fit(*subject.arrays())
