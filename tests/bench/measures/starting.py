"""How soon one can begin: importing, loading the extension, running a cell, seeing the first point."""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass

from dltrainer_jupyter import tal
from tests.bench.kernel import PATIENCE, cell, notebook
from tests.bench.report import Row
from tests.waiting import until

_LOAD = """
import sys, time
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
began = time.perf_counter()
shell.run_line_magic("load_ext", "dltrainer_jupyter")
print(time.perf_counter() - began)
heavy = {"torch", "tensorflow", "jax", "sqlalchemy", "ipywidgets", "anywidget", "pandas"} & set(sys.modules)
assert not heavy, heavy
"""
_IMPORT = """
import time
began = time.perf_counter()
import dltrainer_jupyter
print(time.perf_counter() - began)
"""


def load_ext(options: argparse.Namespace) -> list[Row]:
    """Import the package and load the extension; neither a framework nor SQL nor widgets may come along."""
    found = {code: [_milliseconds(code) for _ in range(options.rounds)] for code in (_IMPORT, _LOAD)}
    return [
        Row("import dltrainer_jupyter", tuple(found[_IMPORT]), "ms"),
        Row("%load_ext, beyond IPython", tuple(found[_LOAD]), "ms", at_most=60),
    ]


def _milliseconds(code: str) -> float:
    return 1000 * float(subprocess.check_output([sys.executable, "-c", code], text=True))


@dataclass(frozen=True)
class _Beginning:
    """Milliseconds of one kernel's cells."""

    first: float
    warm: float
    point: float


def cell_and_curve(options: argparse.Namespace) -> list[Row]:
    """Run a cell in a kernel, the first time and then warm, and wait for the first point of its curve."""
    found = [_beginning(number) for number in range(options.rounds)]
    return [
        Row("a kernel's first cell returns", tuple(each.first for each in found), "ms", at_most=800),
        Row("another cell returns", tuple(each.warm for each in found), "ms", at_most=300),
        Row("from the cell to the curve's first point", tuple(each.point for each in found), "ms", at_most=1000),
    ]


def _beginning(number: int) -> _Beginning:
    with notebook() as live:
        first = live.run(cell(f"first{number}", epochs=1))
        live.run("run.wait()")
        warm, points = [], []
        for attempt in range(5):
            name = f"warm{number}-{attempt}"
            began = time.perf_counter()
            warm.append(live.run(cell(name, epochs=2)))
            run = tal.get(name)
            until(lambda run=run: len(run.curve("train_loss")[0]) > 0, timeout=PATIENCE)
            points.append(time.perf_counter() - began)
            live.run("run.wait()")
    return _Beginning(1000 * first, 1000 * statistics.median(warm), 1000 * statistics.median(points))
