"""How convolutional nets lie in memory: channels first, as PyTorch makes them, or last, as a CPU wants them."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

from dltrainer_jupyter.adapters.pytorch.hooks import all_have_hooks, has_hooks
from dltrainer_jupyter.core import registry
from dltrainer_jupyter.core.errors import ConfigurationError, MissingPackageError
from dltrainer_jupyter.core.spec import Part, RunSpec

_OURS = "dltrainer_jupyter."
_STANDARD = ("torch.nn.modules.", _OURS)


def lay_out(net: nn.Module, spec: RunSpec, device: torch.device) -> Callable[[], None]:
    """Put the channels of a net's images and weights last where that is faster and nobody can notice but by the bits.

    The weights alone are laid out anew; what is computed from them follows. Code of the user's own, or of another
    package, may count on tensors that lie as PyTorch makes them (``view``, say), so it is done only where none works
    on them.

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
    callable
        Undoes it, for a net that goes back to its owner.
    """
    wanted = spec.fast.channels_last and device.type == "cpu"
    # What lies in more dimensions than two, as the weights of Conv3d do, has an order of its own.
    weights = [module.weight for module in net.modules() if isinstance(module, nn.Conv2d | nn.ConvTranspose2d)]
    if not wanted or not weights or not _is_standard(net, spec):
        return lambda: None
    before = {weight: weight.stride() for weight in weights}
    for weight in before:
        weight.data = weight.data.to(memory_format=torch.channels_last)

    def undo() -> None:
        for weight, strides in before.items():
            for tensor in (weight, weight.grad):
                if tensor is not None and tensor.stride() != strides:
                    tensor.data = torch.empty_strided(tensor.shape, strides, dtype=tensor.dtype).copy_(tensor.data)

    return undo


def _is_standard(net: nn.Module, spec: RunSpec) -> bool:
    """Say whether PyTorch's code and ours alone work on what a net computes."""
    return (
        not all_have_hooks()
        and all(map(_is_standard_module, net.modules()))
        and _is_ours("recipes", spec.recipe)
        and all(_is_ours("losses", part, "pytorch") for part in spec.parts("loss"))
        and all(_is_ours("regularizations", part, "pytorch") for part in spec.regularization)
        and _is_ours("optimizers", spec.optimizer, "pytorch")
    )


def _is_standard_module(module: nn.Module) -> bool:
    return type(module).__module__.startswith(_STANDARD) and not has_hooks(module) and "forward" not in vars(module)


def _is_ours(kind: registry.Kind, part: Part, framework: str | None = None) -> bool:
    if part.is_user_object:
        return False
    try:
        found = registry.find(kind, part.type, framework)
    except (ConfigurationError, MissingPackageError):
        # Ours is always there. A predictor may be made where another package's isn't any more.
        return False
    return bool(found.__module__.startswith(_OURS))
