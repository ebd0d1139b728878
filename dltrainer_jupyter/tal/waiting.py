"""Wait for a run to end, without asking the store for more than it takes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from dltrainer_jupyter.core.records import RunRecord
from dltrainer_jupyter.core.states import ENDED
from dltrainer_jupyter.store.store import Store

_LOOK = 0.05
"""Seconds between two looks at the run's revision, which is cheap to read."""
_LOOK_WHETHER_ALIVE = 0.5
"""Seconds between two looks at its trainer."""

Sequel = Callable[[Store, str], None]
"""Waits until something that follows the end of a run is done."""
_sequels: list[Sequel] = []


def wait_also_for(sequel: Sequel) -> None:
    """Have whoever waits for the end of a run wait for something else that follows from it, such as its picture.

    Parameters
    ----------
    sequel : callable
        Called with the store and the id of a run that has ended; returns when nothing is to be waited for any more.
    """
    _sequels.append(sequel)


def ended(store: Store, run_id: str, timeout: float | None) -> RunRecord:
    """Wait until a run has ended, and for what follows from that.

    Parameters
    ----------
    store : Store
        Where the run is.
    run_id : str
        Which run.
    timeout : float or None
        Seconds to wait; None for ever.

    Returns
    -------
    RunRecord
        As it ended.

    Raises
    ------
    TimeoutError
        If it took longer.
    """
    deadline = float("inf") if timeout is None else time.monotonic() + timeout
    never = threading.Event()
    while True:
        # Read before the row: what changes in between is seen the next time.
        revision = store.revision(run_id)
        store.reap()
        record = store.run(run_id)
        if record.state in ENDED:
            for sequel in _sequels:
                sequel(store, run_id)
            return record
        now = time.monotonic()
        if now >= deadline:
            msg = f"Run '{record.name}' is still {record.state} after {timeout} s; it goes on."
            raise TimeoutError(msg)
        look_again = min(now + _LOOK_WHETHER_ALIVE, deadline)
        while time.monotonic() < look_again and store.revision(run_id) == revision:
            never.wait(_LOOK)
