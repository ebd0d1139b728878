"""What is killed: one training a file, each with ``EPOCHS`` and ``settings()`` for ``tal.train``.

Every one has dropout, batch statistics, random augmentation, AdamW, a schedule and metrics with sums of floats, and
takes two to four seconds with a checkpoint every 0.2 s.
"""

from __future__ import annotations

import importlib
from typing import Any

NAMES = ("pytorch", "pytorch-workers0", "pytorch-workers2", "lightning", "keras", "jax")
"""Those that the matrix goes through; ``composed-*`` are killed by ``make slow`` alone."""


def settings(subject: str, **changes: Any) -> dict[str, Any]:
    """Give what ``tal.train`` trains of a subject; importing it imports its framework."""
    module = importlib.import_module(f"tests.chaos.subjects.{subject.replace('-', '_')}")
    common = {
        "epochs": module.EPOCHS,
        "batch_size": 16,
        "threads": 1,  # several trainers share the machine, and the number of threads changes bits
        "monitor": "val_loss",
        "checkpoint": {"every_seconds": 0.2},
        "verbose": False,
    }
    return {**common, **module.settings(), **changes}
