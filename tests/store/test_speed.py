"""Sanity, not a benchmark: the bounds are several times what a quiet machine takes, and grow with a slow one."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from dltrainer_jupyter.core.records import ProgressRecord
from dltrainer_jupyter.store import Store
from dltrainer_jupyter.testing.store_samples import claimed, new_run
from tests.pace import times_slower


def _least_milliseconds(work: Callable[[], object], times: int = 200) -> float:
    taken = []
    for _ in range(times):
        started = time.perf_counter()
        work()
        taken.append(1000 * (time.perf_counter() - started))
    # A machine with other things to do makes single times long, never short.
    return min(taken)


def test_looking_for_controls_costs_next_to_nothing(store: Store):
    attempt = claimed(store, new_run(store))
    for number in range(300):
        control = store.request_control(attempt.run_id, "checkpoint", {"n": number}, "me")
        attempt.acknowledge(control.id, status="done", outcome="x", step=1)
    assert _least_milliseconds(attempt.pending_controls) < 1.5 * times_slower()


def test_looking_for_changes_and_for_the_dead_costs_next_to_nothing(store: Store):
    attempt = claimed(store, new_run(store))
    assert _least_milliseconds(lambda: store.revision(attempt.run_id)) < 1.5 * times_slower()
    assert _least_milliseconds(store.reap) < 5 * times_slower()


def test_writing_a_flush_takes_milliseconds(store: Store):
    attempt = claimed(store, new_run(store))
    first = 1

    def flush() -> None:
        nonlocal first
        with attempt.transaction():
            attempt.curves({"loss": (first, np.ones(100, np.float32))})
            attempt.progress(ProgressRecord(epoch=1, step=first + 99))
        first += 100

    assert _least_milliseconds(flush) < 20 * times_slower()


def test_a_million_points_are_written_and_read_in_seconds(sqlite_url: str, tmp_path: Path):
    store = Store.open(sqlite_url)
    attempt = claimed(store, new_run(store))
    values = np.random.default_rng(0).standard_normal(1_000_000).astype(np.float32)
    started = time.perf_counter()
    attempt.curves({"loss": (1, values)})
    steps, found = store.curve_values(attempt.run_id, "loss")
    near_steps, near = store.curve_values(attempt.run_id, "loss", 500_001, 500_011)
    assert time.perf_counter() - started < 5 * times_slower()
    np.testing.assert_array_equal(found, values)
    assert steps[[0, -1]].tolist() == [1, 1_000_000]
    assert near_steps.tolist() == list(range(500_001, 500_011))
    np.testing.assert_array_equal(near, values[500_000:500_010])
    assert sum(file.stat().st_size for file in (tmp_path / "store").iterdir()) < 12e6
    store.close()
