"""Structures of tensors: what a model with several outputs gives, and what is noted beside them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch


def detached(value: Any) -> Any:
    """Give the same structure without the graph that it was computed by."""
    return value.detach() if isinstance(value, torch.Tensor) else mapped(torch.Tensor.detach, value)


def mapped(function: Callable[[torch.Tensor], Any], value: Any) -> Any:
    """Apply a function to each tensor of a structure; what is no tensor stays as it is."""
    if isinstance(value, torch.Tensor):
        return function(value)
    if isinstance(value, dict):
        return {key: mapped(function, item) for key, item in value.items()}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(mapped(function, item) for item in value))
    if isinstance(value, tuple | list):
        return type(value)(mapped(function, item) for item in value)
    return value
