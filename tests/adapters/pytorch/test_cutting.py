"""Every way to cut batches gives the same bits, where memory of a batch's own would begin."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from dltrainer_jupyter.adapters.pytorch import cutting
from dltrainer_jupyter.adapters.pytorch.cutting import CutAhead, cut, cut_one_by_one
from dltrainer_jupyter.adapters.pytorch.placement import Placed, place, to_order
from dltrainer_jupyter.core.protocols import Batch, Samples
from dltrainer_jupyter.testing.adapter_samples import BATCH_SIZE, Trainer
from tests.adapters.pytorch.bench import Bench, seeded

CPU = torch.device("cpu")
BLOCKS = {"cpu": 64, "cuda": 512}
"""Bytes; where PyTorch's allocator for a device lets a tensor's memory begin."""
RNG = np.random.default_rng(0)

Cut = Callable[[Placed, torch.Tensor, int, int], Batch]
WAYS: dict[str, Callable[[], Cut]] = {
    "one by one": lambda: lambda *where: cut_one_by_one(*where, CPU),
    "one": lambda: lambda *where: cut(*where, CPU),
    "ahead": lambda: CutAhead(CPU),
}


def samples(shape: tuple[int, ...], dtype: str = "float32", *, values: bool = False) -> tuple[Placed, torch.Tensor]:
    """Give samples and an order of them."""
    targets = RNG.normal(size=(shape[0], 2)).astype(np.float32) if values else np.arange(shape[0])
    placed = place(Samples(RNG.normal(size=shape, scale=9).astype(dtype), targets), CPU)
    return placed, to_order(RNG.permutation(shape[0]), placed)


def epoch(way: Cut, placed: Placed, order: torch.Tensor, size: int, first: int = 0) -> list[Batch]:
    count = len(order)
    return [way(placed, order, start, min(start + size, count)) for start in range(first * size, count, size)]


def assert_same(one: list[Batch], other: list[Batch]) -> None:
    """Also that they lie, and begin in memory, alike: kernels go by how far from a whole number of blocks that is."""
    assert [batch.size for batch in one] == [batch.size for batch in other]
    for mine, theirs in zip(one, other, strict=True):
        for a, b in zip(mine[:2], theirs[:2], strict=True):
            assert torch.equal(a, b)
            assert (a.dtype, a.stride(), a.device) == (b.dtype, b.stride(), b.device)
            block = BLOCKS[a.device.type]
            assert a.data_ptr() % block == b.data_ptr() % block


@pytest.fixture
def indices(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The sizes of what is cut by one index."""
    noted: list[int] = []

    def noting(placed: Placed, order: torch.Tensor, start: int, stop: int, device: torch.device) -> Batch:
        noted.append(stop - start)
        return cut(placed, order, start, stop, device)

    monkeypatch.setattr(cutting, "cut", noting)
    return noted


@pytest.mark.parametrize("size", [1, 3, 8, 16])
@pytest.mark.parametrize("shape", [(43, 3), (43, 16), (43, 2, 4, 4), (43,)])
@pytest.mark.parametrize("dtype", ["float32", "int64", "uint8"])
@pytest.mark.parametrize("values", [False, True])
def test_all_ways_are_equal(size: int, shape: tuple[int, ...], dtype: str, values: bool) -> None:
    placed, order = samples(shape, dtype, values=values)
    plain, *others = (epoch(make(), placed, order, size) for make in WAYS.values())
    for other in others:
        assert_same(other, plain)


@pytest.mark.parametrize("way", WAYS)
def test_a_batch_is_a_copy_that_belongs_to_nobody_else(way: str) -> None:
    placed, order = samples((64, 2))
    before = placed.inputs.clone(), placed.targets.clone()
    one, another, *others = epoch(WAYS[way](), placed, order, 8)
    expected = another.inputs.sum(0)
    weight = torch.ones(2, requires_grad=True)
    loss = (another.inputs * weight).sum()
    # What that saved for the backward pass isn't touched by a change of other batches.
    for batch in (one, *others):
        batch.inputs.fill_(1)
        batch.targets.fill_(1)
    loss.backward()
    assert torch.equal(weight.grad, expected)
    assert torch.equal(placed.inputs, before[0])
    assert torch.equal(placed.targets, before[1])


