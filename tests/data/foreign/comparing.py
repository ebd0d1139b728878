"""Batches as bytes, so that they can be compared bit by bit."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from dltrainer_jupyter.core.structures import leaves
from dltrainer_jupyter.data.foreign.stream import ForeignStream
from dltrainer_jupyter.data.foreign.structure import to_numpy


def bits(batches: Iterable[Any]) -> list[bytes]:
    """Give every batch as bytes."""
    return [b"".join(to_numpy(leaf).tobytes() for leaf in leaves(batch)) for batch in batches]


def taken_up(stream: ForeignStream, again: ForeignStream, epoch: int, consumed: int) -> list[bytes]:
    """Consume some batches of an epoch, move the state to another stream, and give the rest of the epoch from there."""
    batches = stream.epoch(epoch, 0)
    for _ in range(consumed):
        next(batches)
    again.load_state(stream.state())
    return bits(again.epoch(epoch, consumed))
