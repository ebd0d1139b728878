"""How PyTorch nets read sequences. Imports torch; imported only while a net is built."""

from __future__ import annotations

from typing import Literal

import torch
from torch import nn

from dltrainer_jupyter.models.sequences import SequenceInput


class Tokens(nn.Module):
    """Values for each token; one that isn't known is taken for the one unknown, the last.

    Parameters
    ----------
    count, width : int
        How many tokens there are, and how many values stand for one.
    """

    def __init__(self, count: int, width: int) -> None:
        super().__init__()
        self.count = count
        self.embedding = nn.Embedding(count + 1, width)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """Look them up."""
        known = (tokens >= 0) & (tokens < self.count)
        found: torch.Tensor = self.embedding(tokens.where(known, self.count).long())
        return found


def values(samples: torch.Tensor, read: SequenceInput) -> torch.Tensor:
    """Give samples that are no tokens as values of shape (n, steps, features)."""
    found = samples if samples.is_floating_point() else samples.to(torch.float32)
    return found.transpose(1, 2).flatten(2) if read.rows else found


def lengths(tokens: torch.Tensor, read: SequenceInput) -> torch.Tensor | None:
    """Say how long sequences are that are filled up at their end, shape (n, 1); None if none is."""
    if read.padding is None or not read.tokens:
        return None
    places = torch.arange(1, read.steps + 1, device=tokens.device)
    # One step is left of a sequence that is nothing else.
    return (places * (tokens != read.padding)).amax(dim=1, keepdim=True).clamp(min=1)


def turned(steps: torch.Tensor, lengths: torch.Tensor | None) -> torch.Tensor:
    """Turn sequences round; what fills them up stays behind."""
    if lengths is None:
        return steps.flip(1)
    places = torch.arange(steps.shape[1], device=steps.device)
    order = torch.where(places < lengths, lengths - 1 - places, places)
    return steps.gather(1, order[..., None].expand_as(steps))


def pooled(steps: torch.Tensor, lengths: torch.Tensor | None, kind: Literal["last", "mean", "max"]) -> torch.Tensor:
    """Make one of all steps: shape (n, width) of (n, steps, width)."""
    if lengths is None:
        if kind == "last":
            return steps[:, -1]
        return steps.mean(dim=1) if kind == "mean" else steps.amax(dim=1)
    if kind == "last":
        return steps.gather(1, (lengths - 1)[..., None].expand(-1, -1, steps.shape[2])).squeeze(1)
    counts = (torch.arange(steps.shape[1], device=steps.device) < lengths)[..., None]
    if kind == "mean":
        return steps.where(counts, 0).sum(dim=1) / lengths
    return steps.where(counts, -torch.inf).amax(dim=1)
