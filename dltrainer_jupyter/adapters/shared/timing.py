"""How long layers take: several passes within a bound of time, and the median of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from statistics import median

MOST_PASSES = 5


def medians(one_pass: Callable[[], Mapping[str, float]], seconds: float) -> dict[str, float]:
    """Time passes until there are five, or the time is up.

    Parameters
    ----------
    one_pass : callable
        Makes one, and gives seconds by name. The first isn't counted: it is slower, as it prepares what later ones
        find.
    seconds : float
        Bound of all of them; one is counted at least.

    Returns
    -------
    dict of str to float
        Milliseconds, the median of the passes.
    """
    began = time.perf_counter()
    one_pass()
    taken: dict[str, list[float]] = {}
    for _ in range(MOST_PASSES):
        for name, spent in one_pass().items():
            taken.setdefault(name, []).append(spent)
        if time.perf_counter() - began >= seconds:
            break
    return {name: 1000 * median(spent) for name, spent in taken.items()}
