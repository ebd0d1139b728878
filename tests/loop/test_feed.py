"""Batches of samples and of other people's loaders."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pytest

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.protocols import Batch, ResumeKind, Samples
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.data.cursor import epoch_order
from dltrainer_jupyter.loop.feed import make_feed


class _Host:
    """An adapter whose device is the host; augmenting writes down the key."""

    def place(self, samples: Samples) -> Samples:
        return samples

    def order(self, placed: Samples, indices: Any) -> Any:
        return indices

    def batch(self, placed: Samples, order: Any, start: int, stop: int) -> Batch:
        picked = order[start:stop]
        return Batch(placed.inputs[picked], placed.targets[picked], stop - start)

    def to_batch(self, whole: Any) -> Batch:
        return Batch(*whole, len(whole[0]), whole)

    def augment(self, batch: Batch, epoch: int, index: int) -> Batch:
        return batch._replace(whole=(epoch, index))


class _Stream:
    """Numbers in fives; so many batches an epoch as are left."""

    resume: ResumeKind = "replay"

    def __init__(self, lengths: list[int], steps_per_epoch: int | None = None) -> None:
        self.steps_per_epoch = steps_per_epoch
        self.first = (np.zeros(5), np.zeros(5))
        self._lengths = lengths

    def epoch(self, epoch: int, consumed: int) -> Iterator[Any]:
        for index in range(consumed, self._lengths[epoch - 1]):
            yield np.full(5, index), np.full(5, epoch)

    def state(self) -> dict[str, Any]:
        return {"seen": 3}

    def load_state(self, state: Mapping[str, Any]) -> None:
        self.loaded = state

    def inexact_because(self) -> str | None:
        return None

    def close(self) -> None: ...


def _spec(**changes: Any) -> RunSpec:
    return RunSpec(model="mlp", data="digits", batch_size=4, seed=3, **changes)


SAMPLES = Samples(np.arange(10), np.arange(10))


def _numbers(batches: Iterator[Batch]) -> list[list[int]]:
    return [batch.inputs.tolist() for batch in batches]


def test_samples_come_in_the_order_of_seed_and_epoch() -> None:
    feed = make_feed(_Host(), SAMPLES, _spec())
    order = epoch_order(3, 2, 10).tolist()
    assert feed.steps_per_epoch == 3
    assert _numbers(feed.epoch(2, 0)) == [order[:4], order[4:8], order[8:]]
    assert _numbers(feed.epoch(2, 2)) == [order[8:]]


def test_an_epoch_may_be_shortened_but_not_lengthened() -> None:
    assert len(list(make_feed(_Host(), SAMPLES, _spec(steps_per_epoch=2)).epoch(1, 0))) == 2
    with pytest.raises(ConfigurationError, match="steps_per_epoch: the data has no more than 3 batches, got 4"):
        make_feed(_Host(), SAMPLES, _spec(steps_per_epoch=4))


@pytest.mark.parametrize("source", [SAMPLES, _Stream([3, 3])], ids=["samples", "stream"])
def test_augmentation_is_keyed_by_epoch_and_batch_number(source: Any) -> None:
    """The key of a batch is the same whether the epoch was begun at its start or in its middle."""
    feed = make_feed(_Host(), source, _spec(augmentation=["flip"]))
    assert [batch.whole for batch in feed.epoch(2, 0)] == [(2, 0), (2, 1), (2, 2)]
    assert [batch.whole for batch in feed.epoch(2, 1)] == [(2, 1), (2, 2)]


def test_the_batch_a_model_is_tried_on_is_not_augmented() -> None:
    assert next(make_feed(_Host(), SAMPLES, _spec(augmentation=["flip"])).samples()).whole is None


def test_a_stream_that_does_not_tell_its_length_is_counted() -> None:
    feed = make_feed(_Host(), _Stream([4, 2]), _spec())
    assert feed.steps_per_epoch is None
    assert _numbers(feed.epoch(1, 2)) == [[2] * 5, [3] * 5]
    assert feed.steps_per_epoch == 4
    list(feed.epoch(2, 0))
    assert feed.steps_per_epoch == 2


def test_an_endless_stream_is_cut_into_epochs() -> None:
    feed = make_feed(_Host(), _Stream([10**9]), _spec(steps_per_epoch=3))
    assert len(list(feed.epoch(1, 0))) == 3
    assert _numbers(feed.epoch(1, 2)) == [[2] * 5]


def test_an_epoch_without_batches_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="epoch 2 has no batch"):
        list(make_feed(_Host(), _Stream([1, 0]), _spec()).epoch(2, 0))


def test_an_epoch_that_was_consumed_to_its_end_is_over() -> None:
    assert list(make_feed(_Host(), _Stream([2]), _spec()).epoch(1, 2)) == []


def test_the_length_of_an_epoch_is_part_of_the_state_as_the_streams_is() -> None:
    stream, feed = _Stream([2, 2]), make_feed(_Host(), _Stream([2, 2]), _spec())
    list(feed.epoch(1, 0))
    again = make_feed(_Host(), stream, _spec())
    again.load_state(feed.state())
    assert (again.steps_per_epoch, stream.loaded) == (2, {"seen": 3})
