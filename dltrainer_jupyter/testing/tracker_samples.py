"""A run as a tracker is told of it, and pieces of its history."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from dltrainer_jupyter.core.records import EventRecord, ValidationRecord
from dltrainer_jupyter.core.states import State
from dltrainer_jupyter.core.tracking import Artifact, Ending, Epoch, GraphNode, Histogram, Points, TrackedRun, Update

BEGAN = 1_800_000_000.0
"""When the run of the samples began, in seconds since 1970."""
EPOCH = 100
"""Steps of an epoch of the samples."""


def tracked_run(folder: Path, **changes: Any) -> TrackedRun:
    """Give a run of a small network on digits.

    Parameters
    ----------
    folder : pathlib.Path
        Where the tracker keeps files of its own; made if it isn't there.
    **changes
        Other values of its fields.
    """
    folder.mkdir(parents=True, exist_ok=True)
    given: dict[str, Any] = {
        "id": "4f1c9a0b7d2e4c6f8a1b3c5d7e9f0a2b",
        "name": "digits-mlp",
        "spec": {
            "name": "digits-mlp",
            "framework": "pytorch",
            "model": {"type": "mlp", "hidden": [64, 32]},
            "data": "digits",
            "epochs": 10,
            "batch_size": 32,
            "learning_rate": 0.001,
            "optimizer": {"type": "adam", "betas": [0.9, 0.999]},
            "validation": {"split": 0.2, "interval": 1},
            "notify": {"webhook": "**********", "on": ["failed"]},
        },
        "framework": "pytorch",
        "environment": {"git": {"commit": "0a1b2c3d", "dirty": False}, "versions": {"torch": "2.13.0"}},
        "created_at": datetime.fromtimestamp(BEGAN, UTC),
        "host": "laboratory",
        "attempt": 1,
        "folder": folder,
        "monitor": "val_accuracy",
        "mode": "max",
        "dataset": {"name": "digits", "task": "classification", "input_shape": [64], "labels": ["0", "1", "2"]},
        "graph": (
            GraphNode("input", "Input", (), (64,)),
            GraphNode("hidden", "Linear", ("input",), (64,), 4160),
            GraphNode("output", "Linear", ("hidden",), (3,), 195),
        ),
    }
    return TrackedRun(**given | changes)


def values_of(name: str, steps: Any) -> Any:
    """Compute a series' values at these steps, as 32-bit floats' values: what a store holds."""
    phase = len(name)
    return np.float32(2.0 / np.sqrt(steps) + 0.01 * np.sin(0.1 * steps + phase)).astype(np.float64)


def points(name: str, first: int, last: int) -> Points:
    """Give a series from one step to another, both included, one a millisecond."""
    steps = np.arange(first, last + 1, dtype=np.int64)
    return Points(steps, values_of(name, steps), BEGAN + steps / 1000)


def update(first: int, last: int, *names: str, again: bool = False, **more: Any) -> Update:
    """Give the history between two steps, both included: series and the epochs that end in it.

    Parameters
    ----------
    first, last : int
        The steps; an epoch has :data:`EPOCH`.
    *names : str
        Of series; ``train_loss`` and ``system/cpu_percent`` if left out.
    again : bool, default False
        Whether it may have arrived before.
    **more
        Other fields of :class:`~dltrainer_jupyter.core.tracking.Update`.
    """
    series = names or ("train_loss", "system/cpu_percent")
    ends = range(first + (-first) % EPOCH, last + 1, EPOCH)
    epochs = [Epoch(end // EPOCH, end, epoch_values(end // EPOCH), BEGAN + end / 1000) for end in ends]
    given: dict[str, Any] = {"curves": {name: points(name, first, last) for name in series}, "epochs": epochs}
    return Update(**given | more, again=again)


def epoch_values(epoch: int) -> dict[str, float]:
    """Give the metrics of an epoch."""
    return {
        "train_loss": 1 / epoch,
        "val_loss": 1.1 / epoch,
        "val_accuracy": 1 - 0.5 / epoch,
        "learning_rate": 0.001,
    }


def expected(*updates: Update) -> dict[str, list[tuple[int, float]]]:
    """Give what a tracker holds after these updates: points by name, as (step, value), in the order of steps."""
    held: dict[str, dict[int, float]] = {}
    for one in updates:
        for name, curve in one.curves.items():
            shown = name if name.startswith("system/") else f"step/{name}"
            held.setdefault(shown, {}).update(zip(curve.steps.tolist(), curve.values.tolist(), strict=True))
        for epoch in one.epochs:
            for name, value in {**epoch.values, "epoch": epoch.epoch}.items():
                held.setdefault(name, {})[epoch.step] = value
    return {name: sorted(found.items()) for name, found in held.items()}


def observations(epoch: int) -> Mapping[str, Any]:
    """Give what an epoch has besides numbers: a confusion matrix, histograms, an event."""
    step = epoch * EPOCH
    counts = np.asarray([1, 5, 2], np.int64)
    edges = np.asarray([-1.0, -0.25, 0.25, 1.0])
    return {
        "validations": [ValidationRecord(epoch, step, [[9, 1, 0], [0, 8, 2], [1, 0, 9]], ["0", "1", "2"])],
        "histograms": [
            Histogram("weights", "hidden.weight", epoch, step, edges, counts),
            Histogram("activations", "hidden", epoch, step, edges, counts),
        ],
        "events": [EventRecord(epoch, "4f1c9a", datetime.fromtimestamp(BEGAN, UTC), "note", "Validated.", step)],
    }


def file_artifact(folder: Path, name: str, text: str = "contents", kind: Any = "report") -> Artifact:
    """Write a file and give it as an artifact."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / Path(name).name
    path.write_text(text)
    return Artifact(name, kind, path, path.stat().st_size)


def checkpoint_artifact(folder: Path, step: int) -> Artifact:
    """Write a folder like a checkpoint's and give it as an artifact."""
    path = folder / f"step-{step:09d}"
    path.mkdir(parents=True)
    (path / "weights.safetensors").write_bytes(bytes(range(256)) * 4)
    (path / "manifest.json").write_text("{}")
    size = sum(part.stat().st_size for part in path.iterdir())
    known = {"step": step, "epoch": step // EPOCH, "kinds": ["best"], "digest": "ab" * 32, "metrics": epoch_values(1)}
    return Artifact(f"checkpoints/step-{step}", "checkpoint", path, size, known)


def ending(state: State = State.COMPLETED) -> Ending:
    """Give the end of a run."""
    return Ending(state, datetime.fromtimestamp(BEGAN + 60, UTC), epoch_values(10))


def same(one: list[tuple[int, float]], other: list[tuple[int, float]]) -> bool:
    """Tell whether points are equal, NaN to itself."""
    return len(one) == len(other) and all(
        a == c and (b == d or (math.isnan(b) and math.isnan(d))) for (a, b), (c, d) in zip(one, other, strict=True)
    )
