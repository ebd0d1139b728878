"""The module of :mod:`~dltrainer_jupyter.models.mobilenet`. Imports torch; imported only while a net is built."""

from __future__ import annotations

import torch
from torch import nn

from dltrainer_jupyter.models.mobilenet import Block, Plan


def _convolution(channels: int, features: int, size: int, stride: int = 1, groups: int = 1) -> nn.Sequential:
    conv = nn.Conv2d(channels, features, size, stride, padding=size // 2, groups=groups, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(features), nn.ReLU6())


class BlockModule(nn.Module):
    """An inverted residual.

    Parameters
    ----------
    plan : Block
        What it is made of.
    """

    def __init__(self, plan: Block) -> None:
        super().__init__()
        self.is_residual = plan.is_residual
        wide = [_convolution(plan.channels, plan.hidden, 1)] if plan.is_expanding else []
        self.conv = nn.Sequential(
            *wide,
            _convolution(plan.hidden, plan.hidden, 3, plan.stride, groups=plan.hidden),
            nn.Conv2d(plan.hidden, plan.features, 1, bias=False),
            nn.BatchNorm2d(plan.features),
        )

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Widen, convolve, narrow; and add that where shapes are alike."""
        found: torch.Tensor = self.conv(images)
        return images + found if self.is_residual else found


class MobileNetModule(nn.Module):
    """A MobileNetV2 whose weights are named as torchvision's.

    Parameters
    ----------
    plan : Plan
        What it is made of.
    """

    def __init__(self, plan: Plan) -> None:
        super().__init__()
        self.features = nn.Sequential(
            _convolution(plan.channels, plan.first, 3, plan.stride),
            *map(BlockModule, plan.blocks),
            _convolution(plan.blocks[-1].features, plan.last, 1),
        )
        self.avgpool, self.flatten = nn.AdaptiveAvgPool2d(1), nn.Flatten()
        # The place of the dropout is kept where there is none: names count it.
        dropout = nn.Dropout(plan.dropout) if plan.dropout else nn.Identity()
        self.classifier = nn.Sequential(dropout, nn.Linear(plan.last, plan.outputs))
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out")
            elif isinstance(module, nn.Linear):
                nn.init.normal_(module.weight, std=0.01)
                nn.init.zeros_(module.bias)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Give outputs of shape (n, outputs)."""
        images = images if images.is_floating_point() else images.to(torch.float32)
        outputs: torch.Tensor = self.classifier(self.flatten(self.avgpool(self.features(images))))
        return outputs
