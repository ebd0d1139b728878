"""Starting the relay, which sends a run to its trackers from a process of its own."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dltrainer_jupyter.core import private
from dltrainer_jupyter.core.errors import DLTrainerError
from dltrainer_jupyter.core.records import RunRecord
from dltrainer_jupyter.core.registry import plug_ins
from dltrainer_jupyter.executors.process import search_path
from dltrainer_jupyter.store.store import Store

LOG = "relay.log"
"""What the relay's process printed, in the run's folder."""
RELAY = "dltrainer_jupyter.relay"
"""The module that is the process; named, because it lies in a room above this one."""

_RESTARTS = 5
_PAUSE = 10.0
"""How often, and how many seconds later, a relay is started again that ended before its trainer."""
_LOGGER = logging.getLogger(__name__)


@contextmanager
def tracked(store: Store, run: RunRecord) -> Iterator[None]:
    """Let a run be sent to its trackers, if it has any; what goes wrong is told of, and keeps nobody from training.

    Within it a relay that ends is started again, a few times. The last one isn't waited for.
    """
    if not run.spec.track:
        yield
        return
    over = threading.Event()
    name = f"dltrain-relay-{run.id}"
    try:
        store.begin_tracking(run.id, [(name, part.type) for name, part in run.spec.trackers.items()])
        process = _start(store, run)
    except (DLTrainerError, OSError) as error:
        _tell(store, run, f"the process that does so could not be started ({error})")
    else:
        threading.Thread(target=_watch, args=(process, store, run, over), name=name, daemon=True).start()
    try:
        yield
    finally:
        over.set()


def start_relay(store_url: str, run_id: str, log: Path, *, once: bool = False) -> subprocess.Popen[bytes]:
    """Start a relay.

    Parameters
    ----------
    store_url : str
        Where the run is.
    run_id : str
        The run.
    log : pathlib.Path
        What it prints goes there.
    once : bool, default False
        Let it send what is left over, instead of following the run.

    Raises
    ------
    OSError
        If it can't be started.
    """
    private.make_folder(log.parent)
    private.make_file(log)
    with log.open("ab") as output:
        return subprocess.Popen(  # noqa: S603 - our own module, no shell
            [sys.executable, "-P", "-m", RELAY, *(["--once"] if once else []), run_id],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            # A dying kernel or a closed terminal doesn't take it along.
            start_new_session=True,
            # The URL may hold a password, which an argument would show to everybody on the machine.
            env=os.environ | plug_ins.environment() | {"DLTRAINER_STORE": store_url, "PYTHONPATH": search_path()},
        )


def _start(store: Store, run: RunRecord) -> subprocess.Popen[bytes]:
    return start_relay(store.url, run.id, Path(run.folder) / LOG)


def _watch(process: subprocess.Popen[bytes], store: Store, run: RunRecord, over: threading.Event) -> None:
    """Start the relay again while the run is trained, whatever it ended of, and say so if it is left at that."""
    code = process.wait()
    for _ in range(_RESTARTS):
        if over.wait(_PAUSE):
            break
        _LOGGER.info("The relay of run %s ended with code %s; another one goes on.", run.id, code)
        try:
            process = _start(store, run)
        except (DLTrainerError, OSError) as error:
            _tell(store, run, f"the process that does so could not be started again ({error})")
            return
        code = process.wait()
    if code:
        _tell(store, run, f"the process that does so ended with code {code}, and its output is in {run.folder}/{LOG}")


def _tell(store: Store, run: RunRecord, why: str) -> None:
    message = f"The run is not sent to its trackers: {why}. Afterwards dltrain sync sends what is left over."
    try:
        store.add_event(run.id, "tracker_note", message)
    except DLTrainerError as error:
        _LOGGER.warning("%s (which could not be recorded: %s)", message, error)
