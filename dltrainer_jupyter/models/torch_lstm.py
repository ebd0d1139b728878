"""The module of :mod:`~dltrainer_jupyter.models.lstm`. Imports torch; imported only while a net is built."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn import functional

from dltrainer_jupyter.models.encoder import bound
from dltrainer_jupyter.models.lstm import Plan
from dltrainer_jupyter.models.torch_sequences import Tokens, lengths, pooled, turned, values


class Reader(nn.RNNBase):
    """PyTorch's layer that reads in one direction, but begins as Keras' does, and can be compiled.

    Parameters
    ----------
    features, units : int
        Values that a step has, and that are kept.
    """

    def __init__(self, features: int, units: int) -> None:
        super().__init__("LSTM", features, units, batch_first=True)
        new, kept, bias, other = self.parameters()
        limit = bound(features, 4 * units)
        nn.init.uniform_(new, -limit, limit)
        nn.init.orthogonal_(kept)
        nn.init.zeros_(bias)
        nn.init.zeros_(other)
        # Input, forget, cell, output: it remembers at first.
        nn.init.ones_(bias[units : 2 * units])

    def forward(self, steps: torch.Tensor) -> torch.Tensor:
        """Give what it keeps at each step, shape (n, steps, units)."""
        if steps.device.type == "cpu" and torch.is_autocast_enabled("cpu"):
            # In 16 bits most processors have no such layer, and it would be none the faster.
            with torch.autocast("cpu", enabled=False):
                return self._read(steps.float())
        return self._read(steps)

    def _read(self, steps: torch.Tensor) -> torch.Tensor:
        nothing = steps.new_zeros(1, len(steps), self.hidden_size)
        if torch.compiler.is_compiling():
            return self._step_by_step(steps, nothing[0])
        # Biases, layers, dropout, training, both directions, samples first: as PyTorch's own layer calls it.
        kind: tuple[Any, ...] = (True, 1, 0.0, self.training, False, True)
        weights: Any = self._flat_weights
        found: torch.Tensor = torch.lstm(steps, (nothing, nothing), weights, *kind)[0]
        return found

    def _step_by_step(self, steps: torch.Tensor, nothing: torch.Tensor) -> torch.Tensor:
        """Compute the same in operations that a graph can be made of: PyTorch's compiler refuses its own layer."""
        new, kept, bias, other = self.parameters()
        hidden = cell = nothing
        found: list[torch.Tensor] = []
        for step in functional.linear(steps, new, bias + other).unbind(1):
            take, keep, value, show = (step + functional.linear(hidden, kept)).chunk(4, dim=1)
            cell = keep.sigmoid() * cell + take.sigmoid() * value.tanh()
            hidden = show.sigmoid() * cell.tanh()
            found.append(hidden)
        return torch.stack(found, dim=1)


class Layer(nn.Module):
    """A layer that reads sequences in one direction or in both.

    Parameters
    ----------
    features, units : int
        Values that a step has, and that are kept.
    bidirectional : bool
        Whether it reads backwards as well.
    """

    def __init__(self, features: int, units: int, *, bidirectional: bool) -> None:
        super().__init__()
        self.onward = Reader(features, units)
        self.back = Reader(features, units) if bidirectional else None

    def forward(self, steps: torch.Tensor, length: torch.Tensor | None) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Give what it keeps at each step, by direction, both in the order of the steps."""
        onward = self.onward(steps)
        if self.back is None:
            return onward, None
        return onward, turned(self.back(turned(steps, length)), length)


class LSTMModule(nn.Module):
    """A net of layers that read sequences.

    Parameters
    ----------
    plan : Plan
        What it is made of.
    """

    def __init__(self, plan: Plan) -> None:
        super().__init__()
        self.read, self.pooling = plan.read, plan.pooling
        self.tokens = Tokens(plan.read.tokens, plan.embedding) if plan.read.tokens else None
        given = [plan.features, *(plan.width for _ in range(plan.layers - 1))]
        self.layers = nn.ModuleList(Layer(it, plan.units, bidirectional=plan.bidirectional) for it in given)
        # One of their own between layers: what PyTorch's layer drops inside can't be drawn from the run's generators.
        self.dropouts = nn.ModuleList(nn.Dropout(plan.dropout) for _ in given) if plan.dropout else None
        self.output = nn.Linear(plan.width, plan.outputs)

    def forward(self, samples: torch.Tensor) -> torch.Tensor:
        """Give outputs of shape (n, outputs)."""
        length = lengths(samples, self.read)
        steps = values(samples, self.read) if self.tokens is None else self.tokens(samples)
        both: list[torch.Tensor] = []
        for number, layer in enumerate(self.layers):
            if number and self.dropouts is not None:
                steps = self.dropouts[number - 1](steps)
            both = [found for found in layer(steps, length) if found is not None]
            steps = torch.cat(both, dim=2)
        if self.pooling == "last":
            # Backwards the last state is that of the first step.
            ends = [pooled(both[0], length, "last"), *(found[:, 0] for found in both[1:])]
            found = torch.cat(ends, dim=1)
        else:
            found = pooled(steps, length, self.pooling)
        if self.dropouts is not None:
            found = self.dropouts[-1](found)
        outputs: torch.Tensor = self.output(found)
        return outputs
