"""Processor time and memory, of a process that is made busy."""

from __future__ import annotations

import subprocess
import sys

import psutil
import pytest

from dltrainer_jupyter.machine import load

BUSY = "block = bytearray(80_000_000)\nprint(flush=True)\nwhile True: pass"
LOOKING = """
import subprocess, sys, time
from dltrainer_jupyter.machine import load

before = load.ProcessTree().memory_bytes()
busy = subprocess.Popen([sys.executable, "-c", sys.argv[1]], stdout=subprocess.PIPE)
try:
    busy.stdout.readline()
    tree, end = load.ProcessTree(), time.monotonic() + 60
    used = tree.used_seconds()
    while tree.used_seconds() < used + 0.5:
        assert time.monotonic() < end, "the child's time isn't counted"
    assert tree.memory_bytes() > before + 60_000_000
finally:
    busy.kill()
    busy.wait()
assert tree.memory_bytes() < before + 40_000_000
"""


class Time:
    """A clock that goes when it is told to."""

    now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch) -> Time:
    clock = Time()
    monkeypatch.setattr(load, "time", clock)
    monkeypatch.setattr(load, "cores", lambda: 2.0)
    return clock


def test_load_is_the_share_of_all_cores_since_the_last_look(clock) -> None:
    used = iter([10.0, 13.0, 13.0, 99.0])
    seen = load.Load(lambda: next(used))
    clock.now += 2
    assert seen.percent() == 75.0  # 3 of the 4 seconds that two cores have
    clock.now += 0.1
    assert seen.percent() == 75.0  # too early to tell anything new
    clock.now += 1
    assert seen.percent() == 0.0
    clock.now += 1
    assert seen.percent() == 100.0  # whatever the kernel's own clock makes of it


def test_children_count_and_a_dead_one_is_left_out() -> None:
    # In a process of its own: children that other tests left to this one come and go.
    done = subprocess.run([sys.executable, "-c", LOOKING, BUSY], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_machine_has_what_psutil_says() -> None:
    used, total = load.memory()
    assert 0 < used < total <= psutil.virtual_memory().total
    assert 0 < load.cores() <= (psutil.cpu_count() or 0)
    assert load.machine_seconds() >= 0
