"""What a report says to programs: a run in JSON types, bounded in size however long the run is."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from dltrainer_jupyter.core.records import CheckpointRecord
from dltrainer_jupyter.loop import partitions
from dltrainer_jupyter.store.store import Store
from dltrainer_jupyter.views import processing
from dltrainer_jupyter.views.analysis import analysis
from dltrainer_jupyter.views.classes import class_rows
from dltrainer_jupyter.views.configuration import in_force, in_words
from dltrainer_jupyter.views.live import checkpoint_row, curve_columns
from dltrainer_jupyter.views.numbers import number
from dltrainer_jupyter.views.tables import run_row
from dltrainer_jupyter.views.tracking import tracker_row
from dltrainer_jupyter.views.words import finite

VERSION = 1
"""Of the document; a newer one may hold more, and means the same by what is here."""
MARK = "dltrainer_report"
"""The key that holds the version."""
_EPOCHS, _SERIES, _POINTS, _CHECKPOINTS, _EVENTS, _CLASSES, _LAYERS = 1000, 30, 500, 100, 100, 200, 500
_LONG = 2000
"""Characters of a message."""


def document(store: Store, run_id: str) -> dict[str, Any]:
    """Describe a run for programs.

    Returns
    -------
    dict
        Strict JSON types.
    """
    run, attempts = store.run(run_id), store.attempts(run_id)
    validation = store.validation(run_id)
    matrix: dict[str, Any] | None = None
    if validation is not None and validation.confusion is not None and len(validation.labels) <= _CLASSES:
        matrix = {"epoch": validation.epoch, "labels": validation.labels, "matrix": validation.confusion}
    evaluation: dict[str, Any] | None = None
    if validation is not None:
        evaluation = {
            "epoch": validation.epoch,
            "step": validation.step,
            "labels": validation.labels[:_CLASSES],
            "summary": {**(validation.summary or {}), "classes": class_rows(validation)[:_CLASSES]},
        }
    model = analysis(store, run_id)
    signature = store.signature(run_id) or {}
    made: dict[str, Any] = {
        MARK: VERSION,
        "made_at": datetime.now(UTC).isoformat(),
        "run": {
            **run_row(run),
            "resume": run.resume,
            "exact": run.exact,
            "attempts": run.attempt,
            "train_seconds": run.progress.train_seconds,
            "device": attempts[-1].environment.get("device") if attempts else None,
            "error": None if run.error is None else {**vars(run.error), "message": run.error.message[:_LONG]},
        },
        "best": None if run.best is None else {**vars(run.best), "value": number(run.best.value)},
        "config": in_words(in_force(store, run).dump()),
        "data": {key: value for key, value in signature.items() if key not in {"labels", "preprocessing"}}
        | {"labels": list(signature.get("labels", ()))[:_CLASSES], "partition": partitions.summary(Path(run.folder))}
        | {"preparation": processing.before(signature.get("preprocessing", ())), "finish": processing.after(run.spec)},
        "model": None if model is None else {**model, "layers": model["layers"][:_LAYERS]},
        "metrics": _metrics(store, run_id),
        "curves": {
            name: curve_columns(store, run_id, name, points=_POINTS) for name in store.curve_names(run_id)[:_SERIES]
        },
        "evaluation": evaluation,
        "confusion": matrix,
        "checkpoints": [
            checkpoint_row(record) | {"path": record.path, "attempt": record.attempt}
            for record in _few(store.checkpoints(run_id))
        ],
        "events": [
            {"at": event.at.isoformat(), "kind": event.kind, "message": event.message[:_LONG], "step": event.step}
            for event in store.newest_events(run_id, _EVENTS)
        ],
        "environment": {**run.environment, **(attempts[-1].environment if attempts else {})},
        "trackers": [tracker_row(record, run) for record in store.tracking(run_id)],
    }
    written: dict[str, Any] = finite(made)
    return written


def _metrics(store: Store, run_id: str) -> list[dict[str, Any]]:
    """Give a row an epoch; of very many, evenly spaced ones and the last."""
    last = store.last_epoch(run_id)
    if not last:
        return []
    chosen = set(np.unique(np.linspace(1, last, min(last, _EPOCHS)).round().astype(int)).tolist())
    return [{"epoch": row.epoch, "step": row.step, **finite(row.values)} for row in store.epochs(run_id, only=chosen)]


def _few(records: list[CheckpointRecord]) -> list[CheckpointRecord]:
    return [record for record in records[:-_CHECKPOINTS] if "best" in record.kinds] + records[-_CHECKPOINTS:]
