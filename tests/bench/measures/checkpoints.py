"""What checkpoints cost: how long one holds a step, how fast it is written beside the training, what share it takes."""

from __future__ import annotations

import argparse
import hashlib
import os
import statistics
import time
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

from dltrainer_jupyter import tal
from dltrainer_jupyter.checkpoints import writer
from dltrainer_jupyter.checkpoints.format import Request, Written
from dltrainer_jupyter.core.protocols import FullState
from dltrainer_jupyter.loop.training import Training
from dltrainer_jupyter.tal import Run
from tests.bench.fresh import call
from tests.bench.measuring import seconds_of
from tests.bench.report import Row

_MOST = 3.0
"""Percent of the time that checkpoints may take when one is written every 60 s."""
_INTERVAL = 60.0
_SOON = 0.25
"""Seconds between checkpoints in a measurement, so that many fall into a short run."""


def stall(options: argparse.Namespace) -> list[Row]:
    """Compare how long a step is held with a bare copy of the state, and the writing with a bare writing of it."""
    found = [call(held_and_written) for _ in range(options.rounds)]
    held, copied, ours, plain = (
        tuple(statistics.median(values) for values in each) for each in zip(*found, strict=True)
    )
    holding = statistics.median(a / b for a, b in zip(held, copied, strict=True))
    writing = statistics.median(a / b for a, b in zip(ours, plain, strict=True))
    return [
        Row("a bare copy of the state", copied, "ms"),
        Row("a step is held by a checkpoint", held, "ms", holding, at_most=1.2),
        Row("plain safetensors, SHA-256 and fsync, beside the training", plain, "MB/s"),
        Row("a checkpoint's files, beside the training", ours, "MB/s", writing, at_least=0.7),
    ]


def held_and_written() -> tuple[list[float], list[float], list[float], list[float]]:
    """Train with many checkpoints, and measure at each of them.

    Returns
    -------
    held, copied : list of float
        Milliseconds that a step waited, and that a copy of the same arrays took right afterwards.
    ours, plain : list of float
        Megabytes a second that the writer's thread wrote, and wrote in the plainest way right afterwards.
    """
    held, copied, ours, plain = [], [], [], []
    whole, write = Training.checkpoint, writer.write

    def timed_checkpoint(training: Training, *arguments: Any) -> None:
        held.append(1000 * seconds_of(lambda: whole(training, *arguments)))
        copied.append(1000 * _seconds_of_a_copy(training.parts.adapter.save(training.parts.state)))

    def timed_write(folder: Path, request: Request) -> Written:
        size = sum(len(array.data) for array in (*request.state.weights.values(), *request.state.optimizer.values()))
        began = time.perf_counter()
        written = write(folder, request)
        ours.append(size / 2**20 / (time.perf_counter() - began))
        plain.append(size / 2**20 / seconds_of(lambda: _write_plainly(folder / ".plain", request.state)))
        return written

    with mock.patch.object(Training, "checkpoint", timed_checkpoint), mock.patch.object(writer, "write", timed_write):
        _train(epochs=8, every_seconds=_SOON)
    # The first ones come before the first step, and while memory is still being asked for.
    return held[2:], copied[2:], ours[2:], plain[2:]


def _seconds_of_a_copy(state: FullState) -> float:
    arrays = [np.frombuffer(array.data, np.uint8) for array in (*state.weights.values(), *state.optimizer.values())]
    return seconds_of(lambda: [array.copy() for array in arrays])


def _write_plainly(path: Path, state: FullState) -> None:
    """Write weights and optimizer as one file would be written by hand."""
    from safetensors.numpy import save_file

    arrays = {**state.weights, **state.optimizer}
    save_file({name: np.frombuffer(array.data, np.uint8) for name, array in arrays.items()}, path)
    with path.open("rb") as file:
        hashlib.file_digest(file, "sha256")
        os.fsync(file.fileno())
    path.unlink()


def share(options: argparse.Namespace) -> list[Row]:
    """Train with many checkpoints and with none, and spread what they cost over a minute."""
    _train(every_seconds=None)
    costs = []
    for _ in range(options.rounds):
        without = _train(every_seconds=None).record.progress.train_seconds
        with_them = _train(every_seconds=_SOON).record.progress.train_seconds
        costs.append(max(0.0, with_them - without) / (with_them / _SOON))
    percent = tuple(100 * cost / _INTERVAL for cost in costs)
    return [
        Row("a checkpoint costs the training, in all", tuple(1000 * cost for cost in costs), "ms"),
        Row("which is of its time, at one a minute", percent, "%", at_most=_MOST),
    ]


def _train(epochs: int = 20, **checkpoint: Any) -> Run:
    return tal.train(
        model={"type": "mlp", "hidden": [1024, 1024], "dropout": 0.2, "batch_norm": True},
        data="digits",
        epochs=epochs,
        optimizer={"type": "adamw"},
        ema=0.999,
        validation=False,
        executor="inline",
        checkpoint={"every_epochs": None, **checkpoint},
        verbose=False,
    )
