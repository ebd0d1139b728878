"""Trying again after a fault that may pass: which faults these are, and waiting for them to."""

from __future__ import annotations

import errno
import time
from collections.abc import Iterator

from dltrainer_jupyter.checkpoints.place import PlaceError
from dltrainer_jupyter.core.errors import StaleAttemptError, StoreError
from dltrainer_jupyter.core.records import ControlRecord
from dltrainer_jupyter.core.states import State, Verb
from dltrainer_jupyter.core.supervision import RetrySpec
from dltrainer_jupyter.loop.doorbell import Doorbell
from dltrainer_jupyter.store.attempts import Attempt

_LONGEST = 3600.0
"""Seconds beyond which a wait doesn't grow."""
_PASSING = frozenset(
    number
    for name in (
        *("EAGAIN", "EBUSY", "EINTR", "EIO", "EREMOTEIO", "ESTALE", "ETIMEDOUT"),
        *("ECONNABORTED", "ECONNREFUSED", "ECONNRESET", "EHOSTDOWN", "EHOSTUNREACH"),
        *("ENETDOWN", "ENETRESET", "ENETUNREACH", "ENOTCONN"),
    )
    if (number := getattr(errno, name, None)) is not None
)
"""Errors of disks and networks that are not the user's: a missing file stays missing."""
_AWAY = (ConnectionError, TimeoutError, PlaceError)
_MEMORY = frozenset({"MemoryError", "OutOfMemoryError", "ResourceExhaustedError"})
_MEMORY_WORDS = ("RESOURCE_EXHAUSTED", "out of memory")


def faults(error: BaseException) -> set[str]:
    """Name what an error is: groups of faults, and its classes.

    Examples
    --------
    >>> sorted(faults(ConnectionResetError()) & {"store", "data", "memory", "ConnectionError"})
    ['ConnectionError', 'data']
    """
    names: set[str] = set()
    for each in _causes(error):
        classes = {kind.__name__ for kind in type(each).__mro__}
        names |= classes - {"BaseException", "object"}
        if isinstance(each, StoreError):
            names.add("store")
        elif isinstance(each, ConnectionError | TimeoutError | PlaceError) or (
            isinstance(each, OSError) and each.errno in _PASSING
        ):
            names.add("data")
        if classes & _MEMORY or any(word in str(each) for word in _MEMORY_WORDS):
            names.add("memory")
    return names


def _causes(error: BaseException) -> Iterator[BaseException]:
    current: BaseException | None = error
    while current is not None:
        yield current
        # What the store's own error comes from says nothing of the data.
        current = None if isinstance(current, StoreError) else current.__cause__


class Retries:
    """Counts how often a run has tried again, and says how long it waits before it does once more.

    Parameters
    ----------
    spec : RetrySpec
        How often, and after which faults.
    """

    def __init__(self, spec: RetrySpec) -> None:
        self._spec = spec
        self._furthest = -1
        self.made = 0

    @property
    def times(self) -> int:
        """How often it may try again in a row."""
        return self._spec.times

    def wait_after(self, error: BaseException, step: int | None) -> float | None:
        """Decide about an error.

        Parameters
        ----------
        error : BaseException
            What ended the trainer.
        step : int or None
            How far it had come; further than before, it counts from the beginning again.

        Returns
        -------
        float or None
            Seconds to wait before the next try; None if there is none.
        """
        if isinstance(error, StaleAttemptError) or not faults(error).intersection(self._spec.on):
            return None
        if step is not None and step > self._furthest:
            self._furthest, self.made = step, 0
        if self.made >= self._spec.times:
            return None
        self.made += 1
        return min(self._spec.wait_seconds * 2.0 ** (self.made - 1), _LONGEST)


def rest(attempt: Attempt, bell: Doorbell, seconds: float) -> tuple[State, ControlRecord | None] | None:
    """Wait, unless somebody wants something else.

    Returns
    -------
    (State, ControlRecord or None) or None
        How the run is to be left, and who asked for it; None to try again, for which ``resume`` asks at once.

    Raises
    ------
    StaleAttemptError
        If another trainer has claimed the run.
    """
    end = time.monotonic() + seconds
    while True:
        bell.clear()
        if bell.superseded:
            msg = "Another trainer has claimed this run; this one ends without writing."
            raise StaleAttemptError(msg)
        for control in _asked(attempt):
            if control.kind == Verb.RESUME:
                return None
            if control.kind in _LEAVING:
                return _LEAVING[control.kind], control
        if bell.suspend:
            return State.SUSPENDED, None
        if (left := end - time.monotonic()) <= 0:
            return None
        bell.wait(left)


_LEAVING: dict[str, State] = {Verb.STOP: State.STOPPED, Verb.SUSPEND: State.SUSPENDED}


def _asked(attempt: Attempt) -> list[ControlRecord]:
    try:
        return attempt.pending_controls()
    except StoreError:
        # It may be what is waited for.
        return []
