"""The workers of this process: one a framework, so that frameworks don't share a process, and few at a time."""

from __future__ import annotations

import threading
from collections import OrderedDict
from concurrent.futures import Future
from typing import Any

from dltrainer_jupyter.tal.apart.worker import Worker
from dltrainer_jupyter.tal.settings import settings

OTHERS = "other people's parts"
"""The worker that knows no framework, and imports what others have registered."""
_MOST_WARM = 3


class Workers:
    """Workers by name."""

    def __init__(self) -> None:
        self._workers: OrderedDict[str, Worker] = OrderedDict()
        self._lock = threading.Lock()

    def ask(self, name: str, errand: str, /, *, seconds: float | None = None, **arguments: Any) -> Future[Any]:
        """Send the worker of a framework on an errand; see :meth:`Worker.ask`.

        Parameters
        ----------
        name : str
            The worker's.
        errand : str
            What it is asked to do.
        seconds : float, optional
            How long it may take; ``predict_timeout`` of the settings if left out.
        **arguments
            What goes with it, JSON types.
        """
        with self._lock:
            worker = self._workers.pop(name, None) or Worker(name, settings.predict_idle)
            self._workers[name] = worker  # the newest one is last
            warm = [other for other in self._workers.values() if other is not worker and other.is_warm]
            for other in warm[: max(len(warm) + 1 - _MOST_WARM, 0)]:
                other.rest()
        return worker.ask(errand, arguments, settings.predict_timeout if seconds is None else seconds)

    def __getitem__(self, name: str) -> Worker:
        """Give a worker that was asked before."""
        return self._workers[name]

    def close(self) -> None:
        """Let all processes end, and wait for it."""
        with self._lock:
            threads = [worker.rest() for worker in self._workers.values()]
            self._workers.clear()
        for thread in threads:
            if thread is not None:
                thread.join()


workers = Workers()
"""Those of this process."""
