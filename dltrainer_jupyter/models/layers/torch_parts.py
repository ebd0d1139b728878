"""What layers are made of on PyTorch besides its own. Imports torch; imported only while a net is built.

Images are (n, channels, height, width) and sequences (n, time, features).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Literal

import torch
from torch import nn

from dltrainer_jupyter.models.blocks import Activation, activation_layer
from dltrainer_jupyter.models.layers.flow import Flow


def activated(layer: nn.Module, activation: Activation | None) -> nn.Module:
    """Put an activation behind a layer, if there is one."""
    if activation is None:
        return layer
    return nn.Sequential(OrderedDict(weights=layer, activation=activation_layer(activation)))


def over_steps(layer: nn.Module, flow: Flow) -> nn.Module:
    """Let a layer that takes (n, features, time) have sequences."""
    return FeaturesFirst(layer) if flow.form == "sequence" else layer


class FeaturesFirst(nn.Module):
    """Turns sequences round for a layer that takes features first, and back.

    Parameters
    ----------
    layer : torch.nn.Module
        Who takes them.
    """

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, steps: torch.Tensor) -> torch.Tensor:
        """Apply the layer."""
        found: torch.Tensor = self.layer(steps.transpose(1, 2))
        return found.transpose(1, 2)


class ChannelNorm(nn.Module):
    """Normalises the channels of each place of an image.

    Parameters
    ----------
    channels : int
        How many.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(channels)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Normalise."""
        found: torch.Tensor = self.norm(images.movedim(1, -1))
        return found.movedim(-1, 1)


class GlobalPool(nn.Module):
    """Makes one value of each channel.

    Parameters
    ----------
    kind : str
        ``"average"`` or ``"max"``.
    axes : tuple of int
        Where the places are.
    """

    def __init__(self, kind: Literal["average", "max"], axes: tuple[int, ...]) -> None:
        super().__init__()
        self.kind, self.axes = kind, axes

    def forward(self, places: torch.Tensor) -> torch.Tensor:
        """Pool."""
        return places.mean(self.axes) if self.kind == "average" else places.amax(self.axes)


class Reshape(nn.Module):
    """Brings samples into another shape.

    Parameters
    ----------
    shape : tuple of int
        Of a sample.
    """

    def __init__(self, shape: tuple[int, ...]) -> None:
        super().__init__()
        self.shape = shape

    def forward(self, samples: torch.Tensor) -> torch.Tensor:
        """Reshape."""
        return samples.reshape(len(samples), *self.shape)


class Position(nn.Module):
    """Adds what is learnt for each place.

    Parameters
    ----------
    steps, width : int
        Shape of a sample.
    """

    def __init__(self, steps: int, width: int) -> None:
        super().__init__()
        self.values = nn.Parameter(torch.empty(steps, width))
        nn.init.normal_(self.values, std=0.02)

    def forward(self, steps: torch.Tensor) -> torch.Tensor:
        """Add."""
        return steps + self.values


class Added(nn.Module):
    """Adds what comes to what is made of it.

    Parameters
    ----------
    body, shortcut : torch.nn.Module
        The two ways; without a shortcut what comes is added as it is.
    """

    def __init__(self, body: nn.Module, shortcut: nn.Module | None) -> None:
        super().__init__()
        self.body, self.shortcut = body, shortcut

    def forward(self, given: torch.Tensor) -> torch.Tensor:
        """Add."""
        found: torch.Tensor = self.body(given)
        return found + (given if self.shortcut is None else self.shortcut(given))


class SelfAttention(nn.Module):
    """Attention of a sequence to itself.

    Parameters
    ----------
    features, heads : int
        Values of a step, and how many ways they are divided between.
    """

    def __init__(self, features: int, heads: int) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(features, heads, batch_first=True)

    def forward(self, steps: torch.Tensor) -> torch.Tensor:
        """Look."""
        found: torch.Tensor = self.attention(steps, steps, steps, need_weights=False)[0]
        return found


class LSTM(nn.Module):
    """One direction of an LSTM, with one bias a gate: of the two that PyTorch's own has, only the sum counts.

    Parameters
    ----------
    features, units : int
        Values of a step, and of the memory.
    """

    no_bias: torch.Tensor
    weight_ih: nn.Parameter
    weight_hh: nn.Parameter
    bias: nn.Parameter

    def __init__(self, features: int, units: int) -> None:
        super().__init__()
        like = nn.LSTM(features, units)
        self.units = units
        self.weight_ih, self.weight_hh, self.bias, _ = like.parameters()
        self.register_buffer("no_bias", torch.zeros(4 * units), persistent=False)

    def forward(self, steps: torch.Tensor) -> torch.Tensor:
        """Give what was found at each step, shape (n, time, units)."""
        start = steps.new_zeros(1, len(steps), self.units)
        weights = (self.weight_ih, self.weight_hh, self.bias, self.no_bias)
        # One layer without dropout, in one direction, of batches that come first.
        return torch.lstm(steps, (start, start), weights, True, 1, 0.0, self.training, False, True)[0]  # noqa: FBT003


class GRU(nn.Module):
    """One direction of a GRU.

    Parameters
    ----------
    features, units : int
        Values of a step, and of the memory.
    """

    def __init__(self, features: int, units: int) -> None:
        super().__init__()
        self.layer = nn.GRU(features, units, batch_first=True)

    def forward(self, steps: torch.Tensor) -> torch.Tensor:
        """Give what was found at each step, shape (n, time, units)."""
        found: torch.Tensor = self.layer(steps)[0]
        return found


class Reading(nn.Module):
    """Reads a sequence onward and, with two ways, backward.

    Parameters
    ----------
    ways : sequence of torch.nn.Module
        One, or two of which the second reads from the end.
    every_step : bool
        Whether to give what was found at each step, or at the end of each way.
    """

    def __init__(self, ways: Sequence[nn.Module], *, every_step: bool) -> None:
        super().__init__()
        self.ways = nn.ModuleList(ways)
        self.every_step = every_step

    def forward(self, steps: torch.Tensor) -> torch.Tensor:
        """Read."""
        found = [way(steps if number == 0 else steps.flip(1)) for number, way in enumerate(self.ways)]
        if not self.every_step:
            return torch.cat([it[:, -1] for it in found], dim=-1)
        return torch.cat([it if number == 0 else it.flip(1) for number, it in enumerate(found)], dim=-1)
