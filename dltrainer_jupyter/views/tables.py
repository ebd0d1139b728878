"""Runs and their epochs as tables, and a run as the document that machines read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from dltrainer_jupyter.core.records import EpochRecord, RunRecord
from dltrainer_jupyter.store.store import Store
from dltrainer_jupyter.views.configuration import in_force
from dltrainer_jupyter.views.tracking import tracker_row
from dltrainer_jupyter.views.words import finite

if TYPE_CHECKING:
    import pandas as pd


def epochs_table(records: Sequence[EpochRecord]) -> pd.DataFrame:
    """Give the metrics as a table, a row an epoch.

    Returns
    -------
    pandas.DataFrame
        Columns ``epoch``, ``step``, ``learning_rate``, ``train_loss``, ``val_loss``, ``train_<metric>``,
        ``val_<metric>``; NaN where an epoch was not validated. The first five are there before the first epoch is.
    """
    import pandas as pd

    rows = [{"epoch": record.epoch, "step": record.step, **record.values} for record in records]
    first = ["learning_rate", "train_loss", "val_loss"]
    others = {name for record in records for name in record.values} - set(first)
    whole, numbers = ["epoch", "step"], [*first, *sorted(others)]
    table = pd.DataFrame(rows, columns=[*whole, *numbers])
    return table.astype(dict.fromkeys(whole, "int64") | dict.fromkeys(numbers, "float64"))


def confusion_table(labels: Sequence[str], matrix: Sequence[Sequence[int]]) -> pd.DataFrame:
    """Give a confusion matrix as a table: true classes down, predicted ones across."""
    import pandas as pd

    return pd.DataFrame(matrix, index=pd.Index(labels, name="true"), columns=pd.Index(labels, name="predicted"))


def run_row(run: RunRecord) -> dict[str, Any]:
    """Describe a run in one row of a list."""
    return {
        "id": run.id,
        "name": run.name,
        "state": str(run.state),
        "framework": run.spec.framework,
        "epoch": run.progress.epoch,
        "epochs": run.progress.epochs,
        "step": run.progress.step,
        "monitor": run.best.metric if run.best else run.spec.monitor,
        "best": run.best.value if run.best else None,
        "host": run.host,
        "created_at": run.created_at.isoformat(),
    }


def run_document(store: Store, run_id: str) -> dict[str, Any]:
    """Describe a run in full, as strict JSON types: what ``dltrain show --json`` prints."""
    run = store.run(run_id)
    return {
        **run_row(run),
        "resume": run.resume,
        "exact": run.exact,
        "attempts": run.attempt,
        "train_seconds": run.progress.train_seconds,
        "steps_per_second": run.progress.steps_per_second,
        "metrics": [{"epoch": row.epoch, "step": row.step, **finite(row.values)} for row in store.epochs(run_id)],
        "checkpoints": [
            {
                "step": row.step,
                "epoch": row.epoch,
                "kinds": sorted(row.kinds),
                "digest": row.digest,
                "metrics": finite(row.metrics),
                "path": row.path,
            }
            for row in store.checkpoints(run_id)
        ],
        "error": None if run.error is None else vars(run.error),
        "config": in_force(store, run).dump(),
        "folder": run.folder,
        "environment": run.environment,
        "trackers": [tracker_row(record, run) for record in store.tracking(run_id)],
    }
