"""Everything a panel shows of one run, as JSON types, bounded in size."""

from __future__ import annotations

import functools
import math
from datetime import UTC, datetime
from typing import Any

from dltrainer_jupyter.core.live import declared, present
from dltrainer_jupyter.core.records import CheckpointRecord, ControlRecord, ProgressRecord, RunRecord
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.core.states import ALLOWED, State, Verb
from dltrainer_jupyter.loop.sampling import SYSTEM
from dltrainer_jupyter.store.store import Store
from dltrainer_jupyter.views.asked import note
from dltrainer_jupyter.views.configuration import in_force, to_yaml
from dltrainer_jupyter.views.curves import curve
from dltrainer_jupyter.views.numbers import number, numbers
from dltrainer_jupyter.views.tracking import tracker_row

_CURVE_POINTS = 1000
_SYSTEM_POINTS, _FEWEST_POINTS = 400, 20
"""Of all series together that say how busy the machine is, and the least of each: one with many GPUs has many."""
_EPOCHS = 400
_CONTROLS = 50
_EVENTS = 50
_CHECKPOINTS = 50
_CLASSES = 100
"""A larger confusion matrix would be most of what is sent."""
_MESSAGE, _TRACEBACK = 2000, 8000
"""Characters of an error: the beginning of what it says, the end of where it came from."""


def snapshot(store: Store, run_id: str) -> dict[str, Any]:
    """Put together what a panel shows.

    Parameters
    ----------
    store : Store
        Where the run is.
    run_id : str
        Which run.

    Returns
    -------
    dict
        JSON types only; numbers that aren't finite are None. At most about 100 kB however long the run is.
    """
    with store.look():
        return _snapshot(store, run_id)


def _snapshot(store: Store, run_id: str) -> dict[str, Any]:
    # Read first: whoever compares it later finds that there is more, never that this holds what it doesn't.
    revision = store.revision(run_id)
    run = store.run(run_id)
    attempts = store.attempts(run_id)
    events = store.newest_events(run_id, _EVENTS)
    matrix = confusion(store, run_id)
    spec = in_force(store, run)
    return {
        "version": 1,
        "revision": revision,
        "now": datetime.now(UTC).isoformat(),
        "run": {
            "id": run.id,
            "name": run.name,
            "state": str(run.state),
            "framework": run.spec.framework,
            "executor": attempts[-1].executor if attempts else run.spec.executor,
            "device": attempts[-1].environment.get("device") if attempts else None,
            "resume": run.resume,
            "exact": run.exact,
            "attempts": run.attempt,
            "created_at": run.created_at.isoformat(),
            "error": _error(run),
            "rebuildable": run.rebuildable,
            "notices": [event.message for event in events if event.kind in _NOTICES],
        },
        "progress": progress(run.progress),
        "monitor": run.best.metric if run.best else run.spec.monitor,
        "best": None if run.best is None else {**vars(run.best), "value": number(run.best.value)},
        "curves": _followed(store, run_id),
        "epochs": epoch_columns(store, run),
        "confusion": matrix if matrix is not None and len(matrix["labels"]) <= _CLASSES else None,
        "checkpoints": [checkpoint_row(record) for record in _few(store.checkpoints(run_id))],
        "controls": [control_row(control, run) for control in store.controls(run_id, limit=_CONTROLS)],
        "events": [
            {"at": event.at.isoformat(), "kind": event.kind, "message": event.message, "step": event.step}
            for event in events
        ],
        "config": _config(spec.model_dump_json()),
        "settings": _settings(spec, run.progress),
        "allowed": allowed(run.state),
        "trackers": [tracker_row(record, run) for record in store.tracking(run_id)],
    }


def allowed(state: State) -> list[str]:
    """List the verbs that make sense in a state."""
    return [str(verb) for verb in Verb if state in ALLOWED[verb]]


@functools.lru_cache(maxsize=64)
def _config(spec: str) -> str:
    # To write YAML takes longer than all the rest, and a run's specification hardly ever changes.
    return to_yaml(RunSpec.model_validate_json(spec))


def _settings(spec: RunSpec, at: ProgressRecord) -> list[dict[str, Any]]:
    """List what can be changed while the run is alive, with what it is now."""
    # Nobody may have given a rate; the optimizer has one all the same, which a schedule may have changed since.
    known = declared(RunSpec)
    return [
        {
            "key": key,
            "value": number(at.learning_rate) if value is None and key == "learning_rate" else value,
            "whole": known[key].whole,
            "optional": known[key].to_none,
        }
        for key, value in present(spec).items()
    ]


_NOTICES = frozenset(
    {"trouble", "inexact", "kernel_bound", "damaged_checkpoint", "restart", "retry", "notice", "mirror_taken"}
)
"""Kinds of events that a person should see without opening the log."""


