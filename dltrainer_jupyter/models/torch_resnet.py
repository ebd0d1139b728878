"""The module of :mod:`~dltrainer_jupyter.models.resnet`. Imports torch; imported only while a net is built."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import torch
from torch import nn
from torch.nn import functional

from dltrainer_jupyter.models.resnet import Block, Plan


def _conv(channels: int, features: int, size: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(channels, features, size, stride, padding=size // 2, bias=False)


class ZeroPadded(nn.Module):
    """A shortcut without weights: pixels left out, and channels of zeros on both sides of those there are.

    Parameters
    ----------
    channels, features, stride : int
        Of its block.
    """

    def __init__(self, channels: int, features: int, stride: int) -> None:
        super().__init__()
        self.stride = stride
        self.before = (features - channels) // 2
        self.after = features - channels - self.before

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Make what is added to what the block's convolutions give."""
        return functional.pad(images[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, self.before, self.after))

    def flops_per_sample(self, _takes: object, _gives: object) -> int:
        """Count its operations: it only moves values."""
        return 0


class BlockModule(nn.Module):
    """A residual block, plain or a bottleneck.

    Parameters
    ----------
    plan : Block
        What it is made of.
    """

    def __init__(self, plan: Block) -> None:
        super().__init__()
        width, features = plan.width, plan.features
        if plan.bottleneck:
            self.conv1 = _conv(plan.channels, width, 1)
            self.conv2 = _conv(width, width, 3, plan.stride)
        else:
            self.conv1 = _conv(plan.channels, width, 3, plan.stride)
            self.conv2 = _conv(width, width, 3)
        self.bn1, self.relu1 = nn.BatchNorm2d(width), nn.ReLU()
        self.bn2, self.relu2 = nn.BatchNorm2d(width), nn.ReLU()
        if plan.bottleneck:
            self.conv3 = _conv(width, features, 1)
            self.bn3, self.relu3 = nn.BatchNorm2d(features), nn.ReLU()
        self.bottleneck = plan.bottleneck
        self.downsample: nn.Module | None = None
        if plan.is_changing and plan.padded:
            self.downsample = ZeroPadded(plan.channels, features, plan.stride)
        elif plan.is_changing:
            self.downsample = nn.Sequential(_conv(plan.channels, features, 1, plan.stride), nn.BatchNorm2d(features))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Add what the convolutions give to the images."""
        found = self.bn2(self.conv2(self.relu1(self.bn1(self.conv1(images)))))
        shortcut = images if self.downsample is None else self.downsample(images)
        if self.bottleneck:
            found = self.bn3(self.conv3(self.relu2(found)))
            result: torch.Tensor = self.relu3(found + shortcut)
        else:
            result = self.relu2(found + shortcut)
        return result


class ResNetModule(nn.Module):
    """A residual net whose weights are named as torchvision's.

    Parameters
    ----------
    plan : Plan
        What it is made of.
    """

    def __init__(self, plan: Plan) -> None:
        super().__init__()
        self.conv1 = _conv(plan.channels, plan.width, *((7, 2) if plan.large_stem else (3, 1)))
        self.bn1, self.relu = nn.BatchNorm2d(plan.width), nn.ReLU()
        self.maxpool = nn.MaxPool2d(3, 2, padding=1) if plan.large_stem else None
        self.stages: Sequence[str] = []
        for stage, blocks in groupby(plan.blocks, lambda block: block.name.partition(".")[0]):
            setattr(self, stage, nn.Sequential(*map(BlockModule, blocks)))
            self.stages = [*self.stages, stage]
        self.avgpool, self.flatten = nn.AdaptiveAvgPool2d(1), nn.Flatten()
        self.dropout = nn.Dropout(plan.dropout) if plan.dropout else None
        self.fc = nn.Linear(plan.blocks[-1].features, plan.outputs)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
            elif isinstance(module, BlockModule) and plan.zero_init:
                nn.init.zeros_((module.bn3 if module.bottleneck else module.bn2).weight)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Give outputs of shape (n, outputs)."""
        images = images if images.is_floating_point() else images.to(torch.float32)
        found = self.relu(self.bn1(self.conv1(images)))
        if self.maxpool is not None:
            found = self.maxpool(found)
        for stage in self.stages:
            found = getattr(self, stage)(found)
        found = self.flatten(self.avgpool(found))
        if self.dropout is not None:
            found = self.dropout(found)
        outputs: torch.Tensor = self.fc(found)
        return outputs
