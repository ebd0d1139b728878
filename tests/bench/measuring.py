"""Time per step from outside: two lengths of the same training, subtracted."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence

CLOCKS: dict[str, Callable[[], float]] = {"wall": time.perf_counter, "cpu": time.process_time}
"""The clock on the wall is what counts; the processor time of all threads says more on a machine that others use."""


def seconds_of(work: Callable[[], object], clock: str = "wall") -> float:
    """Time one call."""
    now = CLOCKS[clock]
    began = now()
    work()
    return now() - began


def microseconds_per_step(
    train: Callable[[int], object], epochs: tuple[int, int], steps_per_epoch: int, clock: str = "wall"
) -> float:
    """Time a training of so many epochs from outside, twice, and take the steps that one has more.

    What it costs to begin and to end is the same in both and cancels; whatever else a training does is in it.

    Parameters
    ----------
    train : callable
        Trains from the start for so many epochs, and returns when all of it is done.
    epochs : (int, int)
        The two lengths, the short one first.
    steps_per_epoch : int
        Steps of an epoch.
    clock : {"wall", "cpu"}
        What is read.
    """
    short, long = epochs
    # Imports, compilers' caches and memory pools belong to nobody's step.
    train(short)
    times = [seconds_of(lambda length=length: train(length), clock) for length in (short, long)]
    return per_step(times[0], times[1], (long - short) * steps_per_epoch)


def per_step(short: float, long: float, more: int) -> float:
    """Give the microseconds of a step.

    Parameters
    ----------
    short, long : float
        Seconds of a short and of a long training.
    more : int
        Steps that the long one has more.

    Raises
    ------
    ValueError
        If the long one was over sooner: noise was all that was measured.
    """
    if more < 1:
        msg = f"expected a second length with more steps than the first, got {more} more"
        raise ValueError(msg)
    if long <= short:
        msg = f"the long training took {long:.2f} s, the short one {short:.2f} s: make the long one longer (--length)"
        raise ValueError(msg)
    return 1e6 * (long - short) / more


def ratio_of_medians(theirs: Sequence[float], ours: Sequence[float]) -> float:
    """Say how many times longer theirs takes than ours."""
    return statistics.median(theirs) / statistics.median(ours)


def p95(values: Sequence[float]) -> float:
    """Give the value that one in twenty exceeds."""
    return statistics.quantiles(values, n=20)[-1]
