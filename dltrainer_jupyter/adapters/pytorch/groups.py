"""Parameter groups: what is frozen, which layers stay still, and which parameters have settings of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from dltrainer_jupyter.adapters.pytorch.optimizers import MULTIPLIER
from dltrainer_jupyter.adapters.shared.groups import Groups, sorted_apart

if TYPE_CHECKING:
    from torch import nn


def freeze(net: nn.Module, groups: Groups) -> Callable[[], None]:
    """Let a net's parameters stay as they are where their group says so.

    Parameters
    ----------
    net : torch.nn.Module
        Changed in place.
    groups : Groups
        Takes in the names of its parameters and buffers.

    Returns
    -------
    callable
        Undoes it, for a net that goes back to its owner.
    """
    groups.look_at([name for name, _ in (*net.named_parameters(), *net.named_buffers())])
    frozen = [parameter for name, parameter in net.named_parameters() if groups.freezes(name)]
    learning = [parameter for parameter in frozen if parameter.requires_grad]
    for parameter in learning:
        parameter.requires_grad = False

    def undo() -> None:
        for parameter in learning:
            parameter.requires_grad = True

    return undo


def hold_still(net: nn.Module, groups: Groups) -> None:
    """Put layers that keep statistics, and are frozen whole, into evaluation mode, in which they keep them as they are.

    Dropout is none of them: it goes on.
    """
    for prefix, module in net.named_modules():
        own = [f"{prefix}.{key}" if prefix else key for key in _tensors(module)]
        if module._buffers and own and all(map(groups.freezes, own)):  # noqa: SLF001 - as named_buffers reads it
            module.eval()


def grouped(net: nn.Module, groups: Groups, rate: float) -> list[Any]:
    """Give what learns of a net as an optimizer takes it: in groups, if they differ.

    Parameters
    ----------
    net : torch.nn.Module
        Frozen already where it should be.
    groups : Groups
        Have looked at it.
    rate : float
        Learning rate of the first step.
    """
    learning = {name: parameter for name, parameter in net.named_parameters() if parameter.requires_grad}
    if groups.only_freezes:
        return list(learning.values())
    names, parameters = list(learning), list(learning.values())
    made = []
    for group, places in sorted_apart(names, groups).items():
        factor = 1.0 if group is None else group.lr_multiplier
        options: dict[str, Any] = {"params": [parameters[it] for it in places], "lr": rate * factor, MULTIPLIER: factor}
        if group is not None and group.weight_decay is not None:
            options["weight_decay"] = group.weight_decay
        made.append(options)
    return made


def _tensors(module: nn.Module) -> Iterator[str]:
    for key, tensor in (*module._parameters.items(), *module._buffers.items()):  # noqa: SLF001 - its own alone
        if tensor is not None:
            yield key
