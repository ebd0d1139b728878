"""Wait for a condition, not for a time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

_LOOK = 0.005


def until(condition: Callable[[], object], timeout: float = 60.0) -> None:
    """Wait until a condition holds.

    Parameters
    ----------
    condition : callable
        Asked every few milliseconds.
    timeout : float, default 60
        Seconds after which the test fails.
    """
    deadline = time.monotonic() + timeout
    never = threading.Event()
    while not condition():
        assert time.monotonic() < deadline, f"still not true after {timeout} s"
        never.wait(_LOOK)
