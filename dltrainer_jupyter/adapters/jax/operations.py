"""How many operations modules of Flax take for one sample."""

from __future__ import annotations

import math
from typing import Any

import jax
from flax import nnx

from dltrainer_jupyter.adapters.shared.operations import Shape, matrices, normalisation, places

_MOVES = (nnx.Embed, nnx.Dropout)
"""What only moves values, or does nothing in evaluation."""
_OF_SAMPLE = (nnx.LayerNorm, nnx.RMSNorm, nnx.GroupNorm, nnx.InstanceNorm)
_CELLS = (nnx.LSTMCell, nnx.OptimizedLSTMCell, nnx.SimpleCell, nnx.GRUCell)


def flops(module: Any, takes: Shape | None, gives: Shape | None) -> int | None:  # noqa: PLR0911 - a line a kind
    """Count the operations of a module's call, for one sample.

    Parameters
    ----------
    module : object
        What was called.
    takes, gives : shape or None
        Of the first arrays it was given and gave, without the axis of samples.

    Returns
    -------
    int or None
        None if nobody knows.
    """
    if isinstance(module, nnx.Linear | nnx.Conv):
        return matrices(module.kernel.size, places(gives, module.out_features))
    if isinstance(module, nnx.LinearGeneral):
        features: Any = module.out_features
        return matrices(
            module.kernel.size, places(gives, features if isinstance(features, int) else math.prod(features))
        )
    if isinstance(module, nnx.ConvTranspose):
        return matrices(module.kernel.size, places(takes, module.in_features))
    if isinstance(module, nnx.RNN):
        return matrices(_matrices_of(module), takes[0] if takes and not module.time_major else None)
    if isinstance(module, _CELLS):
        return matrices(_matrices_of(module), 1)
    if isinstance(module, nnx.BatchNorm):
        return normalisation(gives, fixed=True)
    if isinstance(module, _OF_SAMPLE):
        return normalisation(gives, fixed=False)
    return 0 if isinstance(module, _MOVES) else None


def _matrices_of(module: Any) -> int:
    return sum(math.prod(leaf.shape) for leaf in jax.tree.leaves(nnx.state(module, nnx.Param)) if len(leaf.shape) > 1)
