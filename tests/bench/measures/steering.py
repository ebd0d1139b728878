"""How it feels to work beside a training: other cells' round trips, and how soon a pause or a stop is answered."""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from functools import partial

from dltrainer_jupyter import tal
from dltrainer_jupyter.tal import Run
from tests.bench.kernel import PATIENCE, Kernel, cell, notebook
from tests.bench.measuring import p95
from tests.bench.report import Row
from tests.waiting import until

_TRIPS, _PAUSES, _STOPS = 200, 50, 20
_ALLOWED = 50.0
"""Milliseconds, besides a step, within which an answer must come."""


def kernel_latency(executor: str, at_most: float, options: argparse.Namespace) -> list[Row]:
    """Time another cell's round trip while the kernel is idle, and while a run trains."""
    idle, beyond = [], []
    for number in range(options.rounds):
        with notebook() as live:
            live.run("x = 1")
            idle.append(_round_trip(live))
            live.run(cell(name := f"busy{number}", 100_000, f"--executor {executor}"))
            run = tal.get(name)
            _steps_are_made(run)
            beyond.append(_round_trip(live) - idle[-1])
            run.stop().wait(PATIENCE)
    return [
        Row("a cell's round trip in an idle kernel, p95", tuple(idle), "ms"),
        Row(f"what a training in a {executor} adds to it", tuple(beyond), "ms", at_most=at_most),
    ]


def _round_trip(live: Kernel) -> float:
    return 1000 * p95([live.run("x += 1") for _ in range(_TRIPS)])


def _steps_are_made(run: Run) -> None:
    """Wait until the run trains, and has been doing so for a while."""
    before = run.step
    until(lambda: run.step > before + 20, timeout=PATIENCE)


def pausing(options: argparse.Namespace) -> list[Row]:
    """Ask for a pause in the middle of epochs, in the kernel and from another process."""
    inside = "[__import__('time').perf_counter(), run.pause().wait(300), __import__('time').perf_counter()]"

    def near(live: Kernel, _run: Run) -> float:
        live.run(f"began, _, ended = {inside}")
        taken = live.ask("ended - began")
        live.run("run.resume().wait(300)")
        return taken

    def far(_live: Kernel, run: Run) -> float:
        taken = _answered(run.pause)
        run.resume().wait(PATIENCE)
        return taken

    return _asked({"pause, asked in the kernel": near, "pause, asked by another process": far}, _PAUSES, options)


def stopping(options: argparse.Namespace) -> list[Row]:
    """Ask for a stop, which writes a checkpoint, and start again."""

    def stop(live: Kernel, run: Run) -> float:
        taken = _answered(run.stop)
        live.run("run.resume()")
        _steps_are_made(run)
        return taken

    return _asked({"stop, asked by another process": stop}, _STOPS, options)


def _answered(ask: Callable[[], tal.Control]) -> float:
    began = time.perf_counter()
    ask().wait(PATIENCE)
    return time.perf_counter() - began


def _asked(ways: dict[str, Callable[[Kernel, Run], float]], times: int, options: argparse.Namespace) -> list[Row]:
    """Ask in several ways by turns, in a kernel of its own each round, and take the p95 of each round."""
    answers: dict[str, list[float]] = {way: [] for way in ways}
    steps = []
    for number in range(options.rounds):
        with notebook() as live:
            live.run(cell(name := f"asked{number}", 100_000))
            run = tal.get(name)
            _steps_are_made(run)
            steps.append(1000 / (run.record.progress.steps_per_second or 1))
            turns = [{way: ask(live, run) for way, ask in ways.items()} for _ in range(times)]
            run.stop().wait(PATIENCE)
        for way, found in answers.items():
            found.append(1000 * p95([turn[way] for turn in turns]))
    bound = statistics.median(steps) + _ALLOWED
    rows = [Row(f"{way}, p95 of {times}", tuple(found), "ms", at_most=bound) for way, found in answers.items()]
    return [Row("a step meanwhile", tuple(steps), "ms"), *rows]


in_a_thread = partial(kernel_latency, "thread", 10.0)
in_a_process = partial(kernel_latency, "process", 3.0)
