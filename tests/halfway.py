"""Hold a trainer in the middle of its run until a test has said what it wants of it."""

from __future__ import annotations

import contextlib
import itertools
import threading
from collections.abc import Iterator

import pytest

from dltrainer_jupyter.loop import loop

_PATIENCE = 60.0


@contextlib.contextmanager
def held_at_call(number: int) -> Iterator[threading.Event]:
    """Hold the trainer that begins meanwhile on a thread of this process, after so many calls of steps.

    What is asked of it meanwhile it obeys after the next call: however short the run is, and however late the test
    comes round to asking, the run is not over by then.

    Parameters
    ----------
    number : int
        After which call of one step (or several, where a framework makes several at once) it waits.

    Yields
    ------
    threading.Event
        Set once it waits; leaving the context lets it go on.
    """
    there, goes_on, calls = threading.Event(), threading.Event(), itertools.count(1)
    reach = loop.reach

    def reach_and_wait(name: str) -> None:
        reach(name)
        if name == "loop.flushed" and next(calls) == number:
            there.set()
            assert goes_on.wait(_PATIENCE)

    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(loop, "FLUSH_SECONDS", 0.0)
        monkeypatch.setattr(loop, "reach", reach_and_wait)
        try:
            yield there
        finally:
            goes_on.set()
