"""Clipping: how large the gradients of an optimizer may become."""

from __future__ import annotations

import torch
from torch import nn

from dltrainer_jupyter.core.spec import ClippingSpec


def clip(optimizer: torch.optim.Optimizer, bound: ClippingSpec) -> None:
    """Bound the norm of all of an optimizer's gradients together, or each value, in place and without waiting."""
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    if bound.norm is not None:
        nn.utils.clip_grad_norm_(parameters, bound.norm)
    elif bound.value is not None:
        nn.utils.clip_grad_value_(parameters, bound.value)
