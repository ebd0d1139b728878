"""Attention in PyTorch, by its own kernel. Imports torch; imported only while a net is built."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn
from torch.nn import functional

from dltrainer_jupyter.models.blocks import activation_layer
from dltrainer_jupyter.models.encoder import EPSILON, Encoder, bound


def linear(inputs: int, outputs: int, matrices: int = 1) -> nn.Linear:
    """Make a fully connected layer as transformers begin; several at once are drawn as each by itself is."""
    made = nn.Linear(inputs, matrices * outputs)
    limit = bound(inputs, outputs)
    nn.init.uniform_(made.weight, -limit, limit)
    nn.init.zeros_(made.bias)
    return made


class DotProduct(nn.Module):
    """Each step's mean of all steps' values, weighted by how well its query goes with their keys."""

    def forward(
        self, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, counts: torch.Tensor | None = None
    ) -> torch.Tensor:
        """Compute.

        Parameters
        ----------
        query, key, value : torch.Tensor, shape (n, heads, steps, width)
            Of the steps.
        counts : torch.Tensor of bool, shape (n, steps), optional
            Which steps may be looked at.
        """
        mask = None if counts is None else counts[:, None, None]
        return functional.scaled_dot_product_attention(query, key, value, attn_mask=mask)

    def flops_per_sample(self, takes: Sequence[Sequence[int]], _gives: object) -> int:
        """Count its operations: scores, and the sums they weigh."""
        _, heads, steps, width = takes[0]
        return 4 * heads * width * steps * steps


class Attention(nn.Module):
    """Attention of several heads.

    Parameters
    ----------
    width, heads : int
        Values a step, and heads that share them.
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = linear(width, width, 3)
        self.dot_product = DotProduct()
        self.proj = linear(width, width)

    def forward(self, steps: torch.Tensor, counts: torch.Tensor | None = None) -> torch.Tensor:
        """Look at all steps from each."""
        shared = self.qkv(steps).unflatten(2, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        query, key, value = shared.unbind(0)
        found: torch.Tensor = self.proj(self.dot_product(query, key, value, counts).transpose(1, 2).flatten(2))
        return found


class BlockModule(nn.Module):
    """Attention, then two layers for each step alone.

    Parameters
    ----------
    plan : Encoder
        What it is made of.
    """

    def __init__(self, plan: Encoder) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(plan.width, EPSILON)
        self.attn = Attention(plan.width, plan.heads)
        self.dropout = nn.Dropout(plan.dropout) if plan.dropout else None
        self.norm2 = nn.LayerNorm(plan.width, EPSILON)
        self.mlp = nn.Sequential()
        self.mlp.add_module("fc1", linear(plan.width, plan.hidden))
        self.mlp.add_module("activation", activation_layer(plan.activation))
        if plan.dropout:
            self.mlp.add_module("drop1", nn.Dropout(plan.dropout))
        self.mlp.add_module("fc2", linear(plan.hidden, plan.width))
        if plan.dropout:
            self.mlp.add_module("drop2", nn.Dropout(plan.dropout))

    def forward(self, steps: torch.Tensor, counts: torch.Tensor | None = None) -> torch.Tensor:
        """Add both to the steps."""
        seen = self.attn(self.norm1(steps), counts)
        steps = steps + (seen if self.dropout is None else self.dropout(seen))
        found: torch.Tensor = steps + self.mlp(self.norm2(steps))
        return found


def blocks(plan: Encoder) -> nn.ModuleList:
    """Make the blocks of an encoder."""
    return nn.ModuleList(BlockModule(plan) for _ in range(plan.depth))
