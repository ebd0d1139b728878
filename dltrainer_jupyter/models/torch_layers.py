"""Layers PyTorch lacks. Imports torch; imported only while a net is built."""

from __future__ import annotations

import torch
from torch import nn


class ToFloat(nn.Module):
    """Make float32 of whole numbers, shape unchanged."""

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Cast."""
        return inputs.to(torch.float32)
