"""The loss of FCOS, over all points of a grid at once, in shapes that don't depend on what is in the images."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch.nn import functional

_SMALL, _LEAST = 1e-6, 1e-12


class Assigned(NamedTuple):
    """What each point is to learn."""

    positive: torch.Tensor
    """Whether there is an object, float of shape (n, points)."""
    edges: torch.Tensor
    """Distances to the left, upper, right and lower edge, shape (n, points, 4); of no meaning where there is none."""
    kinds: torch.Tensor
    """Class, int64 of shape (n, points); likewise."""
    middle: torch.Tensor
    """1 in the middle of an object, 0 at its edges: shape (n, points)."""


def detection_loss(
    outputs: torch.Tensor,
    targets: torch.Tensor,
    stride: float,
    *,
    alpha: float,
    gamma: float,
    box_weight: float,
    radius: float,
) -> torch.Tensor:
    """Compute the loss of a batch.

    Parameters
    ----------
    outputs : torch.Tensor, shape (n, 5 + classes, rows, columns)
        Distances in pixels, logit of the middle, logits of classes.
    targets : torch.Tensor, shape (n, most, 5)
        x0, y0, x1, y1 in pixels, and class; -1 where there is none.
    stride : float
        Pixels between points.
    alpha, gamma, box_weight, radius : float
        As :class:`~dltrainer_jupyter.recipes.detection.Detection.Config` describes them.

    Returns
    -------
    torch.Tensor, shape ()
        Focal loss of the classes, loss of boxes (1 - GIoU, weighted by how much in the middle a point is) and binary
        cross-entropy of the middle, each averaged over the points on objects.
    """
    outputs = outputs.float()
    points = grid(outputs.shape[2], outputs.shape[3], stride, outputs.device)
    wanted = assign(points, targets.float(), radius * stride)
    flat = outputs.flatten(2).transpose(1, 2)
    edges, middle, logits = flat[..., :4], flat[..., 4], flat[..., 5:]
    count = wanted.positive.sum().clamp(min=1)
    there = functional.one_hot(wanted.kinds, logits.shape[2]) * wanted.positive.unsqueeze(2)
    of_classes = focal_loss(logits, there, alpha, gamma).sum() / count
    weights = wanted.positive * wanted.middle
    of_boxes = (weights * (1 - giou(edges, wanted.edges))).sum() / weights.sum().clamp(min=_SMALL)
    of_middle = functional.binary_cross_entropy_with_logits(middle, wanted.middle, wanted.positive, reduction="sum")
    return of_classes + box_weight * of_boxes + of_middle / count


def grid(rows: int, columns: int, stride: float, device: torch.device) -> torch.Tensor:
    """Give x and y of all points, row by row: shape (rows * columns, 2)."""
    y = (torch.arange(rows, device=device) + 0.5) * stride
    x = (torch.arange(columns, device=device) + 0.5) * stride
    return torch.stack([x.repeat(rows), y.repeat_interleave(columns)], dim=1)


def assign(points: torch.Tensor, targets: torch.Tensor, radius: float) -> Assigned:
    """Decide which object each point learns: the smallest of those in whose middle it lies.

    Parameters
    ----------
    points : torch.Tensor, shape (points, 2)
        x and y.
    targets : torch.Tensor, shape (n, most, 5)
        x0, y0, x1, y1, and class; -1 where there is none.
    radius : float
        How far from the middle of a box a point may lie, in pixels, in both directions.
    """
    low, high, kinds = targets[..., :2], targets[..., 2:4], targets[..., 4]
    # By image, point, box and direction.
    before = points[None, :, None] - low[:, None]
    after = high[:, None] - points[None, :, None]
    inside = torch.minimum(before, after).amin(dim=3) > 0
    near = (before - after).abs().amax(dim=3) < 2 * radius
    eligible = inside & near & (kinds >= 0)[:, None]
    areas = (high - low).prod(dim=2)[:, None].expand(eligible.shape)
    areas = torch.where(eligible, areas, torch.inf)
    smallest, chosen = areas.min(dim=2)
    positive = torch.isfinite(smallest)
    edges = torch.cat([before, after], dim=3)
    edges = edges.gather(2, chosen[..., None, None].expand(-1, -1, 1, 4)).squeeze(2).clamp(min=_SMALL)
    left, above, right, below = edges.unbind(2)
    middle = _ratio(left, right) * _ratio(above, below)
    kind = kinds.gather(1, chosen).clamp(min=0).long()
    return Assigned(positive.float(), edges, kind, middle.sqrt())


def _ratio(one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    return torch.minimum(one, other) / torch.maximum(one, other)


def focal_loss(logits: torch.Tensor, targets: torch.Tensor, alpha: float, gamma: float) -> torch.Tensor:
    """Compute binary cross-entropy in which what is told well counts little, element by element."""
    targets = targets.to(logits.dtype)
    entropy = functional.binary_cross_entropy_with_logits(logits, targets, reduction="none")
    chance = logits.sigmoid()
    # A power below 1 has no slope at 0.
    wrong = (targets * (1 - chance) + (1 - targets) * chance).clamp(min=_LEAST)
    weight: torch.Tensor = (targets * alpha + (1 - targets) * (1 - alpha)) * wrong.pow(gamma) * entropy
    return weight


def giou(one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    """Compute the generalized intersection over union of boxes around the same points.

    Parameters
    ----------
    one, other : torch.Tensor, shape (..., 4)
        Positive distances to the left, upper, right and lower edge.

    Returns
    -------
    torch.Tensor, shape (...)
        From -1 to 1.
    """

    def area(edges: torch.Tensor) -> torch.Tensor:
        return (edges[..., 0] + edges[..., 2]) * (edges[..., 1] + edges[..., 3])

    both = area(torch.minimum(one, other))
    either = area(one) + area(other) - both
    around = area(torch.maximum(one, other))
    return both / either - (around - either) / around
