"""What is known of data that configurations name: a worker's process looks, once for the same settings and files."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from concurrent.futures import Future
from typing import Any

from dltrainer_jupyter.core.errors import ConfigurationError, WorkerBusyError, WorkerTimeoutError

SECONDS = 30.0
"""How long a worker may look, beside a training that takes all cores."""
_BEGINNING = 120.0
"""How long it may take to start a worker and import what reads data, for which nobody waits yet."""
_REST = 60.0
"""Seconds after which what took too long is looked at again: the machine may have had other things to do."""
_WORKER = "looking at data"
_MOST = 64
_EXAMPLE = "digits"
"""What a new run begins with, so that its answer is often the one that is wanted next."""


class _Look:
    """A look at data, and when it ended."""

    def __init__(self, found: Future[Any]) -> None:
        self.found = found
        self._ended = 0.0
        found.add_done_callback(self._end)

    def _end(self, _found: Future[Any]) -> None:
        self._ended = time.monotonic()

    @property
    def is_to_be_asked_again(self) -> bool:
        """Whether that may bring something else: a worker that ended said nothing of the data."""
        if not self.found.done():
            return False
        error = self.found.exception()
        if isinstance(error, WorkerTimeoutError):
            return time.monotonic() - self._ended > _REST
        return error is not None and not isinstance(error, ConfigurationError)


class Glimpses:
    """The last few answers, by what was asked."""

    def __init__(self) -> None:
        self._found: OrderedDict[str, _Look] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, settings: Mapping[str, Any], seconds: float = SECONDS) -> Future[Any]:
        """Give what is known of a configuration's data, or will be.

        Parameters
        ----------
        settings : mapping
            Of the configuration.
        seconds : float, default 30
            How long it may take; what took longer is looked at again a minute after that at the earliest.

        Returns
        -------
        concurrent.futures.Future
            What :func:`dltrainer_jupyter.tal.glimpse.document` gives, or the error that says why nobody knows.

        Raises
        ------
        WorkerBusyError
            If too many wait for the worker already.
        """
        from dltrainer_jupyter.tal import glimpse
        from dltrainer_jupyter.tal.apart.workers import workers

        said = json.dumps({key: settings[key] for key in glimpse.SAYING if key in settings}, default=str)
        key = json.dumps([said, glimpse.stamps(settings.get("data"))])
        with self._lock:
            look = self._found.pop(key, None)
            if look is None or look.is_to_be_asked_again:
                look = _Look(workers.ask(_WORKER, "glimpse", seconds=seconds, settings=json.loads(said)))
            self._found[key] = look
            while len(self._found) > _MOST:
                self._found.popitem(last=False)
        return look.found

    def prepare(self) -> None:
        """Have a worker ready before it is asked: to start one and import what reads data takes seconds."""
        with contextlib.suppress(WorkerBusyError):
            self.of({"data": _EXAMPLE}, _BEGINNING)


glimpses = Glimpses()
"""Those of this process."""
