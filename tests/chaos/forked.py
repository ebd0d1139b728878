"""Trainers forked from a process that has only imported frameworks: as mortal as others, and quicker to start."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import sys
import threading
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from pathlib import Path

from dltrainer_jupyter.core.errors import RunNotFoundError
from dltrainer_jupyter.core.records import ErrorRecord, RunRecord
from dltrainer_jupyter.store.store import Store

_COMMON = ["sqlalchemy", "sklearn.datasets", "cloudpickle"]
PRELOADED = {
    "torch": ["torch"],
    "lightning": ["lightning.pytorch"],
    "tensorflow": ["tensorflow", "keras"],
    "jax": ["jax", "optax", "flax.nnx"],
}
"""What may be imported before the fork; none of it starts a thread by being imported alone."""


class ForkedExecutor:
    """Trains in a process forked from the server that :mod:`multiprocessing` keeps for such.

    The package itself is imported by the fork alone, which therefore finds an environment of its own.

    Parameters
    ----------
    *preloaded : str
        Names in :data:`PRELOADED`. There is one server a process; the first executor decides.
    """

    name = "process"
    needs_pickling = True

    def __init__(self, *preloaded: str) -> None:
        self._context: ForkServerContext = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload([*_COMMON, *(module for name in preloaded for module in PRELOADED[name])])

    def start(self, store_url: str, run_id: str) -> None:
        """Start the trainer and return at once."""
        store = Store.open(store_url)
        run = store.run(run_id)
        log = Path(run.folder) / "logs" / "trainer.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        environment = {name: value for name, value in os.environ.items() if name.startswith("DLTRAINER_")}
        trainer = self._context.Process(
            target=_train, args=(run_id, environment | {"DLTRAINER_STORE": store_url}, sys.path, str(log))
        )
        trainer.start()
        threading.Thread(target=_watch, args=(trainer, store, run, log), daemon=True).start()


def _train(run_id: str, environment: dict[str, str], path: list[str], log: str) -> None:
    os.setsid()
    with open(log, "ab", buffering=0) as output:  # noqa: PTH123 - its descriptor is all that is wanted
        for stream in (1, 2):
            os.dup2(output.fileno(), stream)
    for name in [name for name in os.environ if name.startswith("DLTRAINER_")]:
        del os.environ[name]
    os.environ.update(environment)
    sys.path[:] = path
    sys.argv = ["trainer", run_id]
    from dltrainer_jupyter.executors import process_main

    process_main.main()


def _watch(trainer: BaseProcess, store: Store, before: RunRecord, log: Path) -> None:
    """Say so if it ends before it has claimed the run."""
    trainer.join()
    with contextlib.suppress(RunNotFoundError):
        now = store.run(before.id)
        if trainer.exitcode and now.state == "pending" and now.attempt == before.attempt:
            message = f"The trainer ended with {trainer.exitcode} before it began; its output is in {log}."
            store.mark_failed_to_start(before.id, ErrorRecord("TrainerError", message))