def _error(run: RunRecord) -> dict[str, Any] | None:
    if run.error is None:
        return None
    return vars(run.error) | {
        "message": run.error.message[:_MESSAGE],
        "traceback": run.error.traceback[-_TRACEBACK:],
    }


def _few(records: list[CheckpointRecord]) -> list[CheckpointRecord]:
    """Leave out old checkpoints that were asked for by hand, where there are very many."""
    return [record for record in records[:-_CHECKPOINTS] if "best" in record.kinds] + records[-_CHECKPOINTS:]


def progress(at: ProgressRecord) -> dict[str, Any]:
    """Say how far a run is, how fast, and how long it will take yet."""
    steps = at.steps_per_epoch * at.epochs or None
    left = None if steps is None else max(steps - at.step, 0)
    in_epoch = at.step - at.steps_per_epoch * max(at.epoch - 1, 0)
    speed = at.steps_per_second
    return {
        "epoch": at.epoch,
        "epochs": at.epochs,
        "step": at.step,
        "steps": steps,
        "steps_per_epoch": at.steps_per_epoch or None,
        "fraction": min(at.step / steps, 1.0) if steps else 0.0,
        "epoch_fraction": min(max(in_epoch / at.steps_per_epoch, 0.0), 1.0) if at.steps_per_epoch else 0.0,
        "phase": at.phase,
        "steps_per_second": number(speed),
        "seconds_left": number(left / speed) if left is not None and speed else None,
        "train_seconds": round(at.train_seconds, 3),
        "learning_rate": number(at.learning_rate),
    }


def stopped_early(state: State, at: ProgressRecord) -> bool:
    """Tell whether early stopping has completed a run: nothing else completes one before its last epoch."""
    return state is State.COMPLETED and at.epoch < at.epochs


def curve_columns(
    store: Store,
    run_id: str,
    name: str,
    *,
    start: int | None = None,
    stop: int | None = None,
    points: int = _CURVE_POINTS,
    steady: bool = False,
) -> dict[str, list[Any]]:
    """Give a decimated per-step series as two columns."""
    steps, values = curve(store, run_id, name, start=start, stop=stop, points=points, steady=steady)
    return {"steps": steps.tolist(), "values": numbers(values)}


def _followed(store: Store, run_id: str) -> dict[str, dict[str, list[Any]]]:
    """Give all series for whoever is told later what was added to them."""
    names = store.curve_names(run_id)
    machine = [name for name in names if name.startswith(SYSTEM)]
    points = dict.fromkeys(machine, max(_SYSTEM_POINTS // max(len(machine), 1), _FEWEST_POINTS))
    return {
        name: curve_columns(store, run_id, name, points=points.get(name, _CURVE_POINTS), steady=True) for name in names
    }


def epoch_columns(store: Store, run: RunRecord) -> dict[str, list[float | int | None]]:
    """Give the epochs' metrics as columns of equal length.

    Of a very long run they are evenly spaced ones, the best and the last.
    """
    last, best = store.last_epoch(run.id), run.best
    shown = {*range(1, last + 1, math.ceil(last / _EPOCHS) or 1), last} | ({best.epoch} if best else set())
    records = store.epochs(run.id, only=shown)
    names = list(dict.fromkeys(name for record in records for name in record.values))
    columns: dict[str, list[float | int | None]] = {
        "epoch": [record.epoch for record in records],
        "step": [record.step for record in records],
    }
    return columns | {name: [number(record.values.get(name)) for record in records] for name in names}


def confusion(store: Store, run_id: str, epoch: int | None = None) -> dict[str, Any] | None:
    """Give the confusion matrix of one validation, the newest by default."""
    found = store.validation(run_id, epoch)
    if found is None or found.confusion is None:
        return None
    return {"epoch": found.epoch, "labels": found.labels, "matrix": found.confusion}


def checkpoint_row(record: CheckpointRecord) -> dict[str, Any]:
    """Describe a checkpoint."""
    return {
        "step": record.step,
        "epoch": record.epoch,
        "kinds": sorted(record.kinds),
        "metrics": {name: number(value) for name, value in record.metrics.items()},
        "digest": record.digest,
        "bytes": record.bytes,
        "created_at": record.created_at.isoformat(),
    }


def control_row(control: ControlRecord, run: RunRecord) -> dict[str, Any]:
    """Describe a control of a run."""
    return {
        "id": control.id,
        "kind": control.kind,
        "arguments": control.arguments,
        "status": control.status,
        "outcome": control.outcome,
        "note": note(control, run),
        "step": control.step,
        "requested_by": control.requested_by,
        "requested_at": control.requested_at.isoformat(),
    }
