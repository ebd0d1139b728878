"""Whose code PyTorch calls while a net computes, besides the net's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch.nn.modules import module as everywhere

if TYPE_CHECKING:
    import torch
    from torch import nn

_OF_A_MODULE = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
_OF_ALL = ("_global_forward_hooks", "_global_forward_pre_hooks", "_global_backward_hooks", "_global_backward_pre_hooks")


def has_hooks(module: nn.Module) -> bool:
    """Say whether a module, or a parameter that is its own, has a hook."""
    return any(getattr(module, name) for name in _OF_A_MODULE) or any(map(is_hooked, module.parameters(recurse=False)))


def all_have_hooks() -> bool:
    """Say whether there is a hook that belongs to every module."""
    return any(getattr(everywhere, name) for name in _OF_ALL)


def is_hooked(parameter: torch.Tensor) -> bool:
    """Say whether somebody is told of a parameter's gradient."""
    return bool(parameter._backward_hooks or parameter._post_accumulate_grad_hooks)  # noqa: SLF001 - nothing public tells
