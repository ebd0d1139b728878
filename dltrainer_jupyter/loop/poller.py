"""A helper thread that looks at the store, so that the step doesn't have to."""

from __future__ import annotations

import logging
import threading
import time
from types import TracebackType
from typing import Self

from dltrainer_jupyter.core.errors import StaleAttemptError, StoreError
from dltrainer_jupyter.loop.doorbell import Doorbell
from dltrainer_jupyter.store.attempts import Attempt

_LOG = logging.getLogger(__name__)

INTERVAL = 0.025
"""Seconds between two looks at the controls."""
HEARTBEAT = 10.0
"""Seconds between two signs of life."""


class Poller:
    """Rings the doorbell when a control waits in the store, and keeps the attempt's heartbeat.

    Parameters
    ----------
    attempt : Attempt
        Whose controls to look for.
    bell : Doorbell
        What to ring.
    """

    def __init__(self, attempt: Attempt, bell: Doorbell) -> None:
        self._attempt = attempt
        self._bell = bell
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, name=f"dltrain-poll-{attempt.run_id}", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        next_heartbeat = time.monotonic() + HEARTBEAT
        in_reach = True
        while not self._done.wait(INTERVAL):
            try:
                if self._attempt.pending_controls():
                    self._bell.ring()
                if time.monotonic() >= next_heartbeat:
                    self._attempt.heartbeat()
                    next_heartbeat = time.monotonic() + HEARTBEAT
                in_reach = True
            except StaleAttemptError:
                self._bell.superseded = True
                self._bell.ring()
                return
            except StoreError as error:
                # The training goes on without its controls; they are obeyed when the store is back.
                if in_reach:
                    _LOG.warning("The store can't be read just now: %s", error)
                in_reach = False
