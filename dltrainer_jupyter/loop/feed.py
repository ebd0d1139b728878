"""Where the training's batches come from: samples in memory in an order of our own, or somebody else's loader."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.protocols import Adapter, Batch, ResumeKind, Samples, Stream, Stretch
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.data.cursor import batches, bounds, epoch_order


class Feed(Protocol):
    """Batches on the device, augmented, epoch by epoch."""

    resume: ResumeKind

    @property
    def steps_per_epoch(self) -> int | None:
        """Batches in an epoch; None while that isn't known."""

    def epoch(self, epoch: int, consumed: int) -> Iterator[Batch]:
        """Yield the batches of an epoch, counted from 1, that are not consumed yet."""

    def samples(self) -> Iterator[Batch]:
        """Yield batches to try the model on, not augmented; none is consumed by that."""

    def state(self) -> dict[str, Any]:
        """Give what :meth:`load_state` needs besides epoch and consumed batches."""

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Go on from a state."""

    def inexact_because(self) -> str | None:
        """Say why a resumed run may see other batches, or None."""


def make_feed(adapter: Adapter, source: Samples | Stream, spec: RunSpec) -> Feed:
    """Make the feed for what a data source gave."""
    return SampleFeed(adapter, source, spec) if isinstance(source, Samples) else StreamFeed(adapter, source, spec)


class SampleFeed:
    """Cuts batches from samples, in an order that depends on seed and epoch alone.

    Parameters
    ----------
    adapter : Adapter
        Places samples and cuts batches.
    samples : Samples
        What is trained on.
    spec : RunSpec
        Its seed, batch size, augmentation and length of an epoch.

    Raises
    ------
    ConfigurationError
        If an epoch is to have more batches than there are.
    """

    resume: ResumeKind = "exact"

    def __init__(self, adapter: Adapter, samples: Samples, spec: RunSpec) -> None:
        self._adapter = adapter
        self._seed = spec.seed
        self._batch_size = spec.batch_size
        self._augments = bool(spec.augmentation)
        self._count = len(samples)
        self._placed = adapter.place(samples)
        available = batches(self._count, spec.batch_size)
        self.steps_per_epoch = available if spec.steps_per_epoch is None else spec.steps_per_epoch
        if self.steps_per_epoch > available:
            msg = f"steps_per_epoch: the data has no more than {available:,} batches, got {spec.steps_per_epoch:,}."
            raise ConfigurationError(msg)
        self.full_batches = min(self.steps_per_epoch, self._count // spec.batch_size)
        """Those of an epoch that have as many samples as they may."""
        self._ordered: tuple[int, Any] = 0, None

    def epoch(self, epoch: int, consumed: int) -> Iterator[Batch]:
        """Yield the batches of an epoch, counted from 1, that are not consumed yet."""
        order = self._order(epoch)
        for index in range(consumed, self.steps_per_epoch):
            batch = self._cut(order, index)
            yield self._adapter.augment(batch, epoch, index) if self._augments else batch

    def stretch(self, epoch: int, consumed: int, steps: int) -> Stretch:
        """Give the next full batches of an epoch, not cut yet and not augmented."""
        return Stretch(self._placed, self._order(epoch), consumed * self._batch_size, self._batch_size, steps)

    def samples(self) -> Iterator[Batch]:
        """Yield batches to try the model on: the first, and the last if it is a single sample.

        Layers that need statistics of a batch refuse a single sample; better now than at the end of an epoch.
        """
        order = self._order(1)
        yield self._cut(order, 0)
        if self._count % self._batch_size == 1 and self.steps_per_epoch == batches(self._count, self._batch_size):
            yield self._cut(order, self.steps_per_epoch - 1)

    def _order(self, epoch: int) -> Any:
        if self._ordered[0] != epoch:
            order = epoch_order(self._seed, epoch, self._count)
            self._ordered = epoch, self._adapter.order(self._placed, order)
        return self._ordered[1]

    def _cut(self, order: Any, index: int) -> Batch:
        return self._adapter.batch(self._placed, order, *bounds(index, self._count, self._batch_size))

    def state(self) -> dict[str, Any]:
        """Give nothing: epoch and consumed batches say all."""
        return {}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Take nothing."""

    def inexact_because(self) -> str | None:
        """Give None: the order is a function of seed and epoch."""
        return None


class StreamFeed:
    """Brings somebody else's batches to the device.

    Parameters
    ----------
    adapter : Adapter
        Brings them there.
    stream : Stream
        Makes them.
    spec : RunSpec
        Its augmentation and length of an epoch.
    """

    def __init__(self, adapter: Adapter, stream: Stream, spec: RunSpec) -> None:
        self._adapter = adapter
        self._stream = stream
        self._augments = bool(spec.augmentation)
        self._fixed = spec.steps_per_epoch
        self._counted: int | None = None
        self.resume: ResumeKind = stream.resume

    @property
    def steps_per_epoch(self) -> int | None:
        """Batches in an epoch: as the specification says, as the stream does, or as the last epoch had."""
        return next((known for known in (self._fixed, self._stream.steps_per_epoch, self._counted) if known), None)

    def epoch(self, epoch: int, consumed: int) -> Iterator[Batch]:
        """Yield the batches of an epoch, counted from 1, that are not consumed yet.

        Raises
        ------
        ConfigurationError
            If an epoch has no batch at all.
        """
        left = None if self._fixed is None else self._fixed - consumed
        index = consumed
        for index, whole in enumerate(itertools.islice(self._stream.epoch(epoch, consumed), left), start=consumed + 1):
            batch = self._adapter.to_batch(whole)
            yield self._adapter.augment(batch, epoch, index - 1) if self._augments else batch
        if not index:
            msg = (
                f"data: epoch {epoch} has no batch; pass something that can be gone through again and again, such as "
                "a function that makes the iterator."
            )
            raise ConfigurationError(msg)
        self._counted = index

    def samples(self) -> Iterator[Batch]:
        """Yield the batch the stream has shown, to try the model on."""
        yield self._adapter.to_batch(self._stream.first)

    def state(self) -> dict[str, Any]:
        """Give the stream's state, and how long the last epoch was: a recipe may go by that."""
        return {"counted": self._counted, "stream": self._stream.state()}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Go on from a state; one of samples in memory, which didn't fit any more, says nothing."""
        if not state:
            return
        self._counted = state["counted"]
        self._stream.load_state(state["stream"])

    def inexact_because(self) -> str | None:
        """Say why a resumed run may see other batches, or None."""
        return self._stream.inexact_because()
