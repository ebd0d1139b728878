"""What a long run, a resting one and many predictions cost the kernel."""

from __future__ import annotations

import argparse
import time

from dltrainer_jupyter import tal
from tests.bench.kernel import PATIENCE, cell, notebook
from tests.bench.report import Row
from tests.waiting import until

_TINY = (
    "%%dltrain {name} --new {options}\nmodel: {{type: mlp, hidden: [4]}}\ndata: wine\nbatch_size: 8\n"
    "epochs: {epochs}\nmetrics: [accuracy]\ncheckpoint: {{every_epochs: 100}}\n"
)


def long_run(_options: argparse.Namespace) -> list[Row]:
    """Make 100,000 steps of a tiny model, once, and see what stays in the kernel and what a refresh sends."""
    memory = "__import__('psutil').Process().memory_info().rss"
    with notebook() as live:
        # A first run and the picture it leaves load everything that is loaded once.
        live.run(_TINY.format(name="first", epochs=50, options="--wait"))
        before = live.ask(memory)
        live.run(_TINY.format(name="tiny", epochs=5600, options=""))
        run = tal.get("tiny")
        until(lambda: run.state == "completed", timeout=2 * PATIENCE)
        grown = (live.ask(memory) - before) / 2**20
        live.run("import json; from dltrainer_jupyter.views.live import snapshot")
        payload = live.ask("len(json.dumps(snapshot(run.store, run.id)))") / 1000
    assert run.step > 100_000, run
    return [
        Row(f"a kernel grows in {run.step:,} steps by", (grown,), "MB", at_most=50),
        Row("a refresh of the panel after them", (payload,), "kB", at_most=100),
    ]


def paused(options: argparse.Namespace) -> list[Row]:
    """Pause a run with its panel open, and see what the kernel does for five seconds."""
    clocks = "[sum(__import__('psutil').Process().cpu_times()[:2]), __import__('time').perf_counter()]"
    shares = []
    for number in range(options.rounds):
        with notebook() as live:
            live.run(cell(name := f"resting{number}", epochs=100_000))
            run = tal.get(name)
            until(lambda run=run: run.step > 20, timeout=PATIENCE)
            run.pause().wait(PATIENCE)
            before = live.ask(clocks)
            live.run("__import__('time').sleep(5)")
            cpu, seconds = (now - then for now, then in zip(live.ask(clocks), before, strict=True))
            shares.append(100 * cpu / seconds)
            run.stop().wait(PATIENCE)
    return [Row("CPU of a kernel whose run is paused", tuple(shares), "% of a core", at_most=5)]


def a_thousand_predictions(_options: argparse.Namespace) -> list[Row]:
    """Predict while it trains: each from a committed checkpoint, and the training ends with the same bits."""
    with notebook() as live:
        live.run(cell("alone", epochs=12))
        live.run("run.wait(); alone = run.last.record.digest")
        live.run(cell("tried", epochs=12))
        run = tal.get("tried")
        until(lambda: any("best" in record.kinds for record in run.checkpoints), timeout=PATIENCE)
        live.run("from sklearn.datasets import load_digits; x = load_digits().data[:16]")
        began = time.perf_counter()
        live.run("shapes = {run.best.predict(x).shape for _ in range(1000)}")
        each = time.perf_counter() - began
        during = run.state == "running"
        live.run("run.wait()")
        assert live.ask("shapes") == {(16,)}
        assert live.ask("alone") == live.ask("run.last.record.digest")
    when = "while it trains" if during else "some after it trained"
    return [Row(f"each of 1,000 predictions of 16, {when}", (each,), "ms", at_most=100)]
