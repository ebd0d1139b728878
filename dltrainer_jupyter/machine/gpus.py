"""GPUs by NVIDIA's management library; where it isn't there are none to be seen."""

from __future__ import annotations

import functools
import importlib
import os
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Gpu:
    """A GPU at a moment."""

    name: str
    percent: float | None
    """Share of the last moments in which something ran on it; None where the driver doesn't tell."""
    memory_bytes: int
    memory_total_bytes: int


def read_gpus(library: Any = None) -> list[Gpu]:
    """Look at the GPUs that this process may use, in the order in which it numbers them.

    Parameters
    ----------
    library : module, optional
        What stands for ``pynvml``, initialised; by default that, if a driver answers to it.

    Returns
    -------
    list of Gpu
        Empty where there are none.
    """
    nvml = _initialised() if library is None else library
    if nvml is None:
        return []
    found = []
    for handle in _visible(nvml):
        try:
            memory = nvml.nvmlDeviceGetMemoryInfo(handle)
            found.append(Gpu(_name(nvml, handle), _percent(nvml, handle), int(memory.used), int(memory.total)))
        except nvml.NVMLError:
            # It fell off the bus, or another container's; the others still answer.
            continue
    return found


@functools.cache
def _initialised() -> Any:
    try:
        nvml = importlib.import_module("pynvml")
        nvml.nvmlInit()
    except ImportError:
        return None
    except nvml.NVMLError:
        # No driver here.
        return None
    return nvml


def _visible(nvml: Any) -> list[Any]:
    """Give handles, as CUDA would: by number or the beginning of an identifier, up to the first that isn't there."""
    wanted = os.environ.get("CUDA_VISIBLE_DEVICES")
    try:
        handles = [nvml.nvmlDeviceGetHandleByIndex(index) for index in range(nvml.nvmlDeviceGetCount())]
        if wanted is None:
            return handles
        ids = [_text(nvml.nvmlDeviceGetUUID(handle)) for handle in handles]
    except nvml.NVMLError:
        return []
    chosen = []
    for word in map(str.strip, wanted.split(",")):
        if word.isdecimal() and int(word) < len(handles):
            chosen.append(handles[int(word)])
        elif word.startswith("GPU-") and sum(name.startswith(word) for name in ids) == 1:
            chosen.append(next(handle for handle, name in zip(handles, ids, strict=True) if name.startswith(word)))
        else:
            break
    return chosen


def _percent(nvml: Any, handle: Any) -> float | None:
    try:
        return float(nvml.nvmlDeviceGetUtilizationRates(handle).gpu)
    except nvml.NVMLError:
        # Parts of a divided GPU don't tell.
        return None


def _name(nvml: Any, handle: Any) -> str:
    return _text(nvml.nvmlDeviceGetName(handle))


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
