"""Sending to trackers what is left over: of runs that ended while a tracker was away, or whose relay was killed."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from dltrainer_jupyter.core.errors import DLTrainerError, RunNotFoundError
from dltrainer_jupyter.core.records import RunRecord, TrackingRecord
from dltrainer_jupyter.core.states import ALIVE, ENDED
from dltrainer_jupyter.executors.tracking import LOG, start_relay
from dltrainer_jupyter.store.store import Store
from dltrainer_jupyter.tal.session import get, open_store
from dltrainer_jupyter.views import tracking
from dltrainer_jupyter.views.summary import title

_LOOK = 0.2
"""Seconds between two looks at a relay that is waited for."""
NOTHING_LEFT = "Nothing is left over: every tracker has all of its runs."


@dataclass(frozen=True)
class Synced:
    """What became of one run's copy at one tracker."""

    run: str
    """The run's id."""
    name: str
    """The run's name."""
    tracker: str
    steps: int
    """How far series have arrived."""
    delivered: bool
    """Whether all of the run has arrived."""
    is_well: bool
    """Whether it has, or nothing keeps the rest from arriving by itself."""
    message: str
    """One sentence: that it has, or why it hasn't."""
    url: str | None = None
    """Where the copy is."""

    def document(self) -> dict[str, Any]:
        """Describe it as JSON types."""
        return asdict(self)


def sync(refs: str | Sequence[str] | None = None, *, wait: bool = False) -> list[Synced]:
    """Send to trackers what is left over; returns when that has arrived, or can't arrive now.

    A run whose relay, the process that began with its trainer, is still at work is left to it, and how far it is is
    said at once; with ``wait``, not before that relay is done. Nobody waits for a run that goes on training.

    Parameters
    ----------
    refs : str or sequence of str, optional
        Only these runs, by id, beginning of the id, or name; by default all.
    wait : bool, default False
        Wait for relays of runs that have ended, and send what they leave. One whose tracker can't be reached gives up
        a minute after the run's end.

    Returns
    -------
    list of Synced
        One for each run and tracker that something was left over for.

    Raises
    ------
    RunNotFoundError
        If there is no such run.

    Examples
    --------
    >>> [it.message for it in tal.sync()]  # doctest: +SKIP
    ['All of digits-cnn (3f2a91…) is at mlflow: 12,000 steps.']
    """
    return list(synced(refs, wait=wait))


def synced(refs: str | Sequence[str] | None = None, *, wait: bool = False) -> Iterator[Synced]:
    """Do the same run by run, and give what became of each as soon as that is known."""
    store = open_store()
    if refs:
        named = [get(ref).id for ref in ([refs] if isinstance(refs, str) else refs)]
        ids = list(dict.fromkeys(named))
    else:
        ids = list(dict.fromkeys(record.run_id for record in store.undelivered()))
    for run_id in ids:
        # It may be deleted meanwhile.
        with suppress(RunNotFoundError):
            if wait:
                _wait_for_relays(store, run_id)
            yield from _synced(store, run_id)


def _wait_for_relays(store: Store, run_id: str) -> None:
    """Wait as long as somebody sends what an ended run has left; who has died, or gave up, sends nothing."""
    never = threading.Event()
    while store.run(run_id).state in ENDED and any(
        store.tracking_holder(run_id, it.name) for it in store.tracking(run_id) if it.state != "delivered"
    ):
        never.wait(_LOOK)


def _synced(store: Store, run_id: str) -> Iterator[Synced]:
    run = store.run(run_id)
    before = store.tracking(run_id)
    sending = {it.name for it in before if store.tracking_holder(run_id, it.name) is not None}
    left = [it for it in before if it.state != "delivered" and it.name not in sending]
    trouble = _send(store, run) if left else None
    run = store.run(run_id)
    for record in store.tracking(run_id):
        yield _outcome(run, record, is_sending=record.name in sending, trouble=trouble)


def _send(store: Store, run: RunRecord) -> str | None:
    """Let a relay send what is left over; say what kept it from that."""
    folder = Path(run.folder)
    if not folder.is_dir():
        return f"its files are on host '{run.host}', in {folder}; sync it there"
    try:
        process = start_relay(store.url, run.id, folder / LOG, once=True)
    except (DLTrainerError, OSError) as error:
        return f"no process could be started for it ({error})"
    code = process.wait()
    return f"the process that sends it ended with code {code}, and its output is in {folder / LOG}" if code else None


def _outcome(run: RunRecord, record: TrackingRecord, *, is_sending: bool, trouble: str | None) -> Synced:
    name = title(run)
    steps = tracking.steps(record, run)
    done = record.state == "delivered"
    reason = record.message if is_sending else trouble or record.message
    if done:
        message = f"All of {name} is at {record.name}: {steps}."
    elif is_sending:
        trying = "" if reason is None else f", and will be tried again: {reason.rstrip('.')}"
        message = f"{name} is being sent to {record.name}: {steps} so far{trying}."
    elif reason is not None:
        message = f"{name} lacks its end at {record.name} ({steps} are there): {reason.rstrip('.')}."
    elif run.state in ALIVE:
        message = f"What is there of {name} is at {record.name}: {steps}; it is {run.state} on '{run.host}'."
    else:
        message = f"{name} lacks its end at {record.name} ({steps} are there); the output is in {run.folder}/{LOG}."
    is_well = done or (reason is None and (is_sending or run.state in ALIVE))
    return Synced(run.id, run.name, record.name, record.step, done, is_well, message, record.url)
