"""A net on 20 numbers, 20→64→2, whose steps are so short that the loop around them is what costs."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import keras as keras_package
    import torch
    from flax import nnx

BATCH = 32
RATE = 1e-3
_SAMPLES, _INPUTS, _WIDTH, _CLASSES = 131_072, 20, 64, 2


@cache
def arrays() -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
    """Make samples, shape (n, 20), and their classes."""
    rng = np.random.default_rng(7)
    inputs = rng.standard_normal((_SAMPLES, _INPUTS), dtype=np.float32)
    return inputs, (inputs @ rng.standard_normal(_INPUTS) > 0).astype(np.int64)


def pytorch() -> torch.nn.Module:
    """Make the net for PyTorch."""
    from torch import nn

    return nn.Sequential(nn.Linear(_INPUTS, _WIDTH), nn.ReLU(), nn.Linear(_WIDTH, _CLASSES))


def keras() -> keras_package.Model:
    """Make the net for Keras, not compiled yet."""
    from keras import Input, Sequential, layers

    return Sequential([Input((_INPUTS,)), layers.Dense(_WIDTH, activation="relu"), layers.Dense(_CLASSES)])


def jax() -> nnx.Module:
    """Make the net for JAX."""
    from flax import nnx

    rngs = nnx.Rngs(7)
    return nnx.Sequential(nnx.Linear(_INPUTS, _WIDTH, rngs=rngs), nnx.relu, nnx.Linear(_WIDTH, _CLASSES, rngs=rngs))
