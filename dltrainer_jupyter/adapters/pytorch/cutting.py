"""How batches are cut from samples: several by one index, one, or sample by sample; the bits are the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from dltrainer_jupyter.adapters.pytorch.placement import Placed
from dltrainer_jupyter.adapters.pytorch.trees import mapped
from dltrainer_jupyter.core.protocols import Batch
from dltrainer_jupyter.core.structures import leaves

_PIECE = {"cpu": 2**18}
"""Bytes that are cut at once for a device: on a CPU what stays in a core's cache until it is used."""
_LARGE_PIECE = 2**23
"""For other devices, which are slow to begin and quick to copy."""
_ALIGNMENT = {"cpu": 64}
_LARGE_ALIGNMENT = 512
"""Where memory that a tensor has for itself begins, in bytes; kernels go by it, and so their bits do."""


def cut_one_by_one(placed: Placed, order: torch.Tensor, start: int, stop: int, device: torch.device) -> Batch:
    """Cut a batch sample by sample: the plain way that the others must equal."""
    picked = order[start:stop].tolist()

    def stacked(tensor: torch.Tensor) -> torch.Tensor:
        return torch.stack([tensor[index] for index in picked]).to(device)

    return Batch(mapped(stacked, placed.inputs), mapped(stacked, placed.targets), stop - start)


def cut(placed: Placed, order: torch.Tensor, start: int, stop: int, device: torch.device) -> Batch:
    """Cut a batch by one vectorised index, on the device where the samples are there."""
    picked = order[start:stop]
    inputs, targets = (mapped(lambda tensor: _picked(tensor, picked, device), part) for part in placed)
    return Batch(inputs, targets, stop - start)


def _picked(tensor: torch.Tensor, indices: torch.Tensor, device: torch.device) -> torch.Tensor:
    chosen = tensor.index_select(0, indices)
    if chosen.device == device:
        return chosen
    # From pinned memory it is copied while the host goes on; only the host's can be pinned.
    return (chosen.pin_memory() if chosen.is_cpu and device.type == "cuda" else chosen).to(device, non_blocking=True)


class CutAhead:
    """Cuts small batches ahead, several by one index, as soon as an order is followed.

    They lie behind each other in one piece of memory, so this is done only where each begins as it would in memory
    of its own.

    Parameters
    ----------
    device : torch.device
        Where batches are wanted.
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._piece = _PIECE.get(device.type, _LARGE_PIECE)
        self._alignment = _ALIGNMENT.get(device.type, _LARGE_ALIGNMENT)
        self._last: tuple[Placed, torch.Tensor, int] | None = None
        self._waiting: list[Batch] = []

    def __call__(self, placed: Placed, order: torch.Tensor, start: int, stop: int) -> Batch:
        """Cut the batch of samples ``order[start:stop]``."""
        last, self._last = self._last, (placed, order, stop)
        if last is None or last[0] is not placed or last[1] is not order or last[2] != start:
            self._waiting = []
            return cut(placed, order, start, stop, self._device)
        size = stop - start
        if not self._waiting or self._waiting[-1].size != size:
            self._waiting = self._cut_several(placed, order, start, size)
        return self._waiting.pop()

    def _cut_several(self, placed: Placed, order: torch.Tensor, start: int, size: int) -> list[Batch]:
        """Cut a batch and those that follow it, the last one first."""
        largest = [tensor[:1].nbytes * size for tensor in leaves(tuple(placed))]
        many = self._piece // max(sum(largest), 1)
        if many < 2 or any(count % self._alignment for count in largest):  # noqa: PLR2004 - one alone gains nothing
            return [cut(placed, order, start, start + size, self._device)]
        whole = cut(placed, order, start, min(start + many * size, len(order)), self._device)
        # They aren't to know of each other: what is written into one is no change of another.
        pairs = zip(_split(whole.inputs, size), _split(whole.targets, size), strict=True)
        sizes = (min(size, whole.size - at) for at in range(0, whole.size, size))
        return [Batch(inputs, targets, count) for (inputs, targets), count in zip(pairs, sizes, strict=True)][::-1]


def _split(part: Any, size: int) -> Sequence[Any]:
    """Split what batches hold, along the first axis of each tensor."""
    if isinstance(part, torch.Tensor):
        return part.unsafe_split(size)
    if isinstance(part, dict):
        return [
            dict(zip(part, row, strict=True)) for row in zip(*(_split(it, size) for it in part.values()), strict=True)
        ]
    return list(zip(*(_split(item, size) for item in part), strict=True))
