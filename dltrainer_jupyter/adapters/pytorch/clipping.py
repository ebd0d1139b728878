"""Clipping: how large the gradients of an optimizer may become."""

from __future__ import annotations

import torch
from torch import nn

from dltrainer_jupyter.core.spec import ClippingSpec


def clip(optimizer: torch.optim.Optimizer, bound: ClippingSpec) -> None:
    """Bound each value of an optimizer's gradients, then the norm of all together, in place and without waiting."""
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    if bound.value is not None:
        nn.utils.clip_grad_value_(parameters, bound.value)
    if bound.norm is not None:
        nn.utils.clip_grad_norm_(parameters, bound.norm)
