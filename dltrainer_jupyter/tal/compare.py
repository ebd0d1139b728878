"""Several runs, and several checkpoints of a run, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from dltrainer_jupyter.core.errors import ConfigurationError, RunNotFoundError
from dltrainer_jupyter.core.records import CheckpointRecord
from dltrainer_jupyter.tal.inference import TrainedModel
from dltrainer_jupyter.tal.run import Run
from dltrainer_jupyter.tal.session import get
from dltrainer_jupyter.views.configuration import complete

if TYPE_CHECKING:
    import pandas as pd


_BEST = {"": "value", "_metric": "metric", "_epoch": "epoch"}
"""Columns about the best checkpoint, and what they hold of its record."""
_AT = "@"
"""Between a run and what one of its checkpoints is called."""

Compared = str | Run | TrainedModel


def compare(refs: Compared | Sequence[Compared]) -> pd.DataFrame:
    """Compare runs or checkpoints: what differs in their settings, how far they are, and their metrics.

    Parameters
    ----------
    refs : sequence of str, Run or TrainedModel
        Ids, beginnings of ids, names or runs, of which the last value of each metric counts; or checkpoints, such as
        ``run.best`` or ``run.at(120)``, written ``"digits@best"``, ``"digits@last"`` or ``"digits@120"``, of which
        what was measured when they were written. At least one.

    Returns
    -------
    pandas.DataFrame
        A row each, indexed by name and id: how it stands, then the settings that differ, then its metrics. The column
        ``checkpoint`` is there if any is one.

    Raises
    ------
    ConfigurationError
        If nothing is named.
    RunNotFoundError
        If there is no such run.
    CheckpointError
        If there is no such checkpoint.

    Examples
    --------
    >>> tal.compare(["digits@best", "digits@last"])  # doctest: +SKIP
    """
    import pandas as pd

    if isinstance(refs, str | Run | TrainedModel):
        refs = [refs]
    if not refs:
        msg = "Name at least one run to compare."
        raise ConfigurationError(msg)
    found = [_found(ref) for ref in refs]
    records = [run.record for run, _ in found]
    settings = [complete(run.store, record) for (run, _), record in zip(found, records, strict=True)]
    keys = sorted({key for setting in settings for key in setting} - {"name"})
    differing = [key for key in keys if len({repr(setting.get(key)) for setting in settings}) > 1]
    with_checkpoints = any(checkpoint is not None for _, checkpoint in found)
    rows: list[dict[str, Any]] = []
    for (run, checkpoint), record, setting in zip(found, records, settings, strict=True):
        at = record.progress if checkpoint is None else checkpoint
        row: dict[str, Any] = {"state": str(record.state), "epoch": at.epoch}
        if with_checkpoints:
            row["checkpoint"] = None if checkpoint is None else ", ".join(sorted(checkpoint.kinds)) or "kept"
        row |= {f"best{part}": getattr(record.best, key, None) for part, key in _BEST.items()}
        row |= {key: setting.get(key) for key in differing} | {"step": at.step}
        rows.append(row | _metrics(run, checkpoint))
    index = pd.MultiIndex.from_tuples([(record.name, record.id) for record in records], names=["name", "id"])
    frame = pd.DataFrame(rows, index=index)
    for name in map(str, frame.columns):
        given = [row[name] for row in rows if row.get(name) is not None]
        if len(given) < len(rows) and given and all(type(value) is int for value in given):
            # Whole even beside a run that has none.
            frame[name] = frame[name].astype("Int64")
    return frame


def _found(ref: Compared) -> tuple[Run, CheckpointRecord | None]:
    if isinstance(ref, TrainedModel):
        return ref.run, ref.record
    if isinstance(ref, Run):
        return ref, None
    try:
        return get(ref), None
    except RunNotFoundError:
        name, separator, which = ref.rpartition(_AT)
        if not separator or not name:
            raise
        # A run may have the sign in its name, so that is looked for first.
        model = get(name).trained(which)
        return model.run, model.record


def _metrics(run: Run, checkpoint: CheckpointRecord | None) -> dict[str, float]:
    if checkpoint is not None:
        return checkpoint.metrics
    history = run.store.epochs(run.id)
    return history[-1].values if history else {}
