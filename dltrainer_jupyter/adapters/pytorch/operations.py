"""How many operations modules of PyTorch take for one sample."""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.conv import _ConvNd, _ConvTransposeNd
from torch.nn.modules.dropout import _DropoutNd

from dltrainer_jupyter.adapters.shared.operations import attention, matrices, normalisation, places

_MOVES = (
    nn.Identity,
    nn.Flatten,
    nn.Unflatten,
    nn.Embedding,
    nn.PixelShuffle,
    nn.PixelUnshuffle,
    nn.ChannelShuffle,
    nn.ZeroPad2d,
    _DropoutNd,
)
"""What only moves values, or does nothing in evaluation."""
_OF_SAMPLE = (nn.LayerNorm, nn.GroupNorm, nn.RMSNorm)
_SEQUENCES = 3
"""Axes of a batch of sequences."""

Shape = Sequence[int]


def flops(module: nn.Module, takes: Sequence[Shape], gives: Shape | None) -> int | None:  # noqa: PLR0911 - a line a kind
    """Count the operations of a module's call, for one sample; one may have a method ``flops_per_sample`` that knows.

    Parameters
    ----------
    module : torch.nn.Module
        What was called.
    takes : sequence of shape
        Of the tensors it was given, with the axis of samples.
    gives : shape or None
        Of the first tensor it gave.

    Returns
    -------
    int or None
        None if nobody knows.
    """
    if not takes or gives is None:
        return None
    if (own := getattr(module, "flops_per_sample", None)) is not None:
        return int(own(takes, gives))
    if isinstance(module, nn.Linear):
        return matrices(module.weight.numel(), places(gives[1:], module.out_features))
    if isinstance(module, _ConvTransposeNd):
        return matrices(module.weight.numel(), places(takes[0][1:], module.in_channels))
    if isinstance(module, _ConvNd):
        return matrices(module.weight.numel(), places(gives[1:], module.out_channels))
    if isinstance(module, nn.RNNBase | nn.RNNCellBase):
        return matrices(_matrices_of(module), _steps(module, takes[0]))
    if isinstance(module, nn.MultiheadAttention):
        return _attention(module, takes)
    if isinstance(module, _BatchNorm):
        return normalisation(gives[1:], fixed=module.running_mean is not None)
    if isinstance(module, _OF_SAMPLE):
        return normalisation(gives[1:], fixed=False)
    return 0 if isinstance(module, _MOVES) else None


def _matrices_of(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters() if parameter.dim() > 1)


def _steps(module: nn.RNNBase | nn.RNNCellBase, takes: Shape) -> int | None:
    if isinstance(module, nn.RNNCellBase):
        return 1
    if len(takes) != _SEQUENCES:  # packed, or a single sequence
        return None
    return int(takes[1] if module.batch_first else takes[0])


def _attention(module: nn.MultiheadAttention, takes: Sequence[Shape]) -> int | None:
    query, key = takes[0], takes[min(1, len(takes) - 1)]
    if len(query) != _SEQUENCES or len(key) != _SEQUENCES:
        return None
    axis = 1 if module.batch_first else 0
    queries, keys, width = query[axis], key[axis], int(module.embed_dim)
    kdim, vdim = int(module.kdim or width), int(module.vdim or width)
    projections = 2 * width * (2 * queries * width + keys * (kdim + vdim))
    return projections + attention(queries, keys, width)
