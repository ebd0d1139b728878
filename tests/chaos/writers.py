"""Trainers of many runs that write into one store at once, and are killed while they do.

``python -m tests.chaos.writers URL RUN ROWS`` is one of them: it claims the run, writes a row of the history at a time,
and says its number once the store has taken it.
"""

from __future__ import annotations

import contextlib
import os
import random
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from dltrainer_jupyter.core.records import EpochRecord
from dltrainer_jupyter.core.states import ENDED, State
from dltrainer_jupyter.store import Store
from dltrainer_jupyter.testing.store_samples import new_run
from tests.chaos.killing import Result
from tests.waiting import until

_LONGEST = 600.0
"""Seconds without any row after which a writer is stuck."""


def write(url: str, run_id: str, rows: int) -> None:
    """Write the rows of a run that are missing, one a transaction."""
    store = Store.open(url)
    store.reap()
    if (state := store.run(run_id).state) == State.COMPLETED:
        # Its last writer was killed when all was done.
        return
    if state in ENDED:
        store.request_start(run_id)
    attempt = store.claim(run_id, executor="process", environment={})
    for number in range(store.last_epoch(run_id) + 1, rows + 1):
        attempt.epoch(EpochRecord(number, number, {"train_loss": 1 / number}), None, None)
        # In one piece and past Python's buffers, so that a kill leaves no half a number.
        os.write(sys.stdout.fileno(), b"%d\n" % number)
    attempt.end(State.COMPLETED)


def together(name: str, url: str, *, writers: int = 8, rows: int = 10_000, life: float = 3.0) -> Result:
    """Let writers fill a run each, and kill them at random until all is written.

    Parameters
    ----------
    name : str
        Of the database, for the table.
    url : str
        A store in which there is no run.
    writers : int, default 8
        Processes at a time.
    rows : int, default 10,000
        Rows of each.
    life : float, default 3
        Seconds that a writer has at most after its first row; less than all rows take.

    Returns
    -------
    Result
        Identical, if every row that a writer was told to be written is there, once, and no writer met an error.
    """
    began = time.perf_counter()
    store = Store.open(url)
    runs = [new_run(store, f"writer-{number}") for number in range(writers)]
    with ThreadPoolExecutor(writers) as pool:
        told = list(pool.map(partial(_fill, url, rows, life), runs))
    killed, differs = sum(kills for kills, _ in told), [line for _, lines in told for line in lines]
    for run_id in runs:
        kept = [(row.epoch, row.values["train_loss"]) for row in store.epochs(run_id)]
        if kept != [(number, 1 / number) for number in range(1, rows + 1)]:
            differs.append(f"run {run_id}: {len(kept)} rows, the last of them {kept[-1:]}")
        if (state := store.run(run_id).state) != State.COMPLETED:
            differs.append(f"run {run_id} is {state}")
    store.close()
    return Result("writers killed", name, killed, not differs, time.perf_counter() - began, differs)


def _fill(url: str, rows: int, life: float, run_id: str) -> tuple[int, list[str]]:
    """Start writers for a run until it is full; give how many were killed, and what went wrong."""
    chance, killed, differs = random.Random(f"writer {run_id}"), 0, list[str]()
    with tempfile.TemporaryDirectory() as folder, contextlib.closing(Store.open(url)) as store:
        while True:
            said, complaints = Path(folder) / f"said-{killed}", Path(folder) / f"complaints-{killed}"
            with said.open("wb") as output, complaints.open("wb") as errors:
                command = [sys.executable, "-m", "tests.chaos.writers", url, run_id, str(rows)]
                writer = subprocess.Popen(command, stdout=output, stderr=errors)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    until(lambda: said.stat().st_size or writer.poll() is not None, timeout=_LONGEST)  # noqa: B023
                    writer.wait(chance.uniform(0, life))
                writer.kill()
                ended = writer.wait()
            acknowledged = int((said.read_text().split() or ["0"])[-1])
            if (kept := store.last_epoch(run_id)) < acknowledged:
                differs.append(f"run {run_id}: row {acknowledged:,} was acknowledged, {kept:,} are there")
            if complaints.stat().st_size or ended > 0:
                differs.append(f"run {run_id}: {complaints.read_text()[-300:]} (exit code {ended})")
            if ended == 0 or differs:
                return killed, differs
            killed += 1


if __name__ == "__main__":
    write(sys.argv[1], sys.argv[2], int(sys.argv[3]))
