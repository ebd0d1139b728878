"""What is minimised and stepped in parts: several losses, regularizations that switch off, groups of weights."""

from __future__ import annotations

from typing import Any

EPOCHS = 12
OFF_BELOW = 1.5
"""Between the loss of the first steps and that of the last; batches lie on either side for a while."""


def settings_on(framework: str) -> dict[str, Any]:
    """Give what to train on a framework; the loss falls below the bound after some steps, and rises above it again."""
    return {
        "framework": framework,
        "model": {"type": "mlp", "hidden": [32, 32], "dropout": 0.3},
        "data": "digits",
        "learning_rate": 3e-3,
        "loss": ["cross_entropy", {"type": "focal", "weight": 0.5}],
        "regularization": [
            {"type": "l2", "weight": 1e-3},
            {"type": "confidence_penalty", "weight": 0.1, "off_below": OFF_BELOW},
        ],
        "parameter_groups": [
            {"match": "*.bias", "lr_multiplier": 0.5, "weight_decay": 0.0},
            {"match": "output.*", "lr_multiplier": 2.0},
        ],
        "optimizer": {"type": "adamw"},
        "scheduler": {"type": "cosine", "warmup_epochs": 1},
        "augmentation": [{"type": "crop", "padding": 1}],
        "gradient_accumulation": 2,
        "metrics": ["accuracy"],
    }
