"""What PyTorch sees of this machine, for a process that only looks."""

from __future__ import annotations

from typing import Any

import torch


def found() -> dict[str, Any]:
    """Count the GPUs it can train on."""
    return {"gpus": torch.cuda.device_count() if torch.cuda.is_available() else 0}
