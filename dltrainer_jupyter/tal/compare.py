"""Several runs side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.tal.run import Run
from dltrainer_jupyter.tal.session import get
from dltrainer_jupyter.views.configuration import in_force, in_words

if TYPE_CHECKING:
    import pandas as pd


_BEST = {"": "value", "_metric": "metric", "_epoch": "epoch"}
"""Columns about the best checkpoint, and what they hold of its record."""


def compare(refs: Sequence[str | Run]) -> pd.DataFrame:
    """Compare runs: what differs in their settings, how far they are, and the last value of each metric.

    Parameters
    ----------
    refs : sequence of str or Run
        Ids, beginnings of ids, names or runs; at least one.

    Returns
    -------
    pandas.DataFrame
        A row a run, indexed by name and id: how it stands, then the settings that differ, then its metrics.
    """
    import pandas as pd

    if isinstance(refs, str | Run):
        refs = [refs]
    if not refs:
        msg = "Name at least one run to compare."
        raise ConfigurationError(msg)
    found = [ref if isinstance(ref, Run) else get(ref) for ref in refs]
    records = [run.record for run in found]
    # Complete, so that a value that is there by default stands beside one that isn't.
    specs = [in_force(run.store, record) for run, record in zip(found, records, strict=True)]
    settings = [in_words(spec.model_dump(mode="json")) for spec in specs]
    keys = sorted({key for setting in settings for key in setting} - {"name"})
    differing = [key for key in keys if len({repr(setting.get(key)) for setting in settings}) > 1]
    rows: list[dict[str, Any]] = []
    for run, record, setting in zip(found, records, settings, strict=True):
        history = run.store.epochs(run.id)
        row: dict[str, Any] = {"state": str(record.state), "epoch": record.progress.epoch}
        row |= {f"best{part}": getattr(record.best, key, None) for part, key in _BEST.items()}
        row |= {key: setting.get(key) for key in differing} | {"step": record.progress.step}
        rows.append(row | (history[-1].values if history else {}))
    index = pd.MultiIndex.from_tuples([(record.name, record.id) for record in records], names=["name", "id"])
    frame = pd.DataFrame(rows, index=index)
    for name in map(str, frame.columns):
        given = [row[name] for row in rows if row.get(name) is not None]
        if len(given) < len(rows) and given and all(type(value) is int for value in given):
            # Whole even beside a run that has none.
            frame[name] = frame[name].astype("Int64")
    return frame
