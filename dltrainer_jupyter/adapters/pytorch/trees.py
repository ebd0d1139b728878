"""Structures of tensors: what a model with several outputs gives, and what is noted beside them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from dltrainer_jupyter.core import structures


def detached(value: Any) -> Any:
    """Give the same structure without the graph that it was computed by."""
    return value.detach() if isinstance(value, torch.Tensor) else mapped(torch.Tensor.detach, value)


def mapped(function: Callable[[torch.Tensor], Any], value: Any) -> Any:
    """Apply a function to each tensor of a structure; what is no tensor stays as it is."""
    return structures.mapped(value, lambda leaf: function(leaf) if isinstance(leaf, torch.Tensor) else leaf)
