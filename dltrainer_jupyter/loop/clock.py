"""How fast a run is and how long it has trained."""

from __future__ import annotations

import time

_MEMORY = 2.0
"""Seconds after which half of an old speed is forgotten."""


class Clock:
    """Counts training time, pauses left out, and the speed of the steps.

    Parameters
    ----------
    seconds : float, default 0
        Training time of earlier attempts.
    """

    def __init__(self, seconds: float = 0.0) -> None:
        self._before = seconds
        self._started: float | None = None
        self._marked_at = 0.0
        self._marked_step = 0
        self.steps_per_second: float | None = None

    def start(self, step: int) -> None:
        """Training begins, or goes on, at a step."""
        if self._started is None:
            self._started = self._marked_at = time.perf_counter()
            self._marked_step = step

    def stop(self) -> None:
        """Training rests."""
        if self._started is not None:
            self._before += time.perf_counter() - self._started
            self._started = None

    def skip(self, step: int) -> None:
        """Leave the time since the last mark out of the speed, because something else was done in it."""
        self._marked_at, self._marked_step = time.perf_counter(), step

    def mark(self, step: int) -> None:
        """Measure the speed since the last mark and blend it into the running value."""
        now = time.perf_counter()
        elapsed = now - self._marked_at
        if step <= self._marked_step or elapsed <= 0:
            return
        speed = (step - self._marked_step) / elapsed
        weight = 0.5 ** (elapsed / _MEMORY)
        before = self.steps_per_second
        self.steps_per_second = speed if before is None else weight * before + (1 - weight) * speed
        self._marked_at, self._marked_step = now, step

    @property
    def seconds(self) -> float:
        """Training time so far, pauses left out."""
        running = 0.0 if self._started is None else time.perf_counter() - self._started
        return self._before + running
