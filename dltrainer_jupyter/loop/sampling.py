"""Use of processors, memory and GPUs as series of the run, by step."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

import numpy as np
import numpy.typing as npt

from dltrainer_jupyter.machine.gpus import Gpu, read_gpus
from dltrainer_jupyter.machine.load import Load, ProcessTree

SYSTEM = "system/"
"""Beginning of the names of these series. They tell of the machine: two runs of the same bits differ in them."""
INTERVAL = 2.0
"""Seconds between two samples."""
_SAMPLES = 2000
"""Of a long run there is one in so many parts of the time it has trained: more could not be told apart on a chart."""
_GB = 1e9
_PATIENCE = 1.0
"""Seconds the trainer waits at the end for a sample under way; a driver that hangs holds nobody up."""


class Sampler:
    """Samples in a thread of its own, and hands the newest sample to the trainer when it writes to the store anyway.

    ``system/cpu_percent`` is the share of all cores that the trainer's process and its children had since the sample
    before, ``system/memory_gb`` the memory they take; ``system/gpu0_percent`` and ``system/gpu0_memory_gb`` are those
    of the whole GPU.

    Parameters
    ----------
    begun_at : int
        The step at which the trainer begins; samples belong to later ones.
    trained_seconds : callable
        Tells how long the run has trained.
    gpus : callable
        Looks at the GPUs, if the run trains on one.
    """

    def __init__(
        self, begun_at: int, trained_seconds: Callable[[], float], gpus: Callable[[], Sequence[Gpu]] | None = None
    ) -> None:
        self._last_step = begun_at
        self._trained_seconds = trained_seconds
        self._gpus = gpus
        self._newest: dict[str, float] | None = None
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="dltrain-sample", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._done.set()
        self._thread.join(_PATIENCE)

    def take(self, step: int) -> dict[str, tuple[int, npt.NDArray[np.float32]]]:
        """Give the newest sample as of a step, as the store wants it; empty if nobody has sampled since."""
        if step <= self._last_step or self._newest is None:
            return {}
        self._last_step = step
        sample, self._newest = self._newest, None
        return {SYSTEM + name: (step, np.array([value], np.float32)) for name, value in sample.items()}

    def _watch(self) -> None:
        tree = ProcessTree()
        load = Load(tree.used_seconds)
        while not self._done.wait(max(INTERVAL, self._trained_seconds() / _SAMPLES)):
            self._newest = {"cpu_percent": load.percent(), "memory_gb": tree.memory_bytes() / _GB} | self._of_gpus()

    def _of_gpus(self) -> dict[str, float]:
        values = {}
        for number, gpu in enumerate(self._gpus() if self._gpus else ()):
            if gpu.percent is not None:
                values[f"gpu{number}_percent"] = gpu.percent
            values[f"gpu{number}_memory_gb"] = gpu.memory_bytes / _GB
        return values


def make_sampler(begun_at: int, trained_seconds: Callable[[], float], device: str) -> Sampler:
    """Make the sampler of a run that trains on a device."""
    return Sampler(begun_at, trained_seconds, None if "cpu" in device.lower() else read_gpus)
