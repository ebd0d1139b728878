"""Everything that must be the same at the end of a killed run and of an undisturbed one."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np

from dltrainer_jupyter.checkpoints import encoding
from dltrainer_jupyter.checkpoints.reader import load
from dltrainer_jupyter.loop.sampling import SYSTEM
from dltrainer_jupyter.tal import Run

_CHECKSUM = 64
"""Longest text that is no curve."""
_TIMES = {"train_seconds"}
"""What a checkpoint knows that is no result."""


def outcome(run: Run) -> dict[str, Any]:
    """Describe how a run ended, in JSON types.

    Parameters
    ----------
    run : Run
        One that has ended.

    Returns
    -------
    dict
        ``state``; ``digest`` of weights and optimizer, ``rest`` of what the last checkpoint holds besides; the best
        checkpoint's ``best_digest`` and what made it the ``best``; the ``history`` by epoch; ``curves`` as bits;
        ``validations`` as checksums; ``holes`` in the history, of which there may be none.
    """
    record = run.record
    checkpoints = {kind: run.store.checkpoint(run.id, kind) for kind in ("last", "best")}
    last, best = checkpoints["last"], checkpoints["best"]
    # What the machine was busy with is no result.
    names = [name for name in run.store.curve_names(run.id) if not name.startswith(SYSTEM)]
    curves = {name: run.store.curve_values(run.id, name) for name in names}
    epochs = run.store.epochs(run.id)
    return {
        "state": str(record.state),
        "digest": last and last.digest,
        "rest": {} if last is None else _rest(Path(last.path)),
        "best_digest": best and best.digest,
        "best": record.best and [record.best.metric, record.best.value.hex(), record.best.epoch, record.best.step],
        "history": {
            str(row.epoch): {"step": row.step} | {name: float(value).hex() for name, value in row.values.items()}
            for row in epochs
        },
        "curves": {name: np.asarray(values, "<f4").tobytes().hex() for name, (_, values) in curves.items()},
        "validations": {
            str(epoch): _checksum(run.store.validation(run.id, epoch)) for epoch in run.store.validation_epochs(run.id)
        },
        "holes": _holes([row.epoch for row in epochs], {name: steps for name, (steps, _) in curves.items()}, record),
    }


def _rest(path: Path) -> dict[str, Any]:
    state, _ = load(path)
    return {
        field: _checksum(value) if isinstance(value, str | list | dict) else value
        for field, value in leaves(encoding.encode(state.meta, "meta")).items()
        if field not in _TIMES
    }


def leaves(value: Any, where: str = "") -> dict[str, Any]:
    """Flatten dictionaries: what is at ``judge.best``, what at ``recorder.sum``."""
    if isinstance(value, dict) and value and not any(key.startswith("$") for key in value):
        return {
            path: leaf
            for key, item in value.items()
            for path, leaf in leaves(item, f"{where}.{key}".lstrip(".")).items()
        }
    return {where: value}


def _checksum(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, default=vars, sort_keys=True).encode()).hexdigest()[:16]


def _holes(epochs: list[int], steps: dict[str, Any], record: Any) -> list[str]:
    """Name what is missing or there twice; a (run, step) must have one value, and an epoch one row."""
    found = []
    if epochs != list(range(1, record.progress.epoch + 1)):
        found.append(f"epochs {epochs}")
    for name, seen in steps.items():
        if seen.tolist() != list(range(1, record.progress.step + 1)):
            found.append(f"{name}: {len(seen)} values for {record.progress.step} steps")
    return found


def differences(found: dict[str, Any], expected: dict[str, Any]) -> list[str]:
    """Name what differs, and the first place where it does."""
    told = [f"holes in the history: {found['holes']}"] if found["holes"] else []
    for key, wanted in expected.items():
        got = found[key]
        if got == wanted or key == "holes":
            continue
        if isinstance(wanted, dict):
            names = [name for name in {**wanted, **got} if wanted.get(name) != got.get(name)]
            told.append(f"{key}: {', '.join(_where(name, got.get(name), wanted.get(name)) for name in names[:4])}")
        else:
            told.append(f"{key}: {str(got)[:24]} instead of {str(wanted)[:24]}")
    return told


def _where(name: str, got: Any, wanted: Any) -> str:
    """Say where a curve leaves the other, or which of an epoch's values does."""
    if isinstance(got, dict) and isinstance(wanted, dict):
        return f"{name}.{next(key for key in {**wanted, **got} if wanted.get(key) != got.get(key))}"
    if isinstance(got, str) and isinstance(wanted, str) and max(len(got), len(wanted)) > _CHECKSUM:
        width = 2 * np.dtype("<f4").itemsize
        same = next((at for at in range(0, len(wanted), width) if got[at : at + width] != wanted[at : at + width]), 0)
        return f"{name} from step {same // width + 1} of {len(wanted) // width}"
    return name
