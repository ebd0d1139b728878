"""The history of long runs: writing points, asking for a curve, and what memory both take."""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import psutil

from dltrainer_jupyter.core.records import ProgressRecord
from dltrainer_jupyter.store import Store
from dltrainer_jupyter.store.attempts import Attempt
from dltrainer_jupyter.testing.store_samples import claimed, new_run
from dltrainer_jupyter.views.curves import curve
from dltrainer_jupyter.views.live import snapshot
from tests.bench.fresh import call
from tests.bench.measuring import ratio_of_medians, seconds_of
from tests.bench.report import Row, say
from tests.bench.rounds import interleaved

_SERIES = ("train_loss", "learning_rate", "accuracy", "gradient_norm")
_FLUSH = 2_500
"""Steps between two flushes, as a loop makes them that takes 80 µs a step."""
_SHORT, _LONG = 100_000, 10_000_000


def logging(options: argparse.Namespace) -> list[Row]:
    """Write points as a trainer does until they are on the disk; TensorBoard's writer the same."""
    ways = {"store": ours} | ({"tensorboard": tensorboard} if find_spec("tensorboard") else {})
    found = interleaved(list(ways), options.rounds, lambda name: call(ways[name]), say)
    rows = [Row("points to the store", found["store"], "µs a point", at_most=1.0)]
    if "tensorboard" not in found:
        reason = "tensorboard not installed, see tests/bench/peers.txt"
        return [*rows, Row("TensorBoard's writer", at_least=20, left_out=reason)]
    ratio = ratio_of_medians(found["tensorboard"], found["store"])
    return [*rows, Row("TensorBoard's writer", found["tensorboard"], "µs a point", ratio, at_least=20)]


def ours() -> float:
    """Write a million points in four series to a store; give microseconds a point."""
    with tempfile.TemporaryDirectory(dir=os.environ["DLTRAINER_HOME"]) as folder:
        store = Store.open(f"sqlite:///{folder}/runs.db")
        attempt = claimed(store, new_run(store))
        began = time.perf_counter()
        write(attempt, 250_000, _SERIES)
        _sync(Path(folder).iterdir())
        return 1e6 * (time.perf_counter() - began) / 1e6


def tensorboard() -> float:
    """Write twenty thousand points in four series with TensorBoard's writer; give microseconds a point."""
    from torch.utils.tensorboard import SummaryWriter

    with tempfile.TemporaryDirectory(dir=os.environ["DLTRAINER_HOME"]) as folder:
        writer = SummaryWriter(folder)
        values = np.random.default_rng(0).standard_normal(5_000)
        began = time.perf_counter()
        for step, value in enumerate(values):
            for name in _SERIES:
                writer.add_scalar(name, value, step)
        writer.close()
        _sync(Path(folder).iterdir())
        return 1e6 * (time.perf_counter() - began) / 20_000


def write(attempt: Attempt, steps: int, series: Iterable[str], flush: int = _FLUSH) -> None:
    """Write series in flushes, as the loop does."""
    values = np.random.default_rng(0).standard_normal(flush).astype(np.float32)
    for first in range(1, steps, flush):
        with attempt.transaction():
            attempt.curves(dict.fromkeys(series, (first, values)))
            attempt.progress(ProgressRecord(epoch=1, step=first + flush - 1))


def _sync(paths: Iterable[Path]) -> None:
    for path in paths:
        with path.open("rb") as file:
            os.fsync(file.fileno())


def querying(options: argparse.Namespace) -> list[Row]:
    """Ask for 2,000 points of a short and of a long curve, and for all that a panel shows."""
    store = Store.open(f"sqlite:///{os.environ['DLTRAINER_HOME']}/runs.db")
    runs = {steps: claimed(store, new_run(store)) for steps in (_SHORT, _LONG)}
    for steps, attempt in runs.items():
        write(attempt, steps, ["train_loss"], flush=50_000)
    asked = {
        f"{what} of {steps:.0e} points".replace("+0", ""): query
        for steps, attempt in runs.items()
        for what, query in (
            ("2,000 points", lambda run_id=attempt.run_id: curve(store, run_id, "train_loss", points=2000)),
            ("a panel's refresh", lambda run_id=attempt.run_id: snapshot(store, run_id)),
        )
    }
    found = interleaved(list(asked), 4 * options.rounds, lambda name: 1000 * seconds_of(asked[name]), lambda _: None)
    short, short_refresh, long, long_refresh = found
    return [
        Row(short, found[short], "ms", at_most=20),
        Row(long, found[long], "ms", at_most=20),
        Row(
            "the long curve over the short one",
            found[long],
            "ms",
            ratio_of_medians(found[long], found[short]),
            at_most=2,
        ),
        Row(short_refresh, found[short_refresh], "ms"),
        Row(
            long_refresh,
            found[long_refresh],
            "ms",
            ratio_of_medians(found[long_refresh], found[short_refresh]),
            at_most=2,
        ),
    ]


def memory(options: argparse.Namespace) -> list[Row]:
    """Write a short and a long run in fresh processes, and look at them from others; compare what memory each takes."""
    trainer, client = [], []
    for _ in range(options.rounds):
        with tempfile.TemporaryDirectory(dir=os.environ["DLTRAINER_HOME"]) as folder:
            url = f"sqlite:///{folder}/runs.db"
            written = {steps: call(writing, url, steps) for steps in (_SHORT, _LONG)}
            seen = {steps: call(looking, url, run_id) for steps, (run_id, _) in written.items()}
        trainer.append(written[_LONG][1] - written[_SHORT][1])
        client.append(seen[_LONG] - seen[_SHORT])
    return [
        Row("a trainer that wrote 1e7 points, over 1e5", tuple(trainer), "MB more", at_most=50),
        Row("a kernel that shows 1e7 points, over 1e5", tuple(client), "MB more", at_most=50),
    ]


def writing(url: str, steps: int) -> tuple[str, float]:
    """Write a run; give its id and the megabytes this process takes."""
    store = Store.open(url)
    attempt = claimed(store, new_run(store))
    write(attempt, steps, ["train_loss"], flush=20_000)
    return attempt.run_id, _megabytes()


def looking(url: str, run_id: str) -> float:
    """Look at a run as a panel and a chart do; give the megabytes this process takes."""
    store = Store.open(url)
    for _ in range(5):
        snapshot(store, run_id)
        curve(store, run_id, "train_loss", points=2000)
    return _megabytes()


def _megabytes() -> float:
    return psutil.Process().memory_info().rss / 2**20
