"""The one thing a trainer looks at after every step, or every call that makes several."""

from __future__ import annotations

import threading


class Doorbell:
    """Rung when there may be something to obey; what it is stands in the store, or in the attributes here.

    Attributes
    ----------
    rung : bool
        Read by the loop as often as that, at the cost of one attribute.
    suspend : bool
        The place where the trainer runs is going away: write a checkpoint and leave.
    superseded : bool
        Another trainer has claimed the run: leave without writing.
    trouble : str or None
        Something outside the training went wrong, such as a full disk: pause, with this reason.
    """

    def __init__(self) -> None:
        self.rung = False
        self.suspend = False
        self.superseded = False
        self.trouble: str | None = None
        self._condition = threading.Condition()

    def ring(self) -> None:
        """Ask the loop to look, from any thread."""
        with self._condition:
            self.rung = True
            self._condition.notify_all()

    def clear(self) -> None:
        """Note that the loop is looking now; a later ring counts again."""
        with self._condition:
            self.rung = False

    def wait(self, timeout: float | None = None) -> None:
        """Sleep until it is rung, using no CPU; at most so many seconds, for ever by default."""
        with self._condition:
            self._condition.wait_for(lambda: self.rung, timeout)
