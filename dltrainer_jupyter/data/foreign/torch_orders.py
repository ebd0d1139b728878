"""Which samples make which batch of a PyTorch loader over indexed samples."""

from __future__ import annotations

import zlib
from array import array
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import torch

from dltrainer_jupyter.core import seeds
from dltrainer_jupyter.core.protocols import ResumeKind
from dltrainer_jupyter.data.cursor import batches, bounds, epoch_order
from dltrainer_jupyter.data.foreign.generators import length
from dltrainer_jupyter.data.foreign.replaying import OTHER_BATCHES
from dltrainer_jupyter.data.foreign.torch_workers import Picked

if TYPE_CHECKING:
    from torch.utils.data import DataLoader

_ROOTS = {"torch", "torchdata"}
_PLAIN = {"SequentialSampler", "RandomSampler"}
_SEEDED = {*_PLAIN, "SubsetRandomSampler", "WeightedRandomSampler"}
"""PyTorch's own samplers whose order is a function of their generator's state."""


class Order(Protocol):
    """A sampler for the loader that fetches the samples of a pass."""

    resume: ResumeKind

    def begin(self, number: int, skip: int, mark: Mapping[str, Any] | None) -> None:
        """Set what the next iteration gives: a pass, from a batch on."""

    def __iter__(self) -> Iterator[Picked]: ...

    def count(self) -> int | None:
        """Count the batches of a pass; None if nobody can tell."""

    def mark(self, given: int) -> dict[str, Any]:
        """Give what recognises the batches of the pass given so far."""

    def inexact_because(self) -> str | None:
        """Say why a resumed run may see other samples, or None."""


def order_of(loader: DataLoader[Any], seed: int) -> Order:
    """Find out who decides about the order of a loader's samples.

    Parameters
    ----------
    loader : torch.utils.data.DataLoader
        Over indexed samples.
    seed : int
        The run's seed.
    """
    cutter: Any = loader.batch_sampler
    if cutter is None:
        # The data set makes whole batches, and its samples are those.
        sampler, size, drops_last = loader.sampler, None, False
    elif _is_theirs(cutter, {"BatchSampler"}):
        sampler, size, drops_last = cutter.sampler, cutter.batch_size, cutter.drop_last
    else:
        return SamplersOrder([cutter], seed, "replay")
    if _is_theirs(sampler, _PLAIN) and not _draws_otherwise(sampler):
        return OwnOrder(sampler, size, seed, drops_last=drops_last)
    samplers = [sampler] if cutter is None else [sampler, cutter]
    return SamplersOrder(samplers, seed, "exact" if _is_theirs(sampler, _SEEDED) else "replay")


def _is_theirs(sampler: Any, names: set[str]) -> bool:
    """Tell whether a sampler is one of PyTorch's own, not of a class derived from it."""
    kind = type(sampler)
    return kind.__name__ in names and kind.__module__.partition(".")[0] in _ROOTS


def _draws_otherwise(sampler: Any) -> bool:
    """Tell whether a sampler gives something else than each sample once."""
    count = getattr(sampler, "num_samples", None)
    return bool(getattr(sampler, "replacement", False)) or (count is not None and count != len(sampler.data_source))


class OwnOrder:
    """The run's own order in place of PyTorch's plain samplers; begins at any batch without a look at those before.

    Parameters
    ----------
    sampler : torch.utils.data.SequentialSampler or torch.utils.data.RandomSampler
        What it takes the place of.
    size : int or None
        Samples in a batch; None where the data set makes whole batches.
    seed : int
        The run's seed.
    drops_last : bool
        Whether a smaller last batch is left out.
    """

    resume: ResumeKind = "exact"

    def __init__(self, sampler: Any, size: int | None, seed: int, *, drops_last: bool) -> None:
        self._seed = seed
        self._samples = len(sampler)
        self._shuffles = type(sampler).__name__ == "RandomSampler"
        self._together = size is not None
        self._size = size or 1
        self._drops_last = drops_last
        self._number, self._skip = 1, 0

    def begin(self, number: int, skip: int, mark: Mapping[str, Any] | None) -> None:  # noqa: ARG002 - the protocol's
        """Set what the next iteration gives."""
        self._number, self._skip = number, skip

    def count(self) -> int:
        """Count the batches of a pass."""
        return self._samples // self._size if self._drops_last else batches(self._samples, self._size)

    def __iter__(self) -> Iterator[Picked]:
        number, n = self._number, self._samples
        order = epoch_order(self._seed, number, n) if self._shuffles else np.arange(n)
        for position in range(self._skip, self.count()):
            start, stop = bounds(position, n, self._size)
            yield Picked(number, position, order[start:stop].tolist() if self._together else int(order[start]))

    def mark(self, given: int) -> dict[str, Any]:  # noqa: ARG002 - the protocol's
        """Give nothing: seed and pass say it all."""
        return {}

    def inexact_because(self) -> None:
        """Say nothing: it is a function of seed and pass."""


class SamplersOrder:
    """The order of a person's sampler, gone through again on a resume; no sample is loaded for that.

    One that draws from a ``generator`` gets one seeded for the pass, so that PyTorch's own are functions of seed and
    pass. A checksum of the indices consumed tells whether it gave the same ones again.

    Parameters
    ----------
    samplers : sequence
        The last one gives the batches, and draws on the others.
    seed : int
        The run's seed.
    resume : {"exact", "replay"}
        Whether the order is known to be a function of the generator.
    """

    def __init__(self, samplers: Sequence[Any], seed: int, resume: ResumeKind) -> None:
        self.resume = resume
        self._seed = seed
        self._samplers = samplers
        self._number, self._skip = 1, 0
        self._expected: int | None = None
        self._sums = array("L")
        self._differs = False

    def begin(self, number: int, skip: int, mark: Mapping[str, Any] | None) -> None:
        """Set what the next iteration gives."""
        self._number, self._skip = number, skip
        self._expected = None if mark is None else mark.get("indices")
        self._sums = array("L")

    def count(self) -> int | None:
        """Count the batches of a pass, if the sampler can."""
        return length(self._samplers[-1])

    def __iter__(self) -> Iterator[Picked]:
        number, skip, sums, total = self._number, self._skip, self._sums, 0
        for sampler in self._samplers:
            self._prepare(sampler)
        for position, indices in enumerate(self._samplers[-1]):
            total = zlib.crc32(repr(indices).encode(), total)
            # Workers are told ahead of the steps, so the sum after each batch is kept.
            sums.append(total)
            if position + 1 == skip and self._expected is not None:
                self._differs |= total != self._expected
            if position >= skip:
                yield Picked(number, position, indices)

    def _prepare(self, sampler: Any) -> None:
        """Let a sampler draw, and count passes, as a function of seed and pass."""
        if hasattr(sampler, "generator"):
            sampler.generator = torch.Generator().manual_seed(seeds.derive(self._seed, "sampler", self._number))
        set_epoch = getattr(sampler, "set_epoch", None)
        if callable(set_epoch):
            set_epoch(self._number - 1)

    def mark(self, given: int) -> dict[str, Any]:
        """Give the checksum of the indices of the batches given so far."""
        return {"indices": self._sums[given - 1]} if given else {}

    def inexact_because(self) -> str | None:
        """Say so once the sampler gave other indices when it was gone through again."""
        return OTHER_BATCHES if self._differs else None
