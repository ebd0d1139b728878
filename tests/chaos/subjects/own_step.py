"""A person's own training step on PyTorch, which draws by chance, with a scheduler that a function makes."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional
from torch.optim.lr_scheduler import ExponentialLR

from tests.chaos.subjects.pytorch import net

EPOCHS = 80


def train_step(model: torch.nn.Module, x: torch.Tensor, y: torch.Tensor) -> dict[str, torch.Tensor]:
    """Learn classes, and to say the same of what is a little off."""
    outputs = model(x)
    off = model(x + 0.1 * torch.randn_like(x))
    apart = functional.mse_loss(off, outputs)
    return {"loss": functional.cross_entropy(outputs, y) + 0.1 * apart, "outputs": outputs, "apart": apart}


def settings() -> dict[str, Any]:
    """Give what to train."""
    return {
        "framework": "pytorch",
        "model": net(),
        "data": "digits",
        "train_step": train_step,
        "optimizer": {"type": "adamw"},
        "scheduler": {"type": lambda optimizer: ExponentialLR(optimizer, 0.99), "interval": "step"},
        "augmentation": [{"type": "crop", "padding": 1}],
        "ema": 0.99,
        "gradient_accumulation": 3,
        "metrics": ["accuracy", "f1"],
    }
