"""How much is done in one call into a framework, where that is a matter of choice."""

from __future__ import annotations

LONGEST = 0.02
"""Seconds that a call should take: whoever asks for a pause waits for its end."""


class Pace:
    """How many steps to make, or batches to measure, in a call, from how long they have taken.

    Parameters
    ----------
    most : int
        Steps that a call can hold.

    Examples
    --------
    >>> pace = Pace(256)
    >>> pace.took(1, 0.001)
    >>> pace.steps
    2
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.steps = 1

    def took(self, steps: int, seconds: float) -> None:
        """Learn from a call; not from one that was short because the end of an epoch cut it short."""
        if steps < self.steps and seconds < LONGEST:
            return
        fitting = int(steps * LONGEST / max(seconds, 1e-9))
        # Step by step towards it: a first call, which compiles, says nothing of those to come.
        self.steps = max(1, min(fitting, 2 * steps, self.most))
