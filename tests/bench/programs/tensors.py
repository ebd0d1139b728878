"""A subject's arrays as PyTorch's peers take them."""

from __future__ import annotations

from types import ModuleType

import torch
from torch.utils.data import DataLoader, TensorDataset


def tensors(subject: ModuleType) -> tuple[torch.Tensor, torch.Tensor]:
    """Give inputs and targets in memory."""
    inputs, targets = subject.arrays()
    return torch.from_numpy(inputs), torch.from_numpy(targets)


def loader(subject: ModuleType) -> DataLoader[tuple[torch.Tensor, ...]]:
    """Make the loader that tutorials make."""
    return DataLoader(TensorDataset(*tensors(subject)), batch_size=subject.BATCH, shuffle=True)


def adam(subject: ModuleType, net: torch.nn.Module, *, fused: bool | None = None) -> torch.optim.Optimizer:
    """Make the optimizer."""
    return torch.optim.Adam(net.parameters(), lr=subject.RATE, fused=fused)
