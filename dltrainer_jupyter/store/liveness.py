"""Whether a trainer is dead.

On one host the operating system knows: a process is named for good by boot, process id and start time. About a
trainer on another host, or in another container of this one, only its heartbeat tells anything.
"""

from __future__ import annotations

import functools
import os
import socket
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from dltrainer_jupyter.core.records import AttemptRecord

LEASE = timedelta(seconds=90)
"""How old a heartbeat from elsewhere may be."""

_LINUX = sys.platform == "linux"


@dataclass(frozen=True)
class Identity:
    """What names a process for good."""

    host: str
    boot_id: str
    """The boot and, where processes are numbered separately, the name space: ``<boot>:<name space>``."""
    pid: int
    process_started: float
    """On Linux seconds after boot, which no change of the clock moves; elsewhere seconds since 1970."""


def this_process() -> Identity:
    """Name the process that asks."""
    return _identity(os.getpid())


@functools.cache
def _identity(pid: int) -> Identity:
    started = process_start(pid)
    if started is None:
        msg = f"the operating system does not show this very process ({pid})"
        raise RuntimeError(msg)
    return Identity(socket.gethostname(), f"{_boot()}:{_name_space()}", pid, started)


class Holder(NamedTuple):
    """What there is to know of an unended attempt to find out whether its trainer is dead."""

    run_id: str
    number: int
    host: str
    boot_id: str
    pid: int
    process_started: float
    heartbeat_at: datetime


def is_dead(attempt: AttemptRecord | Holder, now: datetime) -> bool:
    """Tell whether the trainer of an unended attempt is dead.

    Parameters
    ----------
    attempt : AttemptRecord or Holder
        The trainer.
    now : datetime
        By the clock that wrote ``heartbeat_at``.

    Returns
    -------
    bool
        False also where nothing proves it yet.
    """
    here = this_process()
    expired = now - attempt.heartbeat_at > LEASE
    if attempt.host != here.host:
        return expired
    if attempt.boot_id == here.boot_id:
        return _is_gone(attempt, expired=expired)
    boot, _, _ = attempt.boot_id.partition(":")
    if boot == _boot():
        return expired
    # Another boot of this host, or another host that calls itself the same.
    return expired or attempt.heartbeat_at < _booted_at()


def _is_gone(attempt: AttemptRecord | Holder, *, expired: bool) -> bool:
    try:
        # Signal 0 only asks; on Windows it would end the process.
        if sys.platform != "win32":
            os.kill(attempt.pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        # Another user's, so it is alive, but who it is may be hidden.
        started = process_start(attempt.pid)
        return expired if started is None else started != attempt.process_started
    return process_start(attempt.pid) != attempt.process_started


def process_start(pid: int) -> float | None:
    """Say when a process started.

    Parameters
    ----------
    pid : int
        Its number.

    Returns
    -------
    float or None
        As in :attr:`Identity.process_started`; None if there is no such process, or only its zombie.
    """
    if not _LINUX:
        return _foreign_process_start(pid)
    try:
        status = Path(f"/proc/{pid}/stat").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The second field is the program's name in parentheses and may hold anything; start time is field 22.
    fields = status[status.rindex(b")") + 2 :].split()
    return None if fields[0] in b"ZXx" else int(fields[19]) / os.sysconf("SC_CLK_TCK")


def _foreign_process_start(pid: int) -> float | None:
    import psutil

    try:
        process = psutil.Process(pid)
        dead = process.status() in {psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD}
        return None if dead else process.create_time()
    except psutil.NoSuchProcess:
        return None


@functools.cache
def _boot() -> str:
    if _LINUX:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    # Good to a minute: where it is computed from the clock, it moves when the clock is set.
    return str(round(_booted_at().timestamp() / 60))


@functools.cache
def _name_space() -> str:
    return str(Path("/proc/self/ns/pid").stat().st_ino) if _LINUX else ""


def _booted_at() -> datetime:
    import psutil

    return datetime.fromtimestamp(psutil.boot_time(), UTC)
