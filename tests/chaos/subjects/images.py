"""Digits as people wrap them for a ``DataLoader``: augmented at random, sample by sample."""

from __future__ import annotations

import numpy as np
import torch
from sklearn.datasets import load_digits
from torch.utils.data import DataLoader, Dataset


class Digits(Dataset[tuple[torch.Tensor, torch.Tensor]]):
    """Digits; a part of them moved and made noisy at each look, by PyTorch's and NumPy's global generators."""

    def __init__(self, first: int, last: int, *, augmented: bool) -> None:
        images, labels = load_digits(return_X_y=True)
        self.images = torch.from_numpy(images[first:last].astype("float32").reshape(-1, 1, 8, 8) / 16)
        self.labels = torch.from_numpy(labels[first:last]).long()
        self.augmented = augmented

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, torch.Tensor]:
        image = self.images[index]
        if self.augmented:
            image = torch.roll(image, int(torch.randint(-1, 2, ())), -1)
            image = image + 0.1 * torch.rand(image.shape) * np.float32(np.random.rand())  # noqa: NPY002 - as people do
        return image, self.labels[index]


def loaders(workers: int) -> tuple[DataLoader[tuple[torch.Tensor, ...]], DataLoader[tuple[torch.Tensor, ...]]]:
    """Make a shuffled loader for training and an ordered one for validation."""
    train = DataLoader(Digits(0, 1400, augmented=True), batch_size=16, shuffle=True, num_workers=workers)
    return train, DataLoader(Digits(1400, 1797, augmented=False), batch_size=64)
