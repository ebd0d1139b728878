"""A PyTorch model on arrays in memory, with our augmentation and a moving average of the weights."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import torch
from torch import nn

EPOCHS = 80


def settings() -> dict[str, Any]:
    """Give what to train."""
    return {
        "framework": "pytorch",
        "model": nn.Sequential(Erratic(), net()),
        "data": "digits",
        "optimizer": {"type": "adamw"},
        "scheduler": {"type": "cosine", "warmup_epochs": 1},
        "augmentation": [{"type": "crop", "padding": 1}],
        "ema": 0.99,
        "gradient_accumulation": 3,
        "gradient_clipping": 1.0,
        "metrics": ["accuracy", "f1"],
    }


class Erratic(nn.Module):
    """Scales its inputs by chance, drawn from the global generators of Python and NumPy, as users' code does."""

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        if not self.training:
            return inputs
        return inputs * (1 + 0.1 * random.random() * np.random.rand())  # noqa: NPY002 - as users' code does


def net() -> nn.Module:
    """Make the same model each time."""
    with torch.random.fork_rng():
        torch.manual_seed(7)
        return nn.Sequential(
            nn.Flatten(), nn.Linear(64, 48), nn.BatchNorm1d(48), nn.ReLU(), nn.Dropout(0.3), nn.Linear(48, 10)
        )
