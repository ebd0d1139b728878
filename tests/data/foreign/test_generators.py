"""Functions, iterables and generators."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from dltrainer_jupyter.core.errors import ConfigurationError
from tests.data.foreign.comparing import bits, taken_up
from tests.data.foreign.conftest import Load, Open

Pair = tuple[np.ndarray, np.ndarray]


def five() -> Iterator[Pair]:
    """Five batches, always the same."""
    for number in range(5):
        yield np.full((4, 3), number, np.float32), np.arange(4) % 2


def endless() -> Iterator[Pair]:
    """No end."""
    number = 0
    while True:
        yield np.full((4, 3), number, np.float32), np.arange(4) % 2
        number += 1


def drawn() -> Iterator[Pair]:
    """Batches of a global generator."""
    for _ in range(5):
        yield np.full((4, 3), random.random(), np.float32), np.arange(4) % 2


def numbers(batches: Any) -> list[int]:
    return [int(x[0, 0]) for x, _ in batches]


class Again:
    """Can be iterated again and again."""

    def __iter__(self) -> Iterator[Pair]:
        return five()

    def __len__(self) -> int:
        return 5


@pytest.mark.parametrize("data", [five, Again()])
def test_an_epoch_is_read_again(opened: Open, data: Any) -> None:
    stream, again = opened(data), opened(data)
    assert taken_up(stream, again, 2, 2) == bits(five())[2:]
    assert (again.resume, again.inexact_because()) == ("replay", None)


def test_who_knows_the_length_of_an_epoch_tells(opened: Open) -> None:
    assert opened(five).steps_per_epoch is None
    assert opened(Again()).steps_per_epoch == 5


def test_looking_at_the_first_batch_consumes_nothing(opened: Open) -> None:
    stream = opened((batch for batch in five()), epochs=1)
    assert numbers([stream.first]) == [0]
    assert numbers([next(stream.epoch(1, 0))]) == [0]
    assert numbers(stream.epoch(1, 0)) == [0, 1, 2, 3, 4]


def test_epochs_of_a_long_loader_follow_one_another(opened: Open) -> None:
    stream = opened(endless, steps_per_epoch=3)
    assert [numbers(stream.epoch(epoch, 0)) for epoch in (1, 2)] == [[0, 1, 2], [3, 4, 5]]
    again = opened(endless, steps_per_epoch=3)
    batches = stream.epoch(3, 0)
    next(batches)
    again.load_state(stream.state())
    assert numbers(again.epoch(3, 1)) == [7, 8]
    assert again.inexact_because() is None


def test_epochs_longer_than_a_pass_begin_the_next_one(opened: Open) -> None:
    stream = opened(five, steps_per_epoch=7)
    assert numbers(stream.epoch(1, 0)) == [0, 1, 2, 3, 4, 0, 1]
    assert numbers(stream.epoch(2, 0)) == [2, 3, 4, 0, 1, 2, 3]
    again = opened(five, steps_per_epoch=7)
    again.load_state(stream.state())
    assert numbers(again.epoch(3, 0)) == [4, 0, 1, 2, 3, 4, 0]
    assert again.inexact_because() is None


def test_what_epochs_follow_one_another_through_is_read_once(opened: Open) -> None:
    read: list[int] = []

    def counted() -> Iterator[Pair]:
        for number, batch in enumerate(endless()):
            read.append(number)
            yield batch

    stream = opened(counted, steps_per_epoch=3)
    for epoch in (1, 2, 3):
        list(stream.epoch(epoch, 0))
    assert read == list(range(9))


def test_other_batches_are_found_out_at_the_end_of_an_epoch_too(opened: Open) -> None:
    stream, again = opened(drawn, steps_per_epoch=2), opened(drawn, steps_per_epoch=2)
    list(stream.epoch(1, 0))
    again.load_state(stream.state())
    list(again.epoch(2, 0))
    assert again.inexact_because() == "the loader gave other batches when the epoch was read again"


def test_a_batch_whose_memory_is_used_again_stays_what_it_was(opened: Open) -> None:
    def reusing() -> Iterator[Pair]:
        memory = np.empty((4, 3), np.float32)
        for number in range(3):
            memory[:] = number
            yield memory, np.arange(4) % 2

    assert numbers(list(opened(reusing).epoch(1, 0))) == [0, 1, 2]


def test_draws_from_shared_generators_are_found_out(opened: Open) -> None:
    again = opened(drawn)
    taken_up(opened(drawn), again, 1, 2)
    assert again.inexact_because() == "the loader gave other batches when the epoch was read again"


def test_in_a_process_of_its_own_a_function_has_generators_of_its_own(opened: Open) -> None:
    before = random.getstate()
    stream, again = opened(drawn, alone=True), opened(drawn, alone=True)
    random.seed(1)
    between = random.getstate()
    assert taken_up(stream, again, 2, 2) == bits(stream.epoch(2, 0))[2:]
    assert again.inexact_because() is None
    assert random.getstate() == between != before


def test_a_generator_gives_its_batches_once_and_says_so(opened: Open) -> None:
    stream = opened(endless(), steps_per_epoch=2)
    assert numbers(stream.epoch(1, 0)) + numbers(stream.epoch(2, 0)) == [0, 1, 2, 3]
    assert (stream.resume, stream.inexact_because()) == ("epoch", "a generator gives its batches only once")


def test_a_generator_taken_up_after_an_epoch_loses_no_batch(opened: Open) -> None:
    generator = endless()
    stream = opened(generator, steps_per_epoch=2)
    list(stream.epoch(1, 0))
    again = opened(generator, steps_per_epoch=2)
    again.load_state(stream.state())
    assert numbers(again.epoch(2, 0)) + numbers(again.epoch(3, 0)) == [2, 3, 4, 5]


def test_a_generator_that_runs_dry_is_refused_in_one_sentence(opened: Open) -> None:
    stream = opened(five(), steps_per_epoch=3)
    list(stream.epoch(1, 0))
    with pytest.raises(ConfigurationError, match="the generator has run dry; pass the function that makes it"):
        list(stream.epoch(2, 0))


def test_a_generator_needs_to_know_what_an_epoch_is(load: Load) -> None:
    with pytest.raises(ConfigurationError, match="gives its batches once, and 3 epochs need them as often"):
        load(five())
    with pytest.raises(ConfigurationError, match="validation: a generator gives its batches only once"):
        load((five, five()))


@pytest.mark.parametrize("data", [lambda: iter(()), lambda: 3])
def test_a_function_that_gives_no_batches_is_refused(load: Load, data: Any) -> None:
    with pytest.raises(ConfigurationError, match="gave no batch at all|an iterator of batches, got int"):
        load(data)
