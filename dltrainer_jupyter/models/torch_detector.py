"""The module of :mod:`~dltrainer_jupyter.models.detector`. Imports torch; imported only while a net is built."""

from __future__ import annotations

import math

import torch
from torch import nn
from torch.nn import functional

from dltrainer_jupyter.models.blocks import Activation
from dltrainer_jupyter.models.torch_unet import convolution

_RARE = 0.01
"""Share of points that are taken for an object's at first, so that the many empty ones don't outweigh all else."""
_LARGEST = 8.0
"""Bound of the logarithm of a distance, in strides."""


class DetectorModule(nn.Module):
    """A detector for images of any size.

    Parameters
    ----------
    channels : int
        Of an image.
    classes : int
        Of objects.
    width, activation, batch_norm, least_score, most, overlap
        As :class:`~dltrainer_jupyter.models.detector.Detector.Config` describes them.

    Attributes
    ----------
    stride : int
        Pixels from one point of the grid to the next; the first one lies half as far inside.
    """

    stride = 4

    def __init__(
        self,
        channels: int,
        classes: int,
        *,
        width: int,
        activation: Activation,
        batch_norm: bool,
        least_score: float,
        most: int,
        overlap: float,
    ) -> None:
        super().__init__()
        self.least_score, self.most, self.overlap = least_score, most, overlap

        def layer(features: int, wide: int, stride: int = 1) -> nn.Module:
            return convolution(features, wide, activation, stride=stride, norm=batch_norm)

        fine, coarse = 2 * width, 4 * width
        self.fine = nn.Sequential(layer(channels, width, 2), layer(width, fine, 2), layer(fine, fine))
        self.coarse = nn.Sequential(layer(fine, coarse, 2), layer(coarse, coarse), layer(coarse, coarse))
        self.beside = nn.Conv2d(fine, coarse, 1)
        self.head = nn.Sequential(layer(coarse, coarse), layer(coarse, coarse))
        self.edges = nn.Conv2d(coarse, 4, 3, padding=1)
        self.kinds = nn.Conv2d(coarse, 1 + classes, 3, padding=1)
        nn.init.normal_(self.edges.weight, std=0.01)
        nn.init.normal_(self.kinds.weight, std=0.01)
        for layers, value in ((self.edges, 1.0), (self.kinds, -math.log((1 - _RARE) / _RARE))):
            assert layers.bias is not None  # noqa: S101 - made with one
            nn.init.constant_(layers.bias, value)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Look at images.

        Returns
        -------
        torch.Tensor, shape (n, 5 + classes, rows, columns)
            For each point of the grid the distances to the left, upper, right and lower edge in pixels, the logit of
            its being in the middle, and the logits of the classes.
        """
        images = images if images.is_floating_point() else images.to(torch.float32)
        fine = self.fine(images)
        wide = functional.interpolate(self.coarse(fine), size=fine.shape[2:])
        found = self.head(self.beside(fine) + wide)
        edges = self.stride * self.edges(found).float().clamp(-_LARGEST, _LARGEST).exp()
        return torch.cat([edges, self.kinds(found).float()], dim=1)

    def decode(self, outputs: torch.Tensor) -> torch.Tensor:
        """Tell what was found.

        Parameters
        ----------
        outputs : torch.Tensor
            What :meth:`forward` gave.

        Returns
        -------
        torch.Tensor, shape (n, most, 6)
            x0, y0, x1, y1 in pixels, score and class, the highest score first; 0 and class -1 where there are fewer.
        """
        boxes, scores, kinds = self._best(outputs.float())
        kept = (scores >= self.least_score) & ~suppressed(boxes, kinds, self.overlap)
        found = torch.cat([boxes, scores.unsqueeze(2), kinds.unsqueeze(2).to(boxes.dtype)], dim=2)
        nothing = torch.zeros_like(found)
        nothing[..., 5] = -1
        found = torch.where(kept.unsqueeze(2), found, nothing)
        # What was left out comes last; the rest is in order already.
        order = torch.sort((~kept).to(torch.uint8), dim=1, stable=True).indices
        found = found.gather(1, order.unsqueeze(2).expand_as(found))
        return functional.pad(found, (0, 0, 0, self.most - found.shape[1])) if found.shape[1] < self.most else found

    def _best(self, outputs: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Give boxes, scores and classes of the points with the highest scores, at most as many as are wanted."""
        rows, columns = outputs.shape[2:]
        flat = outputs.flatten(2)
        edges, middle, logits = flat[:, :4], flat[:, 4:5], flat[:, 5:]
        # Both must be sure: their geometric mean.
        scores = (logits.sigmoid() * middle.sigmoid()).sqrt()
        points = rows * columns
        best = scores.flatten(1).topk(min(self.most, scores.shape[1] * points), dim=1)
        kinds, point = best.indices // points, best.indices % points
        x, y = (point % columns + 0.5) * self.stride, (point // columns + 0.5) * self.stride
        left, above, right, below = edges.gather(2, point.unsqueeze(1).expand(-1, 4, -1)).unbind(1)
        width, height = columns * self.stride, rows * self.stride
        corners = [(x - left).clamp(0, width), (y - above).clamp(0, height)]
        corners += [(x + right).clamp(0, width), (y + below).clamp(0, height)]
        return torch.stack(corners, dim=2), best.values, kinds


def suppressed(boxes: torch.Tensor, kinds: torch.Tensor, overlap: float) -> torch.Tensor:
    """Say which boxes overlap too much with a better one of their class that stays (non-maximum suppression).

    Parameters
    ----------
    boxes : torch.Tensor, shape (n, k, 4)
        Of n images, the best first.
    kinds : torch.Tensor, shape (n, k)
        Their classes.
    overlap : float
        Intersection over union that is still allowed.

    Returns
    -------
    torch.Tensor of bool, shape (n, k)
    """
    low = torch.maximum(boxes[:, :, None, :2], boxes[:, None, :, :2])
    high = torch.minimum(boxes[:, :, None, 2:], boxes[:, None, :, 2:])
    both = (high - low).clamp(min=0).prod(dim=3)
    areas = (boxes[..., 2:] - boxes[..., :2]).prod(dim=2)
    either = areas[:, :, None] + areas[:, None, :] - both
    beats = (both > overlap * either) & (kinds[:, :, None] == kinds[:, None, :])
    beats = beats.triu(1)
    gone = torch.zeros_like(kinds, dtype=torch.bool)
    # One after the other, in all images at once: whoever is gone suppresses nobody.
    for index in range(boxes.shape[1] - 1):
        gone = gone | (beats[:, index] & ~gone[:, index, None])
    return gone
