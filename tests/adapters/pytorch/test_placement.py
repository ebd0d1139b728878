from __future__ import annotations

import numpy as np
import pytest
import torch

from dltrainer_jupyter.adapters.pytorch.placement import cut, cut_one_by_one, place, to_order
from dltrainer_jupyter.core.protocols import Samples

CPU = torch.device("cpu")
RNG = np.random.default_rng(0)


@pytest.mark.parametrize("shape", [(11, 3), (11, 2, 4, 4), (11, 1)])
@pytest.mark.parametrize("dtype", ["float32", "int64"])
@pytest.mark.parametrize("targets", [np.arange(11), RNG.normal(size=(11, 2)).astype(np.float32)])
def test_the_fast_cut_equals_the_plain_one(shape, dtype, targets) -> None:
    placed = place(Samples(RNG.normal(size=shape, scale=9).astype(dtype), targets), CPU)
    order = to_order(RNG.permutation(11), placed)
    for start, stop in ((0, 4), (4, 8), (8, 11), (10, 11)):
        fast, plain = cut(placed, order, start, stop, CPU), cut_one_by_one(placed, order, start, stop, CPU)
        assert fast.size == plain.size == stop - start
        for one, other in zip(fast[:2], plain[:2], strict=True):
            assert torch.equal(one, other)
            assert (one.dtype, one.stride()) == (other.dtype, other.stride())


@pytest.mark.parametrize("slow", [cut, cut_one_by_one])
def test_a_batch_is_a_copy(slow) -> None:
    samples = Samples(np.zeros((4, 2), np.float32), np.zeros(4, np.int64))
    placed = place(samples, CPU)
    batch = slow(placed, to_order(np.arange(4), placed), 0, 4, CPU)
    batch.inputs.fill_(1)
    batch.targets.fill_(1)
    assert samples.inputs.sum() == samples.targets.sum() == 0


def test_arrays_that_cannot_be_written_to_or_lie_scattered_are_placed() -> None:
    frozen = np.arange(12, dtype=np.float32).reshape(6, 2)
    frozen.flags.writeable = False
    placed = place(Samples(frozen, np.arange(12)[::2]), CPU)
    assert torch.equal(placed.inputs, torch.arange(12.0).reshape(6, 2))
    assert placed.targets.tolist() == [0, 2, 4, 6, 8, 10]
