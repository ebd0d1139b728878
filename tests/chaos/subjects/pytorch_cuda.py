"""A PyTorch model on a CUDA device; in PyTorch's deterministic mode where cuBLAS was told to be deterministic."""

from __future__ import annotations

import os
from typing import Any

import torch
from torch import nn

EPOCHS = 30

if os.environ.get("CUBLAS_WORKSPACE_CONFIG"):
    # Here, because a trainer imports this file before anything else of PyTorch is used.
    torch.use_deterministic_algorithms(True)


class Net(nn.Module):
    """Convolutions, whose gradients CUDA adds up in any order unless it is asked not to."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(1, 16, 3, padding=1),
            nn.BatchNorm2d(16),
            nn.ReLU(),
            nn.Upsample(scale_factor=2, mode="nearest"),
            nn.Conv2d(16, 16, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.Flatten(),
            nn.Dropout(0.3),
            nn.Linear(16 * 64, 10),
        )

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        return self.layers(inputs)


def settings() -> dict[str, Any]:
    """Give what to train."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(7)
        net = Net()
    return {
        "framework": "pytorch",
        "model": net,
        "data": "digits",
        "device": "cuda",
        "optimizer": {"type": "adamw"},
        "scheduler": {"type": "cosine", "warmup_epochs": 1},
        "ema": 0.99,
        "metrics": ["accuracy", "f1"],
    }
