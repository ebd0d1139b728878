from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import psutil
import pytest

from dltrainer_jupyter.core.records import AttemptRecord
from dltrainer_jupyter.store import liveness
from dltrainer_jupyter.store.liveness import is_dead, process_start, this_process

NOW = datetime.now(UTC)
FRESH = NOW - timedelta(seconds=1)
OLD = NOW - timedelta(seconds=91)


def _attempt(heartbeat_at: datetime = FRESH, **identity: object) -> AttemptRecord:
    trainer = dataclasses.replace(this_process(), **identity)
    return AttemptRecord(
        run_id="run",
        number=1,
        executor="process",
        host=trainer.host,
        boot_id=trainer.boot_id,
        pid=trainer.pid,
        process_started=trainer.process_started,
        started_at=heartbeat_at,
        ended_at=None,
        heartbeat_at=heartbeat_at,
        resumed_from_step=None,
        environment={},
    )


def test_this_process_is_alive_however_long_it_has_been_silent():
    assert not is_dead(_attempt(OLD), NOW)


def test_a_process_that_ended_is_dead_at_once():
    ended = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    assert is_dead(_attempt(pid=int(ended.stdout)), NOW)


def test_a_number_that_was_given_to_another_process_is_no_life():
    assert is_dead(_attempt(process_started=this_process().process_started - 1), NOW)


def test_a_zombie_is_dead():
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        started = process_start(child.pid)
        assert started is not None
        assert not is_dead(_attempt(pid=child.pid, process_started=started), NOW)
        child.kill()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert process_start(child.pid) is None
        assert is_dead(_attempt(pid=child.pid, process_started=started), NOW)


@pytest.mark.parametrize(("heartbeat_at", "dead"), [(FRESH, False), (OLD, True)])
@pytest.mark.parametrize("elsewhere", ["host", "container"])
def test_elsewhere_only_the_heartbeat_tells(elsewhere: str, heartbeat_at: datetime, dead: bool):
    boot = this_process().boot_id.partition(":")[0]
    identity = {"host": "another"} if elsewhere == "host" else {"boot_id": f"{boot}:another"}
    # No such process here; that says nothing about there.
    assert is_dead(_attempt(heartbeat_at, pid=2**22 + 1, **identity), NOW) is dead


def test_what_was_alive_before_this_host_started_is_dead_at_once(monkeypatch: pytest.MonkeyPatch):
    booted = NOW - timedelta(seconds=20)
    monkeypatch.setattr(liveness, "_booted_at", lambda: booted)
    assert is_dead(_attempt(booted - timedelta(seconds=5), boot_id="another boot:1"), NOW)
    # Another host of the same name, then.
    assert not is_dead(_attempt(booted + timedelta(seconds=5), boot_id="another boot:1"), NOW)


def test_a_process_of_somebody_else_that_may_not_be_looked_at_counts_by_its_heartbeat(monkeypatch: pytest.MonkeyPatch):
    def refuse(_pid: int, _signal: int) -> None:
        raise PermissionError

    monkeypatch.setattr(liveness.os, "kill", refuse)
    monkeypatch.setattr(liveness, "process_start", lambda _pid: None)
    assert not is_dead(_attempt(FRESH), NOW)
    assert is_dead(_attempt(OLD), NOW)


def test_the_program_name_may_hold_anything():
    code = "import ctypes; ctypes.CDLL(None).prctl(15, b') Z (x', 0, 0, 0); print('named', flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        before = process_start(child.pid)
        assert child.stdout is not None
        child.stdout.readline()
        assert process_start(child.pid) == before is not None
        child.kill()


def test_other_platforms_ask_psutil(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(liveness, "_LINUX", False)
    assert process_start(os.getpid()) == psutil.Process().create_time()
    assert process_start(2**22 + 1) is None
