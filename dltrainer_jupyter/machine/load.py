"""How busy processors are and how much memory is taken, by the machine as a whole or by this process."""

from __future__ import annotations

import functools
import os
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from dltrainer_jupyter.core.containers import memory_limit, processor_limit

_LEAST = 0.2
"""Seconds between two readings of processor time; over less the kernel's own steps would show."""
_CHILDREN = 10.0
"""Seconds after which a process looks for its children anew: to find them, all of the machine's are gone through."""


def cores() -> float:
    """Tell how many cores this process may use, a share of one included."""
    limit = processor_limit()
    there = len(_processors())
    return min(limit.cores, there) if limit else float(there)


def memory() -> tuple[int, int]:
    """Tell how much memory is taken, and how much there is, in bytes."""
    import psutil

    there = psutil.virtual_memory()
    limit = memory_limit()
    if limit is None or limit.total_bytes >= there.total:
        return there.total - there.available, there.total
    return limit.used_bytes(), limit.total_bytes


class Load:
    """Share of the cores that was busy since the last look.

    Parameters
    ----------
    used_seconds : callable
        Gives the processor time taken so far, in seconds of one core.
    """

    def __init__(self, used_seconds: Callable[[], float]) -> None:
        self._used_seconds = used_seconds
        self._cores = cores()
        self._lock = threading.Lock()
        self._at, self._used = time.monotonic(), used_seconds()
        self._percent = 0.0

    def percent(self) -> float:
        """Give it in percent of all cores together; whoever looks again at once gets what the last one got."""
        with self._lock:
            now = time.monotonic()
            if now - self._at >= _LEAST:
                used = self._used_seconds()
                share = (used - self._used) / ((now - self._at) * self._cores)
                self._percent = 100 * min(max(share, 0.0), 1.0)
                self._at, self._used = now, used
            return self._percent


def machine_seconds() -> float:
    """Give the processor time that everybody who shares our cores has taken."""
    import psutil

    limit = processor_limit()
    ours = _processors()
    if limit is not None and limit.cores < len(ours):
        return limit.used_seconds()
    times = psutil.cpu_times(percpu=True)
    return sum(_busy(times[number]) for number in ours if number < len(times))


def _busy(times: Any) -> float:
    # Guests' time is within that of users, and whoever waits for a disk leaves the processor alone.
    idle = times.idle + getattr(times, "iowait", 0.0)
    guests = getattr(times, "guest", 0.0) + getattr(times, "guest_nice", 0.0)
    return float(sum(times) - idle - guests)


def _processors() -> list[int]:
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


class ProcessTree:
    """The process that asks and its children, such as the workers of a loader."""

    def __init__(self) -> None:
        import psutil

        self._me = psutil.Process()
        self._children: list[Any] = []
        self._looked_at = -_CHILDREN

    def used_seconds(self) -> float:
        """Give the processor time they have taken."""
        # What children that are gone have taken is their parent's.
        return float(sum(sum(times[:4]) for times in self._each("cpu_times")))

    def memory_bytes(self) -> int:
        """Give the memory they take; what they share counts for each."""
        return sum(memory.rss for memory in self._each("memory_info"))

    def _each(self, reading: str) -> Iterator[Any]:
        import psutil

        if (now := time.monotonic()) - self._looked_at >= _CHILDREN:
            self._looked_at = now
            self._children = self._me.children(recursive=True)
        for process in (self._me, *self._children):
            try:
                yield getattr(process, reading)()
            except (psutil.NoSuchProcess, psutil.AccessDenied):
                continue


@functools.cache
def machine() -> Load:
    """Give the load of the machine, one for everybody in this process who asks."""
    return Load(machine_seconds)
