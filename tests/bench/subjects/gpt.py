"""A language model of 124 million parameters, shaped like the smallest GPT-2 (Radford et al., 2019), for a GPU."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import torch

BATCH = 16
RATE = 3e-4
METRICS = ()
"""None: the outputs of a batch are 1.6 GB, and nobody measures a language model by them."""
_SAMPLES, _LENGTH, _TOKENS = 640, 1024, 50_257
_WIDTH, _HEADS, _BLOCKS = 768, 12, 12


@cache
def arrays() -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Make texts, shape (n, 1024), and for each place the token that follows, of the same shape."""
    tokens = np.random.default_rng(7).integers(0, _TOKENS, (_SAMPLES, _LENGTH + 1))
    # All tokens there are must be seen for their number to be known.
    tokens[0, -1] = _TOKENS - 1
    return np.ascontiguousarray(tokens[:, :-1]), np.ascontiguousarray(tokens[:, 1:])


def pytorch() -> torch.nn.Module:
    """Make the net; it gives logits of shape (n, tokens, length), as a cross-entropy wants them."""
    import torch
    from torch import nn
    from torch.nn.functional import scaled_dot_product_attention

    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.before, self.between = nn.LayerNorm(_WIDTH), nn.LayerNorm(_WIDTH)
            self.attention, self.projection = nn.Linear(_WIDTH, 3 * _WIDTH), nn.Linear(_WIDTH, _WIDTH)
            wide = nn.Linear(_WIDTH, 4 * _WIDTH)
            self.outer = nn.Sequential(wide, nn.GELU(approximate="tanh"), nn.Linear(4 * _WIDTH, _WIDTH))

        def forward(self, hidden: torch.Tensor) -> torch.Tensor:
            heads = self.attention(self.before(hidden)).unflatten(-1, (3, _HEADS, _WIDTH // _HEADS))
            query, key, value = heads.permute(2, 0, 3, 1, 4)
            attended = scaled_dot_product_attention(query, key, value, is_causal=True)
            hidden = hidden + self.projection(attended.transpose(1, 2).flatten(2))
            return hidden + self.outer(self.between(hidden))

    class GPT(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.tokens, self.places = nn.Embedding(_TOKENS, _WIDTH), nn.Embedding(_LENGTH, _WIDTH)
            self.blocks = nn.Sequential(*(Block() for _ in range(_BLOCKS)))
            self.norm = nn.LayerNorm(_WIDTH)
            self.head = nn.Linear(_WIDTH, _TOKENS, bias=False)
            nn.init.normal_(self.tokens.weight, std=0.02)
            self.head.weight = self.tokens.weight

        def forward(self, inputs: torch.Tensor) -> torch.Tensor:
            places = torch.arange(inputs.shape[1], device=inputs.device)
            return self.head(self.norm(self.blocks(self.tokens(inputs) + self.places(places)))).transpose(1, 2)

    return GPT()
