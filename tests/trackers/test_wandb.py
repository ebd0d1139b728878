"""The copy at Weights & Biases holds what it was sent: W&B's own files say so."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from dltrainer_jupyter.testing.tracker_contract import Held, TrackerContract
from dltrainer_jupyter.trackers.wandb import WandB

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from dltrainer_jupyter.core.tracking import Opened


def read(folder: Path) -> Held:
    """Read every file of a run, in the order in which they were written."""
    from dltrainer_jupyter.trackers.wandb.transaction_log import columns, records

    series: dict[str, list[tuple[int, float]]] = {}
    settings: dict[str, Any] = {}
    files: set[str] = set()
    for log in sorted(folder.glob("wandb/*run-*/run-*.wandb")):
        for record, _ in records(log):
            kind = record.WhichOneof("record_type")
            if kind == "history":
                row = columns(record.history)
                for name, value in row.items():
                    if isinstance(value, int | float) or value in ("NaN", "Infinity", "-Infinity"):
                        series.setdefault(name, []).append((row["step"], float(value)))
            elif kind in ("run", "config"):
                for item in (record.run.config if kind == "run" else record.config).update:
                    settings[item.key or ".".join(item.nested_key)] = json.loads(item.value_json)
            elif kind == "artifact":
                name = json.loads(record.artifact.metadata)["name"]
                paths = [entry.path for entry in record.artifact.manifest.contents]
                files |= {name if path == name else f"{name}/{path}" for path in paths}
    ordered = {name: sorted(found, key=lambda point: point[0]) for name, found in series.items()}
    return Held(ordered, dict(flat(settings)), frozenset(files))


def flat(settings: dict[str, Any], before: str = "") -> Any:
    for key, value in settings.items():
        if isinstance(value, dict):
            yield from flat(value, f"{before}{key}.")
        else:
            yield f"{before}{key}", value


class TestOffline(TrackerContract):
    client = "wandb"

    @pytest.fixture
    def make(self) -> Callable[[], WandB]:
        return lambda: WandB(WandB.Config(mode="offline"))

    @pytest.fixture
    def held(self, folder: Path) -> Callable[[Opened], Held]:
        return lambda _: read(folder)
