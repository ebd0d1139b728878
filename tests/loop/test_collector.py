"""What waits on the device is brought to the host before it is much."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dltrainer_jupyter.core.protocols import StepOutput
from dltrainer_jupyter.loop import collector
from dltrainer_jupyter.loop.collector import Collector, bytes_of


class _Tensor:
    """Tells shape and dtype alone, as TensorFlow's does."""

    class dtype:  # noqa: N801 - that's how it is called
        size = 4

    def __init__(self, *shape: int | None) -> None:
        self.shape = shape


@pytest.mark.parametrize(
    ("value", "taken"),
    [
        (None, 0),
        ("something", 0),
        (np.zeros((3, 2), np.int64), 48),
        (_Tensor(3, 2), 24),
        (_Tensor(), 4),
        (_Tensor(3, None), 12),
        ({"a": _Tensor(3), "b": [np.zeros(2), (_Tensor(1), None)]}, 12 + 16 + 4),
    ],
)
def test_a_tensor_or_a_structure_of_them_tells_its_bytes(value: Any, taken: int) -> None:
    assert bytes_of(value) == taken


def _added(outputs: list[StepOutput], *, deferred: bool = True) -> list[bool]:
    """Add outputs, and take them when it is time; say when that was."""
    made, times = Collector(None, [], deferred=deferred), []  # type: ignore[arg-type]
    for output in outputs:
        times.append(made.add(output))
        if times[-1]:
            made.take()
    return times


def _of(numbers: int) -> StepOutput:
    return StepOutput(None, _Tensor(numbers, 2), np.zeros(numbers, np.int64), numbers)


def test_all_that_waits_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """However small the first output is, and anew after each time."""
    monkeypatch.setattr(collector, "_MOST_BYTES", 16 * 12)
    assert _added([_of(1), _of(4), _of(7), _of(2), _of(9), _of(20)]) == [False, False, True, False, False, True]


def test_small_outputs_wait_until_there_are_many() -> None:
    assert _added([_of(1)] * 512) == ([False] * 255 + [True]) * 2


def test_nothing_waits_where_that_is_not_wanted() -> None:
    assert _added([_of(1)] * 3, deferred=False) == [True] * 3
