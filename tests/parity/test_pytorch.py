"""A run equals the loop that a PyTorch user writes by hand, bit for bit."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from dltrainer_jupyter import tal
from tests.parity.conftest import RATE, Task


def _net(task: Task) -> nn.Sequential:
    net = nn.Sequential(nn.Linear(13, 24), nn.ReLU(), nn.Linear(24, 3))
    weights = [task.weights[name] for name in ("w1", "b1", "w2", "b2")]
    with torch.no_grad():
        for parameter, weight in zip(net.parameters(), weights, strict=True):
            parameter.copy_(torch.from_numpy(weight.T))
    return net


def test_equals_a_loop_written_by_hand(task: Task) -> None:
    """The same arithmetic in the same order: no bit differs, neither in the losses nor in the weights."""
    net = _net(task)
    optimizer = torch.optim.Adam(net.parameters(), lr=RATE, fused=True)
    inputs, targets = torch.from_numpy(task.inputs), torch.from_numpy(task.targets)
    losses = []
    for indices in task.order():
        optimizer.zero_grad()
        loss = functional.cross_entropy(net(inputs[indices]), targets[indices])
        loss.backward()
        optimizer.step()
        losses.append(loss.item())

    run = tal.train(model=_net(task), **task.settings()).wait()
    _, curve = run.curve("train_loss", points=10**6)
    np.testing.assert_array_equal(curve, np.float32(losses))
    for ours, theirs in zip(run.last.model().parameters(), net.parameters(), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=0, atol=0)
