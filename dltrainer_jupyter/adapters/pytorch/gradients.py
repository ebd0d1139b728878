"""How a batch's gradients lie, computed apart from those that wait for an update."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import nn

from dltrainer_jupyter.adapters.pytorch.distributions import Counting
from dltrainer_jupyter.adapters.pytorch.inspection import refuse_compiled, unchanged
from dltrainer_jupyter.adapters.pytorch.state import places
from dltrainer_jupyter.adapters.shared.distributions import largest
from dltrainer_jupyter.core.protocols import Inspected


def inspect_gradients(
    nets: Mapping[str, nn.Module], loss: Callable[[], torch.Tensor], bins: int, most: int
) -> Inspected:
    """See how gradients lie.

    Parameters
    ----------
    nets : mapping of str to torch.nn.Module
        Which have the weights.
    loss : callable
        Computes it, in evaluation mode.
    bins : int
        Buckets of a histogram.
    most : int
        The largest arrays that are measured.
    """
    refuse_compiled(nets)
    here = {name: place.tensor for name, place in places(nets).items()}
    learned = {name: tensor for name, tensor in here.items() if tensor is not None and tensor.requires_grad}
    chosen = largest(learned, most, torch.Tensor.numel)
    # cuDNN has no gradients of recurrent layers in evaluation mode.
    with unchanged(nets), torch.enable_grad(), torch.backends.cudnn.flags(enabled=False):
        # Given, not added to those that parameters hold.
        found = torch.autograd.grad(loss(), list(chosen.values()), allow_unused=True)
    counting, missed = Counting(bins), dict[str, str]()
    for name, gradient in zip(chosen, found, strict=True):
        if gradient is None:
            missed[name] = "the loss doesn't depend on it"
        else:
            counting.add(name, gradient.to_dense() if gradient.is_sparse else gradient)
    return Inspected(counting.found(), missed)
