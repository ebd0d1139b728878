"""Operations that modules take, beside PyTorch's own count of a whole pass, and by hand where it knows none."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from dltrainer_jupyter.adapters.pytorch.operations import flops

BATCH = 2


@pytest.mark.parametrize(
    ("module", "shape"),
    [
        (nn.Linear(7, 5), (7,)),
        (nn.Linear(7, 5), (3, 7)),
        (nn.Conv2d(4, 6, 3, padding=1), (4, 8, 9)),
        (nn.Conv2d(4, 8, 3, stride=2, groups=4), (4, 9, 9)),
        (nn.Conv1d(3, 5, 4), (3, 16)),
        (nn.ConvTranspose2d(4, 6, 2, stride=2), (4, 5, 5)),
    ],
    ids=lambda it: type(it).__name__ if isinstance(it, nn.Module) else "x".join(map(str, it)),
)
def test_as_pytorch_counts_them(module: nn.Module, shape: tuple[int, ...]) -> None:
    x = torch.zeros(BATCH, *shape)
    with FlopCounterMode(display=False) as counter:
        y = module(x)
    assert flops(module, [x.shape], y.shape) == counter.get_total_flops() // BATCH > 0


def _of_lstm() -> int:
    # Four gates of 5 from 3 inputs and 5 of the state before, both ways, in each of 7 steps.
    return 2 * 7 * 2 * 4 * 5 * (3 + 5)


def _of_attention() -> int:
    # Four projections of 4 sequences' places, scores and sums.
    return 2 * 4 * 4 * 8 * 8 + 2 * 2 * 4 * 4 * 8


@pytest.mark.parametrize(
    ("module", "shapes", "expected"),
    [
        (nn.LSTM(3, 5, bidirectional=True, batch_first=True), [(7, 3)], _of_lstm()),
        (nn.GRUCell(3, 5), [(3,)], 2 * 3 * 5 * (3 + 5)),
        (nn.MultiheadAttention(8, 2, batch_first=True), [(4, 8)] * 3, _of_attention()),
        (nn.BatchNorm2d(3), [(3, 4, 4)], 2 * 48),
        (nn.LayerNorm(6), [(5, 6)], 7 * 30),
        (nn.Flatten(), [(3, 4)], 0),
        (nn.ReLU(), [(3,)], None),
    ],
    ids=lambda it: type(it).__name__ if isinstance(it, nn.Module) else "",
)
def test_by_hand(module: nn.Module, shapes: list[Any], expected: int | None) -> None:
    given = [torch.zeros(BATCH, *shape) for shape in shapes]
    output = module.eval()(*given)
    first = output[0] if isinstance(output, tuple) else output
    assert flops(module, [x.shape for x in given], first.shape) == expected


def test_what_gives_no_tensor_is_unknown() -> None:
    assert flops(nn.Linear(2, 2), [], None) is None
