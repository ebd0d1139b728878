"""The module of :mod:`~dltrainer_jupyter.models.vit`. Imports torch; imported only while a net is built."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from dltrainer_jupyter.models.encoder import EPSILON
from dltrainer_jupyter.models.torch_encoder import blocks
from dltrainer_jupyter.models.vit import Plan


class Patches(nn.Module):
    """Make a step of each patch of an image.

    Parameters
    ----------
    plan : Plan
        How large they are.
    """

    def __init__(self, plan: Plan) -> None:
        super().__init__()
        rows, columns = plan.beside
        self.beside = (0, columns, 0, rows)
        self.proj = nn.Conv2d(plan.channels, plan.encoder.width, plan.patch, plan.patch)
        nn.init.normal_(self.proj.weight, std=(plan.channels * plan.patch**2) ** -0.5)
        assert self.proj.bias is not None  # noqa: S101 - made with one
        nn.init.zeros_(self.proj.bias)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Give steps of shape (n, patches, width)."""
        whole = functional.pad(images, self.beside) if any(self.beside) else images
        found: torch.Tensor = self.proj(whole).flatten(2).transpose(1, 2)
        return found


class ViTModule(nn.Module):
    """A vision transformer whose weights are named as timm's.

    Parameters
    ----------
    plan : Plan
        What it is made of.
    """

    def __init__(self, plan: Plan) -> None:
        super().__init__()
        width = plan.encoder.width
        self.patch_embed = Patches(plan)
        self.cls_token = nn.Parameter(torch.zeros(1, 1, width)) if plan.pooling == "cls" else None
        self.pos_embed = nn.Parameter(torch.empty(1, plan.steps, width).normal_(std=0.02))
        self.dropout = nn.Dropout(plan.encoder.dropout) if plan.encoder.dropout else None
        self.blocks = blocks(plan.encoder)
        self.norm = nn.LayerNorm(width, EPSILON)
        self.head = nn.Linear(width, plan.outputs)
        nn.init.normal_(self.head.weight, std=0.02)
        nn.init.zeros_(self.head.bias)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Give outputs of shape (n, outputs)."""
        images = images if images.is_floating_point() else images.to(torch.float32)
        steps = self.patch_embed(images)
        if self.cls_token is not None:
            steps = torch.cat([self.cls_token.expand(len(steps), -1, -1).to(steps.dtype), steps], dim=1)
        steps = steps + self.pos_embed
        if self.dropout is not None:
            steps = self.dropout(steps)
        for block in self.blocks:
            steps = block(steps)
        steps = self.norm(steps)
        outputs: torch.Tensor = self.head(steps.mean(dim=1) if self.cls_token is None else steps[:, 0])
        return outputs
