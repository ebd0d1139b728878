"""Numbers of an update that every framework takes from PyTorch: of the loss scale in 16 bits, and of clipping."""

from __future__ import annotations

FIRST_SCALE = 2.0**16
"""What a loss is multiplied by at first."""
GROWTH = 2.0
BACKOFF = 0.5
STEADY = 2000
"""A scale is backed off after an overflow, and grows after so many updates without one: ``torch.amp.GradScaler``."""
SMALL = 1e-6
"""Keeps the norm of no gradient at all from being divided by, as in ``torch.nn.utils.clip_grad_norm_``."""
