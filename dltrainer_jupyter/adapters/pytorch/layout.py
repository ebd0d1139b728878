"""How convolutional nets lie in memory: channels first, as PyTorch makes them, or last, as a CPU wants them."""

from __future__ import annotations

import torch
from torch import nn

from dltrainer_jupyter.core.spec import RunSpec

_STANDARD = ("torch.nn.modules.", "dltrainer_jupyter.")


def lay_out(net: nn.Module, spec: RunSpec, device: torch.device) -> nn.Module:
    """Put the channels of a net's images and weights last where that is faster and nobody can notice but by the bits.

    The weights alone are laid out anew; what is computed from them follows. Code of the user's own may count on
    tensors that lie as PyTorch makes them (``view``, say), so it is done only where none works on them.

    Parameters
    ----------
    net : torch.nn.Module
        Changed in place.
    spec : RunSpec
        What is trained, and whether this is wanted.
    device : torch.device
        Where it computes.

    Returns
    -------
    torch.nn.Module
        The same net.
    """
    parts = (spec.recipe, spec.loss, spec.optimizer)
    own_code = any(part is not None and part.is_user_object for part in parts) or not all(
        map(_is_standard, net.modules())
    )
    convolves = any(isinstance(module, nn.Conv2d | nn.ConvTranspose2d) for module in net.modules())
    if spec.fast.channels_last and device.type == "cpu" and convolves and not own_code:
        net.to(memory_format=torch.channels_last)  # type: ignore[call-overload] # its stub wants a dtype as well
    return net


def _is_standard(module: nn.Module) -> bool:
    """Say whether what a module computes is PyTorch's code, or ours, alone."""
    hooks = module._forward_hooks or module._forward_pre_hooks or module._backward_hooks  # noqa: SLF001 - nothing public tells
    return type(module).__module__.startswith(_STANDARD) and not hooks and "forward" not in vars(module)