def test_small_batches_are_cut_together_once_an_order_is_followed(indices: list[int]) -> None:
    placed, order = samples((100, 4))
    assert_same(epoch(CutAhead(CPU), placed, order, 8), epoch(WAYS["one"](), placed, order, 8))
    assert indices == [8, 92]


def test_a_piece_is_not_too_large(indices: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    placed, order = samples((100, 4))
    one = 8 * (4 * 4 + 8)
    monkeypatch.setattr(cutting, "_PIECE", {"cpu": 3 * one})
    assert_same(epoch(CutAhead(CPU), placed, order, 8), epoch(WAYS["one"](), placed, order, 8))
    assert indices == [8, 24, 24, 24, 20]


def test_large_batches_and_those_that_would_begin_elsewhere_are_cut_by_themselves(indices: list[int]) -> None:
    for shape, size in ((40, 3), 8), ((40, 4), 4), ((40, 2**13), 8):
        placed, order = samples(shape)
        epoch(CutAhead(CPU), placed, order, size)
        assert indices == [size] * (40 // size)
        indices.clear()


def test_an_order_may_be_left_and_taken_up_anywhere() -> None:
    placed, order = samples((100, 4))
    others, another = samples((50, 16))
    ahead, plain = CutAhead(CPU), WAYS["one"]()
    for start, stop in ((8, 16), (16, 24), (24, 32), (24, 32), (32, 48), (48, 56), (0, 8), (8, 16), (16, 20), (20, 28)):
        assert_same([ahead(placed, order, start, stop)], [plain(placed, order, start, stop)])
        if stop in {24, 56}:
            assert_same([ahead(others, another, 0, 8)], [plain(others, another, 0, 8)])
    reordered = order.flip(0)
    assert_same(epoch(ahead, placed, reordered, 8, first=3), epoch(plain, placed, reordered, 8, first=3))
    assert_same(epoch(ahead, Placed(*placed), reordered, 8), epoch(plain, placed, reordered, 8))


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("numbered", [False, True])
@pytest.mark.parametrize("stay", [False, True])
def test_all_ways_are_equal_on_a_gpu(stay: bool, numbered: bool) -> None:
    """Whether samples stay on the host or not, and whichever way the device is named."""
    device = torch.device("cuda", torch.cuda.current_device()) if numbered else torch.device("cuda")
    placed, order = samples((4000, 128))
    if not stay:
        placed, order = Placed(placed.inputs.to(device), placed.targets.to(device)), order.to(device)
    plain = epoch(lambda *where: cut_one_by_one(*where, device), placed, order, 64)
    assert_same(epoch(lambda *where: cut(*where, device), placed, order, 64), plain)
    assert_same(epoch(CutAhead(device), placed, order, 64), plain)


def test_the_contracts_trainer_follows_an_order_so_that_it_tries_this(indices: list[int]) -> None:
    with Trainer(framework="pytorch", model="mlp", data="digits") as trainer:
        indices.clear()
        trainer.step(8)
        assert max(indices) > BATCH_SIZE


def test_a_run_cuts_ahead_unless_told_otherwise(indices: list[int]) -> None:
    model: Any = seeded(lambda: torch.nn.Linear(4, 2))
    placed, order = samples((64, 4))
    for fast, expected in (({}, [8, 56]), ({"batching": False}, [])):
        with Bench(model, (RNG.normal(size=(9, 4)).astype(np.float32), np.arange(9) % 2), fast=fast) as bench:
            indices.clear()
            epoch(bench.adapter.batch, placed, order, 8)
            assert indices == expected
