"""A thread of this process: the default in a notebook."""

from __future__ import annotations

import atexit
import contextvars
import threading

from dltrainer_jupyter.executors import held, worker
from dltrainer_jupyter.loop.doorbell import Doorbell

_PATIENCE = 30.0
"""Seconds the process waits at its end for its trainers to write their checkpoints."""

_threads: list[threading.Thread] = []


class ThreadExecutor:
    """Trains in a thread, which ends with the process; runs are suspended with a checkpoint then."""

    name = "thread"
    needs_pickling = False

    def start(self, store_url: str, run_id: str) -> None:
        """Start the trainer and return at once."""
        if not _threads:
            atexit.register(_suspend_and_join)
        _threads[:] = [thread for thread in _threads if thread.is_alive()]
        # In the caller's context, what the trainer prints appears under the cell that started it.
        run = contextvars.copy_context().run
        thread = threading.Thread(
            target=lambda: run(worker.main, store_url, run_id, executor=self.name, bell=Doorbell(), owns_process=False),
            name=f"dltrain-{run_id}",
            daemon=True,
        )
        _threads.append(thread)
        thread.start()


def _suspend_and_join() -> None:
    held.suspend_all()
    for thread in _threads:
        thread.join(_PATIENCE)
