"""What a source of files offers, and many samples read of it: by several threads, what is bad left out."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from dltrainer_jupyter.core.errors import BadSampleError
from dltrainer_jupyter.data.lazy.bad import BadSamples

if TYPE_CHECKING:
    import numpy.typing as npt

    from dltrainer_jupyter.core.protocols import Array

_MOST_WORKERS = 8
_TOGETHER = 16
"""Samples that a thread reads in a row."""


class Reader(Protocol):
    """Samples that are listed and not read."""

    def __len__(self) -> int:
        """Count them."""

    def read(self, index: int) -> tuple[Array, Any]:
        """Read one: its raw input, and its target where that isn't known without reading, else None.

        Raises
        ------
        BadSampleError
            If it can't be read; the message begins with its name.
        """

    def name(self, index: int) -> str:
        """Give what people call a sample: a file, mostly."""


def workers_for(asked: int | None) -> int:
    """Tell how many threads read."""
    if asked is not None:
        return asked
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(count, _MOST_WORKERS))


def read_good(reader: Reader, index: int, bad: BadSamples) -> tuple[Array, Any] | None:
    """Read a sample; None if it is one to leave out.

    Raises
    ------
    BadSampleError
        If it can't be read, and isn't to be left out.
    """
    try:
        return reader.read(index)
    except BadSampleError as error:
        bad.report(reader.name(index), error)
        return None


def read_all(reader: Reader, bad: BadSamples, workers: int) -> tuple[Array, list[Any], npt.NDArray[np.int64]]:
    """Read everything.

    Returns
    -------
    (numpy.ndarray, list, numpy.ndarray of int64)
        Inputs, targets, and which samples they are.

    Raises
    ------
    BadSampleError
        If samples can't be read, and aren't to be left out.
    """

    def some(start: int) -> Sequence[tuple[int, tuple[Array, Any] | None]]:
        rows = range(start, min(start + _TOGETHER, len(reader)))
        return [(row, read_good(reader, row, bad)) for row in rows]

    inputs: Array | None = None
    targets: list[Any] = []
    kept: list[int] = []
    with ThreadPoolExecutor(workers, thread_name_prefix="dltrainer-data") as pool:
        try:
            for chunk in pool.map(some, range(0, len(reader), _TOGETHER)):
                for row, found in chunk:
                    if found is None:
                        continue
                    if inputs is None:
                        inputs = np.empty((len(reader), *found[0].shape), found[0].dtype)
                    inputs[len(kept)] = found[0]
                    targets.append(found[1])
                    kept.append(row)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    if inputs is None:
        msg = "data: none of the samples can be used."
        raise BadSampleError(msg)
    return inputs[: len(kept)], targets, np.array(kept, np.int64)
