"""The relay's process: ``python -m dltrainer_jupyter.relay [--once] RUN``, in the store that the environment names.

It sends a run to all its trackers, one thread each, so that one that doesn't answer is in nobody's way. With ``--once``
it sends what is left over, and leaves at the first trouble.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import threading
import time
from collections.abc import Sequence

import psutil

from dltrainer_jupyter.core.errors import DLTrainerError, RunNotFoundError, StaleRelayError, StoreError
from dltrainer_jupyter.executors import notifying
from dltrainer_jupyter.relay.following import Following
from dltrainer_jupyter.store.reaping import HELD
from dltrainer_jupyter.store.store import Store
from dltrainer_jupyter.store.tracking import LEASE

_LOG = logging.getLogger(__name__)

_LOOK = 0.2
"""Seconds between two looks at the threads."""
_REAP = 2.0
"""Seconds between two looks at whether trainers have died."""
_RENEW = LEASE.total_seconds() / 3
_HANGING = 300.0
"""Seconds after which a tracker that doesn't let go is left alone, once nothing more is to come."""
_NICE = 10


def main(arguments: Sequence[str]) -> int:
    """Send a run to its trackers; return when all has arrived, or nothing can be done about the rest.

    Returns
    -------
    int
        1 if something went wrong that nobody has foreseen.
    """
    once = "--once" in arguments
    run_id = arguments[-1]
    starter = psutil.Process().parent()
    _be_in_nobodys_way()
    store = Store.open(os.environ["DLTRAINER_STORE"])
    telling: list[threading.Thread | None] = []
    store.when_lost = lambda lost: telling.append(notifying.tell(store, lost))
    left = [record.name for record in store.tracking(run_id) if not once or record.state != "delivered"]
    followed = [Following(store, run_id, name, once=once) for name in left]
    for following in followed:
        following.thread.start()
    _watch(store, run_id, followed, starter)
    for thread in telling:
        if thread is not None:
            thread.join()
    return int(any(following.is_broken for following in followed))


def _watch(store: Store, run_id: str, followed: Sequence[Following], starter: psutil.Process | None) -> None:
    """Keep the right to send, and notice when trainers die, until everybody has left."""
    never = threading.Event()
    renewed = reaped = time.monotonic()
    while alive := [following for following in followed if following.thread.is_alive()]:
        now = time.monotonic()
        if now - renewed > _RENEW:
            renewed = now
            for following in alive:
                _renew(following)
        if now - reaped > _REAP:
            reaped = now
            is_over = _is_over(store, run_id, starter)
            for following in alive:
                following.notice(is_over=is_over)
        if all(following.overdue > _HANGING for following in alive):
            _LOG.warning("Trackers that don't let go are left alone.")
            return
        never.wait(_LOOK)


def _is_over(store: Store, run_id: str, starter: psutil.Process | None) -> bool:
    """Tell whether nothing more is to come of a run; sees to it that a dead trainer's run isn't waited for."""
    try:
        store.reap()
        return store.run(run_id).state not in HELD
    except RunNotFoundError:
        return True
    except StoreError:
        # A store that is away comes back, unless whoever worked with it has gone, too.
        return starter is None or not starter.is_running()


def _renew(following: Following) -> None:
    hold = following.hold
    if hold is None:
        return
    try:
        hold.renew()
    except (StaleRelayError, RunNotFoundError):
        following.stop()
    except StoreError as error:
        _LOG.info("%s", error)


def _be_in_nobodys_way() -> None:
    with contextlib.suppress(psutil.Error, OSError):
        if sys.platform == "win32":
            psutil.Process().nice(psutil.BELOW_NORMAL_PRIORITY_CLASS)
        else:
            psutil.Process().nice(_NICE)


if __name__ == "__main__":
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s", level=logging.WARNING)
    logging.getLogger("dltrainer_jupyter").setLevel(logging.INFO)
    try:
        code = main(sys.argv[1:])
    except DLTrainerError as error:
        _LOG.error("%s", error)
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    # Threads of clients, and trackers that don't let go, are waited for by nobody.
    os._exit(code)
