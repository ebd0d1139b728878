"""ResNet-50 (He et al., 2015) on images of 224 by 224, for a GPU."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import torch

BATCH = 128
RATE = 1e-3
METRICS = ("accuracy",)
_SAMPLES, _SIDE, _CLASSES = 2_560, 224, 1000
_STAGES = ((64, 3), (128, 4), (256, 6), (512, 3))
"""Channels inside the blocks of a stage, and their number; a block gives four times as many."""


@cache
def arrays() -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
    """Make images, shape (n, 3, 224, 224), and their classes."""
    rng = np.random.default_rng(7)
    images = rng.standard_normal((_SAMPLES, 3, _SIDE, _SIDE), dtype=np.float32)
    return images, rng.permutation(np.arange(_SAMPLES) % _CLASSES)


def pytorch() -> torch.nn.Module:
    """Make the net."""
    from torch import nn

    def convolution(inputs: int, outputs: int, size: int, stride: int = 1) -> list[nn.Module]:
        layer = nn.Conv2d(inputs, outputs, size, stride, padding=size // 2, bias=False)
        return [layer, nn.BatchNorm2d(outputs)]

    class Block(nn.Module):
        def __init__(self, inputs: int, width: int, stride: int) -> None:
            super().__init__()
            self.inner = nn.Sequential(
                *convolution(inputs, width, 1),
                nn.ReLU(),
                *convolution(width, width, 3, stride),
                nn.ReLU(),
                *convolution(width, 4 * width, 1),
            )
            same = inputs == 4 * width
            self.around = nn.Identity() if same else nn.Sequential(*convolution(inputs, 4 * width, 1, stride))

        def forward(self, inputs: torch.Tensor) -> torch.Tensor:
            return (self.inner(inputs) + self.around(inputs)).relu()

    layers: list[nn.Module] = [*convolution(3, 64, 7, 2), nn.ReLU(), nn.MaxPool2d(3, 2, 1)]
    channels = 64
    for number, (width, blocks) in enumerate(_STAGES):
        for block in range(blocks):
            layers.append(Block(channels, width, stride=2 if number > 0 and block == 0 else 1))
            channels = 4 * width
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, _CLASSES))
