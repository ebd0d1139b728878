"""The loop of one tracker: look, send, rest; wait longer while it is out of reach."""

from __future__ import annotations

import logging
import threading
import time
from datetime import UTC, datetime

from dltrainer_jupyter.core.errors import DLTrainerError, RunNotFoundError, StaleRelayError, StoreError
from dltrainer_jupyter.core.states import State
from dltrainer_jupyter.relay.delivery import Delivery, Progress
from dltrainer_jupyter.store.reaping import HELD
from dltrainer_jupyter.store.store import Store
from dltrainer_jupyter.store.tracking import TrackingHold

_LOG = logging.getLogger(__name__)

INTERVAL = 1.0
"""Seconds between two looks at the store, at least."""
LONGEST_INTERVAL = 10.0
"""Seconds between two looks while a run trains, at most."""
_REST = 20
"""A look is followed by so many times the processor time it took: what many small epochs bring is sent together."""
LONGEST_PAUSE = 60.0
"""Seconds between two tries at a tracker that can't be reached, at most."""
PATIENCE = 60.0
"""Seconds without success after the run's end, until what is left is left to ``dltrain sync``."""


class Following:
    """Follows a run for one tracker, on a thread of its own.

    Parameters
    ----------
    store : Store
        Where the run is.
    run_id : str
        The run.
    name : str
        The tracker's name.
    once : bool, default False
        Leave as soon as nothing is left to be sent just now, and at the first trouble.

    Attributes
    ----------
    is_broken : bool
        Whether it left because of something that nobody has foreseen.
    """

    def __init__(self, store: Store, run_id: str, name: str, *, once: bool = False) -> None:
        self._store = store
        self._run_id = run_id
        self._name = name
        self._once = once
        self._delivery: Delivery | None = None
        self._stopping = threading.Event()
        self._woken = threading.Event()
        self._behind_since: float | None = None
        self._over_since: float | None = None
        self._moved = time.monotonic()
        self.is_broken = False
        self.thread = threading.Thread(target=self._run, name=f"dltrain-relay-{name}", daemon=True)

    @property
    def hold(self) -> TrackingHold | None:
        """The right to send, if this has it."""
        delivery = self._delivery
        return None if delivery is None else delivery.hold

    @property
    def overdue(self) -> float:
        """Seconds since something moved, once nothing more is to come; 0 before."""
        since = self._over_since
        return 0.0 if since is None else time.monotonic() - max(since, self._moved)

    def notice(self, *, is_over: bool) -> None:
        """Take notice of whether more is to come; whoever watches says so, as a tracker that hangs holds this up."""
        if not is_over and not self._once:
            self._over_since = None
        elif self._over_since is None:
            self._over_since = time.monotonic()
            self._woken.set()

    def stop(self) -> None:
        """Leave as soon as the tracker lets go."""
        self._stopping.set()
        self._woken.set()
        self.notice(is_over=True)

    # --- on the thread --------------------------------------------------------------------------------

    def _run(self) -> None:
        pause = 0.0
        try:
            while not self._rested(pause):
                rest = self._turn(pause)
                if rest is None:
                    return
                pause = rest
        except (RunNotFoundError, StaleRelayError) as error:
            _LOG.info("Run %s is not sent to '%s' any more: %s", self._run_id, self._name, error)
        except BaseException:
            self.is_broken = True
            raise
        finally:
            self._leave()

    def _rested(self, pause: float) -> bool:
        """Rest, shorter if the run ends meanwhile; tell whether to leave."""
        if pause > INTERVAL and self._behind_since is None:
            self._woken.wait(pause)
            self._woken.clear()
            return self._stopping.is_set()
        return self._stopping.wait(pause)

    def _turn(self, pause: float) -> float | None:
        """Look once; give the seconds to rest before the next look, or None to leave."""
        began = time.thread_time()
        try:
            progress = self._look()
        except (RunNotFoundError, StaleRelayError):
            raise
        except StoreError as error:
            _LOG.info("Run %s can't be read just now: %s", self._run_id, error)
            if self._delivery is not None:
                # What was just sent may not have been written down.
                self._delivery.close()
            return None if self._gives_up else _longer(pause)
        except (DLTrainerError, OSError) as error:
            self._say_behind(error)
            return None if self._gives_up else _longer(pause)
        if progress is None:
            return None if self._gives_up else INTERVAL
        self._moved = time.monotonic()
        if progress is Progress.MORE:
            return 0.0
        self._say_caught_up(is_done=progress is Progress.DONE)
        if self._once or self._is_left_to_others(progress):
            return None
        return min(max(INTERVAL, _REST * (time.thread_time() - began)), LONGEST_INTERVAL)

    def _look(self) -> Progress | None:
        """Send some of what is new; None if somebody else sends."""
        run = self._store.run(self._run_id)
        self.notice(is_over=run.state not in HELD)
        if self._delivery is None:
            hold = self._store.hold_tracking(self._run_id, self._name)
            if hold is None:
                return None
            self._delivery = Delivery(self._store, hold)
            self._behind_since = time.monotonic() if hold.state == "behind" else None
        return self._delivery.look(run)

    def _is_left_to_others(self, progress: Progress) -> bool:
        """Tell whether all is sent, and the trainer that goes on, if any, starts a relay of its own."""
        try:
            # Asked again: it may have been resumed meanwhile.
            state = self._store.run(self._run_id).state
        except StoreError as error:
            _LOG.info("Run %s can't be read just now: %s", self._run_id, error)
            return False
        return state is State.PENDING or (progress is Progress.DONE and state not in HELD)

    @property
    def _gives_up(self) -> bool:
        """Whether what is left is left to whoever comes later."""
        return self._once or self.overdue > PATIENCE

    def _say_behind(self, error: Exception) -> None:
        delivery = self._delivery
        if delivery is None:
            raise error
        delivery.close()
        if self._behind_since is not None:
            return
        since = f"{datetime.now(UTC):%H:%M:%S} UTC"
        message = " ".join(str(error).split())
        try:
            delivery.hold.tell("behind", message)
            delivery.tell(
                "tracker_behind", f"'{self._name}' is behind since {since} and will be tried again: {message}"
            )
        except StoreError as second:
            _LOG.info("Run %s can't be written to just now: %s", self._run_id, second)
            return
        self._behind_since = time.monotonic()

    def _say_caught_up(self, *, is_done: bool) -> None:
        delivery = self._delivery
        assert delivery is not None  # noqa: S101 - it has just looked
        if not is_done and not delivery.is_open:
            # The run is only starting.
            return
        try:
            if self._behind_since is not None:
                delivery.tell("tracker_caught_up", f"'{self._name}' has caught up.")
                self._behind_since = None
            delivery.hold.tell("delivered" if is_done else "following")
        except StoreError as error:
            _LOG.info("Run %s can't be written to just now: %s", self._run_id, error)

    def _leave(self) -> None:
        delivery, self._delivery = self._delivery, None
        if delivery is None:
            return
        delivery.close()
        try:
            delivery.hold.give_back()
        except StoreError as error:
            _LOG.info("Run %s can't be written to just now: %s", self._run_id, error)


def _longer(pause: float) -> float:
    return min(max(2 * pause, 1.0), LONGEST_PAUSE)
