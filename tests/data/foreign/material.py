"""Data sets and loaders of a person, on the digits; imported by loaders' workers, so it imports little."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch.utils.data import Dataset, IterableDataset, Sampler, get_worker_info

N = 240


def digits() -> tuple[torch.Tensor, torch.Tensor]:
    """Give the first digits as tensors."""
    from sklearn.datasets import load_digits

    x, y = load_digits(return_X_y=True)
    return torch.tensor(x[:N] / 16, dtype=torch.float32), torch.tensor(y[:N])


class Noisy(Dataset[Any]):
    """Draws from all three global generators for every sample."""

    def __init__(self) -> None:
        self.inputs, self.targets = digits()

    def __len__(self) -> int:
        return N

    def __getitem__(self, index: int) -> tuple[torch.Tensor, torch.Tensor]:
        noise = torch.randn(64) + random.random() + np.random.rand()  # noqa: NPY002 - as people do
        return self.inputs[index] + 0.1 * noise, self.targets[index]


class InOrder(IterableDataset[Any]):
    """Shards itself among the workers, shuffles its share, and draws."""

    def __init__(self) -> None:
        self.inputs, self.targets = digits()

    def __iter__(self) -> Iterator[Any]:
        info = get_worker_info()
        mine = list(range(N)) if info is None else list(range(info.id, N, info.num_workers))
        random.shuffle(mine)
        for index in mine:
            yield self.inputs[index] + 0.1 * torch.randn(64), self.targets[index]


class Remembering(InOrder):
    """Knows how far it is, as torchdata wants it."""

    def __init__(self) -> None:
        super().__init__()
        self.at = 0
        self.tensor = torch.tensor(0)

    def __iter__(self) -> Iterator[Any]:
        info = get_worker_info()
        mine = list(range(N)) if info is None else list(range(info.id, N, info.num_workers))
        while self.at < len(mine):
            index = mine[self.at]
            self.at += 1
            yield self.inputs[index] + 0.1 * torch.randn(64), self.targets[index]
        self.at = 0

    def state_dict(self) -> dict[str, Any]:
        return {"at": self.at, "tensor": self.tensor}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.at, self.tensor = state["at"], state["tensor"]


class Backwards(Sampler[int]):
    """A sampler of a person's own that gives the same order each time."""

    def __init__(self) -> None:
        self.looks = 0

    def __iter__(self) -> Iterator[int]:
        self.looks += 1
        return iter(range(N - 1, -1, -1))

    def __len__(self) -> int:
        return N


class Moody(Backwards):
    """Gives another order each time."""

    def __iter__(self) -> Iterator[int]:
        return iter(np.random.default_rng().permutation(N).tolist())
