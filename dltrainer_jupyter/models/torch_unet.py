"""The module of :mod:`~dltrainer_jupyter.models.unet`. Imports torch; imported only while a net is built."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import nn
from torch.nn import functional

from dltrainer_jupyter.models.blocks import Activation, activation_layer


def convolution(
    channels: int, features: int, activation: Activation | None, *, stride: int = 1, norm: bool = True
) -> nn.Module:
    """Make a 3x3 convolution with what follows it."""
    layers: list[nn.Module] = [nn.Conv2d(channels, features, 3, stride=stride, padding=1, bias=not norm)]
    if norm:
        layers.append(nn.BatchNorm2d(features))
    return nn.Sequential(*layers, *([] if activation is None else [activation_layer(activation)]))


class UNetModule(nn.Module):
    """A U-Net for images of any size.

    Parameters
    ----------
    channels : int
        Of an image.
    classes : int
        Outputs a pixel.
    width, depth, activation, dropout, batch_norm
        As :class:`~dltrainer_jupyter.models.unet.UNet.Config` describes them.
    """

    def __init__(
        self,
        channels: int,
        classes: int,
        *,
        width: int,
        depth: int,
        activation: Activation,
        dropout: float,
        batch_norm: bool,
    ) -> None:
        super().__init__()

        def level(features: int, wide: int, last: Activation | None = activation) -> nn.Sequential:
            first = convolution(features, wide, activation, norm=batch_norm)
            return nn.Sequential(first, convolution(wide, wide, last, norm=batch_norm))

        widths = [width * 2**number for number in range(depth + 1)]
        self.down = nn.ModuleList(
            level(features, wide) for features, wide in zip([channels, *widths], widths, strict=False)
        )
        if dropout:
            self.down[-1] = nn.Sequential(self.down[-1], nn.Dropout2d(dropout))
        # What the output sees has no activation: where a rectifier lets none of a few channels through, as happened to
        # whole classes, pixels are all alike and nothing is learnt of them any more.
        self.up = nn.ModuleList(
            level(coarse + fine, fine, activation if number else None)
            for number, (fine, coarse) in enumerate(pairwise(widths))
        )
        self.output = nn.Conv2d(width, classes, 1)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Give logits of shape (n, classes, height, width)."""
        images = images if images.is_floating_point() else images.to(torch.float32)
        seen: list[torch.Tensor] = []
        found = images
        for number, level in enumerate(self.down):
            found = level(functional.max_pool2d(found, 2) if number else found)
            seen.append(found)
        for level, before in zip(reversed(self.up), reversed(seen[:-1]), strict=True):
            larger = functional.interpolate(found, size=before.shape[2:])
            found = level(torch.cat([before, larger], dim=1))
        logits: torch.Tensor = self.output(found)
        return logits
