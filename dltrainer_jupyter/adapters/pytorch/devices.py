"""Choose a device and a number of threads."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.spec import RunSpec

_KINDS = ("cpu", "cuda", "mps")
_BUSY = 0.7
"""Processes that were running on average in the last minute: somebody trains."""
_LOAD = Path("/proc/loadavg")
"""Its fourth word begins with how many threads run or wait for a processor at this moment."""
_LOOKS, _BETWEEN = 4, 0.0005
"""How often that is looked up, and the seconds in between: a step may just be waiting for something."""
_REMEMBERED, _SECONDS = 20, 5.0
"""How many looks count, and for how long: what runs for a moment beside a prediction is nobody's training."""


def choose_device(wanted: str) -> torch.device:
    """Give the device to train on.

    Parameters
    ----------
    wanted : str
        ``auto`` (CUDA, else MPS, else CPU) or a device's name.

    Raises
    ------
    ConfigurationError
        If the name is not a device, or the device isn't there.

    Returns
    -------
    torch.device
        Named as its tensors name it, with the number of a GPU, so that the two can be compared.
    """
    if wanted == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda", torch.cuda.current_device())
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        device = torch.device(wanted)
    except RuntimeError:
        device = None
    if device is None or device.type not in _KINDS:
        msg = f"device: expected auto, cpu, cuda, cuda:N or mps, got '{wanted}'."
        raise ConfigurationError(msg)
    missing = (device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count()) or (
        device.type == "mps" and not torch.backends.mps.is_available()
    )
    if missing:
        msg = f"device: '{wanted}' isn't there; this machine has {torch.cuda.device_count()} CUDA devices."
        raise ConfigurationError(msg)
    if device.type == "cuda" and device.index is None:
        return torch.device("cuda", torch.cuda.current_device())
    return device


def free_memory(device: torch.device) -> int | None:
    """Say how many bytes of a GPU are free, by all processes' use; None for what has no memory of its own."""
    return int(torch.cuda.mem_get_info(device)[0]) if device.type == "cuda" else None


@contextmanager
def considerate_threads(device: torch.device, *, is_long: bool = False) -> Iterator[None]:
    """Leave a core to others while something is computed on the CPU, if others are busy.

    Threads that wait for each other spin: with a thread on a core that somebody trains on, a prediction of ResNet-50
    took 970 instead of 140 ms. The number of threads is the calling thread's own, so a trainer in another keeps its.

    Parameters
    ----------
    device : torch.device
        Where it is computed.
    is_long : bool, default False
        Whether it takes so long that it pays to look whether others compute now, not just in the last minute.
    """
    before = torch.get_num_threads()
    is_busy = device.type == "cpu" and _are_others_busy(is_long=is_long)
    fewer = min(before, choose_threads(None)) if is_busy else before
    if fewer == before:
        yield
        return
    torch.set_num_threads(fewer)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _are_others_busy(*, is_long: bool) -> bool:
    now = _others.are_busy() if is_long else None
    return now if now is not None else hasattr(os, "getloadavg") and os.getloadavg()[0] >= _BUSY


class _Others:
    """Who computes beside a prediction now, if the system tells; the average over a minute is slow to forget."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, bool]] = deque(maxlen=_REMEMBERED)

    def are_busy(self) -> bool | None:
        """Say whether most looks of the last seconds saw somebody; None where there is no telling."""
        for _ in range(_LOOKS):
            try:
                running = int(_LOAD.read_text().split()[3].partition("/")[0])
            except (OSError, ValueError, IndexError):
                return None  # no Linux
            self._seen.append((time.monotonic(), running > 1))  # the one that looks is running, too
            time.sleep(_BETWEEN)
        since = time.monotonic() - _SECONDS
        recent = [was_busy for when, was_busy in tuple(self._seen) if when >= since]
        return sum(recent) > len(recent) / 2


_others = _Others()


def choose_threads(wanted: int | None) -> int:
    """Give the number of CPU threads for the trainer.

    One core is left to the kernel and the browser: OpenMP's idle threads spin, and beside a busy core they make a
    small step many times slower.
    """
    if wanted is not None:
        return wanted
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, cores - 1)


def describe(device: torch.device, spec: RunSpec) -> dict[str, Any]:
    """Say what bits depend on: the machine, the libraries whose kernels it runs, and which of several ways is taken."""
    is_cuda = device.type == "cuda"
    found: dict[str, Any] = {
        "device": str(device),
        "device_name": torch.cuda.get_device_name(device) if is_cuda else device.type,
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
        "cpu": torch.backends.cpu.get_cpu_capability(),
        "fused_optimizer": spec.fast.fused_optimizer,
        "channels_last": spec.fast.channels_last,
        "compile": spec.compile,
    }
    if is_cuda:
        found |= {"cuda": torch.version.cuda, "cudnn": torch.backends.cudnn.version()}  # type: ignore[no-untyped-call]
    return found
