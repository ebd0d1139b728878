"""A process of its own: the run survives the kernel."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

from dltrainer_jupyter.core import private
from dltrainer_jupyter.core.errors import RunNotFoundError
from dltrainer_jupyter.core.records import ErrorRecord, RunRecord
from dltrainer_jupyter.core.registry import plug_ins
from dltrainer_jupyter.core.states import State
from dltrainer_jupyter.executors import notifying
from dltrainer_jupyter.store.store import Store

LOG = Path("logs") / "trainer.log"
"""What the trainer's process printed, in the run's folder."""
_TAIL = 2000
"""Characters of it that a failed start shows."""


class ProcessExecutor:
    """Trains in a new process and session, which a dying kernel or a closed terminal doesn't take along."""

    name = "process"
    needs_pickling = True

    def start(self, store_url: str, run_id: str) -> None:
        """Start the trainer and return at once."""
        store = Store.open(store_url)
        run = store.run(run_id)
        log = Path(run.folder) / LOG
        private.make_folder(log.parent)
        private.make_file(log)
        with log.open("ab") as output:
            process = subprocess.Popen(  # noqa: S603 - our own module, no shell
                [sys.executable, "-P", "-m", "dltrainer_jupyter.executors.process_main", run_id],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                # The URL may hold a password, which an argument would show to everybody on the machine.
                env=os.environ | plug_ins.environment() | {"DLTRAINER_STORE": store_url, "PYTHONPATH": search_path()},
            )
        threading.Thread(target=_watch, args=(process, store, run, log), daemon=True).start()


def search_path() -> str:
    """Give the ``PYTHONPATH`` that lets another process import what this one can.

    A pickle of the user's objects may mention it.
    """
    return os.pathsep.join(entry or str(Path.cwd()) for entry in sys.path)


def _watch(process: subprocess.Popen[bytes], store: Store, before: RunRecord, log: Path) -> None:
    """Say so if the process ends before it has claimed the run; afterwards the attempt itself speaks."""
    code = process.wait()
    if not code:
        return
    try:
        now = store.run(before.id)
    except RunNotFoundError:
        # Deleted meanwhile: nobody is left who could want to know.
        return
    if now.state is State.PENDING and now.attempt == before.attempt:
        tail = log.read_text(errors="replace")[-_TAIL:]
        message = f"The trainer's process ended with code {code} before it began; its output is in {log}."
        if store.mark_failed_to_start(before.id, ErrorRecord("TrainerError", message, tail)):
            notifying.tell(store, before.id)
