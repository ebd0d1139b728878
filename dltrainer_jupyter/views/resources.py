"""How busy the machine of whoever asks is, as JSON types."""

from __future__ import annotations

import functools
import socket
import threading
import time
from dataclasses import asdict
from typing import Any

from dltrainer_jupyter.machine import load
from dltrainer_jupyter.machine.gpus import read_gpus

_FRESH = 1.0
"""Seconds for which a reading is good for everybody: many who watch cost no more than one."""
_FIRST = 0.25
"""Seconds over which the first one is taken: how busy a processor is can't be said of a moment."""


def resources() -> dict[str, Any]:
    """Read processors, memory and GPUs.

    Returns
    -------
    dict
        ``host``, ``cpu_percent`` (of all cores together), ``cores``, ``memory_bytes``, ``memory_total_bytes`` and
        ``gpus``, a list of ``name``, ``percent`` (None where the driver doesn't tell), ``memory_bytes`` and
        ``memory_total_bytes``. In a container its limits count for the machine's.

    Examples
    --------
    >>> sorted(resources())
    ['cores', 'cpu_percent', 'gpus', 'host', 'memory_bytes', 'memory_total_bytes']
    """
    return _readings().newest()


class _Readings:
    """The newest reading, made anew when it has grown old."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._read_at = 0.0
        self._newest: dict[str, Any] = {}

    def newest(self) -> dict[str, Any]:
        with self._lock:
            if not self._newest:
                load.machine()
                threading.Event().wait(_FIRST)
            if not self._newest or time.monotonic() - self._read_at >= _FRESH:
                self._newest, self._read_at = _read(), time.monotonic()
            return self._newest


@functools.cache
def _readings() -> _Readings:
    return _Readings()


def _read() -> dict[str, Any]:
    used, total = load.memory()
    return {
        "host": socket.gethostname(),
        "cpu_percent": round(load.machine().percent(), 1),
        "cores": load.cores(),
        "memory_bytes": used,
        "memory_total_bytes": total,
        "gpus": [asdict(gpu) for gpu in read_gpus()],
    }
