"""Threads that answer requests: the kernel's own threads only hand them over."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable


class Lane:
    """Runs jobs one after another on a thread of its own, which is there only while there is work.

    The threads are daemons: a process that ends doesn't wait for a prediction nobody will see. (Those of
    ``concurrent.futures`` are waited for before trainers may write their last checkpoint.)

    Parameters
    ----------
    name : str
        Of the thread.
    patience : float, default 10
        Seconds without work after which the thread ends.
    """

    def __init__(self, name: str, patience: float = 10.0) -> None:
        self._name = name
        self._patience = patience
        self._jobs: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def submit(self, job: Callable[[], None]) -> None:
        """Have a job done after those submitted before it. A job must not raise."""
        with self._lock:
            self._jobs.put(job)
            # A thread that ended by a job's exception is replaced.
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._work, name=f"dltrain-{self._name}", daemon=True)
                self._thread.start()

    def _work(self) -> None:
        while True:
            try:
                job = self._jobs.get(timeout=self._patience)
            except queue.Empty:
                with self._lock:
                    # Whatever was submitted before the lock was taken is still in the queue.
                    if self._jobs.empty():
                        self._thread = None
                        return
                continue
            job()


_lanes: dict[str, Lane] = {}
_lock = threading.Lock()


def lane(name: str) -> Lane:
    """Give this process's lane of a name."""
    with _lock:
        return _lanes.setdefault(name, Lane(name))
