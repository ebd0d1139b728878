"""How many steps a call makes."""

from __future__ import annotations

from dltrainer_jupyter.loop.stepping import Pace


def test_the_pace_comes_to_what_fits_step_by_step() -> None:
    """With steps of 0.1 ms and calls of 20 ms it doubles from one step to two hundred."""
    pace, paces = Pace(1000), []
    for _ in range(10):
        paces.append(pace.steps)
        pace.took(pace.steps, pace.steps * 0.0001)
    assert paces == [1, 2, 4, 8, 16, 32, 64, 128, 200, 200]


def test_a_call_holds_no_more_than_it_can() -> None:
    pace = Pace(16)
    for _ in range(10):
        pace.took(pace.steps, 0.0)
    assert pace.steps == 16


def test_a_call_that_took_long_slows_down_at_once() -> None:
    """Such as one beside a process that has begun to use the same core."""
    pace = Pace(1000)
    for _ in range(8):
        pace.took(pace.steps, pace.steps * 0.0001)
    pace.took(128, 128 * 0.01)
    assert pace.steps == 2
    pace.took(2, 1.0)
    assert pace.steps == 1


def test_the_end_of_an_epoch_says_nothing_of_the_pace() -> None:
    pace = Pace(1000)
    for _ in range(8):
        pace.took(pace.steps, pace.steps * 0.0001)
    before = pace.steps
    pace.took(3, 3 * 0.0001)
    assert pace.steps == before
