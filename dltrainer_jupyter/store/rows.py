"""Rows as records: plain, frozen, and the same from every database."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic import ValidationError
from sqlalchemy.engine import RowMapping

from dltrainer_jupyter.core.errors import StoreError
from dltrainer_jupyter.core.records import (
    AttemptRecord,
    BestRecord,
    CheckpointRecord,
    ControlRecord,
    ErrorRecord,
    EventRecord,
    ListedRun,
    ProgressRecord,
    RunRecord,
    ValidationRecord,
)
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.core.states import State


def run_record(row: RowMapping) -> RunRecord:
    """Read a row of ``training_jobs``."""
    return RunRecord(
        id=row["id"],
        name=row["name"],
        state=State(row["state"]),
        spec=_spec(row),
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        attempt=row["attempt"],
        resume=row["resume"],
        exact=row["exact"],
        progress=_progress(row),
        best=_best(row),
        error=_error(row),
        environment=row["environment"],
        folder=row["folder"],
        host=row["host"],
        rebuildable=row["rebuildable"],
        number=row["number"],
    )


def listed_run(row: RowMapping) -> ListedRun:
    """Read a row that :mod:`~dltrainer_jupyter.store.listing` puts together."""
    return ListedRun(
        id=row["id"],
        number=row["number"],
        name=row["name"],
        state=State(row["state"]),
        framework=row["framework"],
        executor=row["executor"],
        device=row["device"],
        host=row["host"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        revision=row["revision"],
        progress=_progress(row),
        monitor=row["monitor"],
        best=_best(row),
        error=None if row["error_type"] is None else f"{row['error_type']}: {row['error_message']}",
    )


def _progress(row: RowMapping) -> ProgressRecord:
    return ProgressRecord(
        epoch=row["epoch"],
        step=row["step"],
        epochs=row["epochs"],
        steps_per_epoch=row["steps_per_epoch"],
        phase=row["phase"],
        steps_per_second=row["steps_per_second"],
        train_seconds=row["train_seconds"],
        learning_rate=row["learning_rate"],
    )


def _spec(row: RowMapping) -> RunSpec:
    try:
        spec = RunSpec.model_validate(row["spec"])
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        where = ".".join(map(str, problem["loc"]))
        msg = (
            f"Run '{row['name']}' ({row['id']}) is described in words this version of dltrainer-jupyter doesn't "
            f"understand ({where}: {problem['msg']}). Use the version that made it, or delete the run."
        )
        raise StoreError(msg) from error
    # A row tells every setting, asked for or not; what is as by default counts as left out.
    asked = {name for name, field in RunSpec.model_fields.items() if getattr(spec, name) != field.default}
    # Where it runs may have been chosen anew since.
    return RunSpec.model_construct(asked, **{**dict(spec), "executor": row["executor"]})


def _best(row: RowMapping) -> BestRecord | None:
    if row["best_metric"] is None:
        return None
    value = float("nan") if row["best_value"] is None else row["best_value"]
    return BestRecord(row["best_metric"], row["best_mode"], value, row["best_epoch"], row["best_step"])


def _error(row: RowMapping) -> ErrorRecord | None:
    if row["error_type"] is None:
        return None
    return ErrorRecord(row["error_type"], row["error_message"], row["error_traceback"], row["error_step"])


def best_columns(best: BestRecord | None) -> dict[str, Any]:
    """Give the columns of ``training_jobs`` that hold the best value so far."""
    return {
        "best_metric": best.metric if best else None,
        "best_mode": best.mode if best else None,
        "best_value": best.value if best else None,
        "best_epoch": best.epoch if best else None,
        "best_step": best.step if best else None,
    }


def error_columns(error: ErrorRecord | None) -> dict[str, Any]:
    """Give the columns of ``training_jobs`` that say why a run failed."""
    return {
        "error_type": error.type if error else None,
        "error_message": error.message if error else None,
        "error_traceback": error.traceback if error else None,
        "error_step": error.step if error else None,
    }


def attempt_record(row: RowMapping) -> AttemptRecord:
    """Read a row of ``training_attempts``."""
    return AttemptRecord(**row)


def control_record(row: RowMapping) -> ControlRecord:
    """Read a row of ``training_controls``."""
    return ControlRecord(**row)


def event_record(row: RowMapping) -> EventRecord:
    """Read a row of ``training_events``."""
    return EventRecord(**row)


def checkpoint_record(row: RowMapping) -> CheckpointRecord:
    """Read a row of ``training_checkpoints``."""
    return CheckpointRecord(**{**row, "kinds": split_kinds(row["kinds"])})


def join_kinds(kinds: Iterable[str]) -> str:
    """Write a checkpoint's kinds into one column.

    Examples
    --------
    >>> join_kinds({"last", "best"})
    'best,last'
    """
    return ",".join(sorted(kinds))


def split_kinds(column: str) -> frozenset[str]:
    """Read what :func:`join_kinds` wrote."""
    return frozenset(column.split(",")) - {""}


def validation_record(row: RowMapping) -> ValidationRecord:
    """Read a row of ``validation_results``."""
    return ValidationRecord(row["epoch"], row["step"], row["confusion"], row["labels"], row["summary"])
