"""The module of :mod:`~dltrainer_jupyter.models.transformer`. Imports torch; imported only while a net is built."""

from __future__ import annotations

import torch
from torch import nn

from dltrainer_jupyter.models.encoder import EPSILON, waves
from dltrainer_jupyter.models.torch_encoder import blocks, linear
from dltrainer_jupyter.models.torch_sequences import Tokens, lengths, pooled, values
from dltrainer_jupyter.models.transformer import Plan


class TransformerModule(nn.Module):
    """A transformer's encoder with an output.

    Parameters
    ----------
    plan : Plan
        What it is made of.
    """

    positions: torch.Tensor | None

    def __init__(self, plan: Plan) -> None:
        super().__init__()
        width, self.read = plan.encoder.width, plan.read
        self.tokens = Tokens(plan.read.tokens, width) if plan.read.tokens else None
        self.projection = None if plan.read.tokens else linear(plan.read.features, width)
        self.cls_token = nn.Parameter(torch.zeros(1, 1, width)) if plan.pooling == "cls" else None
        told = None if plan.positions == "none" else torch.tensor(waves(plan.steps, width))[None]
        if plan.positions == "learned":
            assert told is not None  # noqa: S101 - made in the line above
            self.positions = nn.Parameter(told)
        else:
            self.register_buffer("positions", told)
        self.dropout = nn.Dropout(plan.encoder.dropout) if plan.encoder.dropout else None
        self.blocks = blocks(plan.encoder)
        self.norm = nn.LayerNorm(width, EPSILON)
        self.output = nn.Linear(width, plan.outputs)

    def forward(self, samples: torch.Tensor) -> torch.Tensor:
        """Give outputs of shape (n, outputs)."""
        length = lengths(samples, self.read)
        first = self.projection if self.tokens is None else self.tokens
        assert first is not None  # noqa: S101 - one of the two is there
        steps = first(samples if self.read.tokens else values(samples, self.read))
        if self.cls_token is not None:
            steps = torch.cat([self.cls_token.expand(len(steps), -1, -1).to(steps.dtype), steps], dim=1)
            length = None if length is None else length + 1
        if self.positions is not None:
            steps = steps + self.positions
        if self.dropout is not None:
            steps = self.dropout(steps)
        counts = None if length is None else torch.arange(steps.shape[1], device=steps.device) < length
        for block in self.blocks:
            steps = block(steps, counts)
        steps = self.norm(steps)
        outputs: torch.Tensor = self.output(pooled(steps, length, "mean") if self.cls_token is None else steps[:, 0])
        return outputs
