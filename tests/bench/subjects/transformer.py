"""A small Transformer that classifies sequences of 32 tokens: many small operations, and attention."""

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
_SAMPLES, _LENGTH, _TOKENS, _CLASSES = 6_400, 32, 64, 10
_WIDTH, _HEADS, _BLOCKS = 64, 4, 2


@cache
def arrays() -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Make sequences, shape (n, 32), and their classes."""
    rng = np.random.default_rng(7)
    return rng.integers(0, _TOKENS, (_SAMPLES, _LENGTH)), rng.integers(0, _CLASSES, _SAMPLES)


def pytorch() -> torch.nn.Module:
    """Make the net for PyTorch."""
    import torch
    from torch import nn

    class Transformer(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.tokens = nn.Embedding(_TOKENS, _WIDTH)
            self.places = nn.Parameter(torch.zeros(_LENGTH, _WIDTH))
            block = nn.TransformerEncoderLayer(
                _WIDTH, _HEADS, 4 * _WIDTH, dropout=0.0, batch_first=True, norm_first=True
            )
            self.blocks = nn.TransformerEncoder(block, _BLOCKS, enable_nested_tensor=False)
            self.head = nn.Linear(_WIDTH, _CLASSES)

        def forward(self, inputs: torch.Tensor) -> torch.Tensor:
            return self.head(self.blocks(self.tokens(inputs) + self.places).mean(1))

    return Transformer()


def keras() -> keras_package.Model:
    """Make the net for Keras, not compiled yet."""
    from keras import Input, Model, layers, ops

    inputs = Input((_LENGTH,), dtype="int32")
    hidden = layers.Embedding(_TOKENS, _WIDTH)(inputs) + layers.Embedding(_LENGTH, _WIDTH)(ops.arange(_LENGTH))
    for _ in range(_BLOCKS):
        normed = layers.LayerNormalization()(hidden)
        hidden = hidden + layers.MultiHeadAttention(_HEADS, _WIDTH // _HEADS)(normed, normed)
        wide = layers.Dense(4 * _WIDTH, activation="relu")(layers.LayerNormalization()(hidden))
        hidden = hidden + layers.Dense(_WIDTH)(wide)
    return Model(inputs, layers.Dense(_CLASSES)(layers.GlobalAveragePooling1D()(hidden)))


def jax() -> nnx.Module:
    """Make the net for JAX."""
    from flax import nnx

    class Block(nnx.Module):
        def __init__(self, rngs: nnx.Rngs) -> None:
            self.before, self.between = nnx.LayerNorm(_WIDTH, rngs=rngs), nnx.LayerNorm(_WIDTH, rngs=rngs)
            self.attention = nnx.MultiHeadAttention(_HEADS, _WIDTH, decode=False, rngs=rngs)
            self.wide, self.narrow = (
                nnx.Linear(_WIDTH, 4 * _WIDTH, rngs=rngs),
                nnx.Linear(4 * _WIDTH, _WIDTH, rngs=rngs),
            )

        def __call__(self, hidden):
            hidden = hidden + self.attention(self.before(hidden))
            return hidden + self.narrow(nnx.relu(self.wide(self.between(hidden))))

    class Transformer(nnx.Module):
        def __init__(self, rngs: nnx.Rngs) -> None:
            self.tokens, self.places = nnx.Embed(_TOKENS, _WIDTH, rngs=rngs), nnx.Embed(_LENGTH, _WIDTH, rngs=rngs)
            self.blocks = nnx.List([Block(rngs) for _ in range(_BLOCKS)])
            self.head = nnx.Linear(_WIDTH, _CLASSES, rngs=rngs)

        def __call__(self, inputs):
            hidden = self.tokens(inputs) + self.places(np.arange(_LENGTH))
            for block in self.blocks:
                hidden = block(hidden)
            return self.head(hidden.mean(1))

    return Transformer(nnx.Rngs(7))
