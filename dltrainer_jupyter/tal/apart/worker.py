"""A worker: those who wait for it are served one after the other, by a process that is there while it is needed."""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from dltrainer_jupyter.core.errors import DLTrainerError, WorkerBusyError, WorkerDiedError
from dltrainer_jupyter.tal.apart.child import Child
from dltrainer_jupyter.tal.apart.failures import raised

_MOST_WAITING = 8


@dataclass
class _Request:
    line: bytes
    seconds: float
    answer: Future[Any] = field(default_factory=Future)


class Worker:
    """Answers requests one after the other.

    Its process starts with the first request, and anew after one that ended it. A thread talks with it, so that nobody
    who asks waits in a thread of theirs.

    Parameters
    ----------
    name : str
        Such as the framework, for messages.
    idle : float
        Seconds without a request after which the process ends.
    """

    def __init__(self, name: str, idle: float) -> None:
        self.name = name
        self._idle = idle
        self._changed = threading.Condition()
        self._waiting: deque[_Request] = deque()
        self._thread: threading.Thread | None = None
        self._is_to_rest = False
        self._child: Child | None = None

    @property
    def is_warm(self) -> bool:
        """Whether it has a process, or is about to."""
        return self._thread is not None

    @property
    def pid(self) -> int | None:
        """Number of its process, while there is one."""
        child = self._child
        return None if child is None else child.pid

    def ask(self, errand: str, arguments: Mapping[str, Any], seconds: float) -> Future[Any]:
        """Send it on an errand.

        Parameters
        ----------
        errand : str
            Which; see :mod:`dltrainer_jupyter.tal.apart.errands`.
        arguments : mapping
            What goes with it, JSON types.
        seconds : float
            How long it may take once it has begun.

        Returns
        -------
        concurrent.futures.Future
            The answer, JSON types, or the error.

        Raises
        ------
        WorkerBusyError
            If too many wait already.
        """
        line = json.dumps({"errand": errand, "arguments": arguments, "seconds": seconds}).encode()
        request = _Request(line, seconds)
        with self._changed:
            if len(self._waiting) >= _MOST_WAITING:
                msg = f"{_MOST_WAITING} requests wait for the worker of {self.name} already; ask again in a moment."
                raise WorkerBusyError(msg)
            self._waiting.append(request)
            self._is_to_rest = False
            if self._thread is None:
                self._thread = threading.Thread(target=self._serve, name=f"dltrainer-{self.name}", daemon=True)
                self._thread.start()
            self._changed.notify_all()
        return request.answer

    def rest(self) -> threading.Thread | None:
        """Let the process end as soon as those who wait are served; give the thread that sees to it."""
        with self._changed:
            self._is_to_rest = True
            self._changed.notify_all()
            return self._thread

    def _serve(self) -> None:
        while (request := self._next()) is not None:
            if request.answer.set_running_or_notify_cancel():
                self._answer(request)

    def _next(self) -> _Request | None:
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._is_to_rest, timeout=self._idle)
            if self._waiting:
                return self._waiting.popleft()
            self._thread = None
            self._end_child()
            return None

    def _answer(self, request: _Request) -> None:
        try:
            reply = json.loads(self._ready_child().ask(request.line, request.seconds))
            if "error" in reply:
                raise raised(reply["error"])  # noqa: TRY301 - one way for every error to whoever waits
        except DLTrainerError as error:
            request.answer.set_exception(error)
        except OSError as error:
            msg = f"A process that answers could not be started: {error.strerror or error}."
            request.answer.set_exception(WorkerDiedError(msg))
        except Exception as error:  # noqa: BLE001 - a fault of ours; whoever waits has to be told
            request.answer.set_exception(error)
        else:
            request.answer.set_result(reply["answer"])

    def _ready_child(self) -> Child:
        if self._child is not None and not self._child.is_usable:
            self._end_child()
        if self._child is None:
            self._child = Child()
        return self._child

    def _end_child(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            child.end()
