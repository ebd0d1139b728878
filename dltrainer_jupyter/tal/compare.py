"""Several runs side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.tal.run import Run
from dltrainer_jupyter.tal.session import get

if TYPE_CHECKING:
    import pandas as pd


def compare(refs: Sequence[str | Run]) -> pd.DataFrame:
    """Compare runs: what differs in their settings, how far they are, and the last value of each metric.

    Parameters
    ----------
    refs : sequence of str or Run
        Ids, beginnings of ids, names or runs; at least one.

    Returns
    -------
    pandas.DataFrame
        A row a run, indexed by name and id.
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
    settings = [record.spec.model_dump(mode="json") for record in records]
    keys = sorted({key for setting in settings for key in setting} - {"name"})
    differing = [key for key in keys if len({repr(setting.get(key)) for setting in settings}) > 1]
    rows: list[dict[str, Any]] = []
    for run, record, setting in zip(found, records, settings, strict=True):
        history = run.store.epochs(run.id)
        row: dict[str, Any] = {key: setting.get(key) for key in differing}
        row |= {"state": str(record.state), "epoch": record.progress.epoch, "step": record.progress.step}
        if record.best is not None:
            row |= {"best_metric": record.best.metric, "best": record.best.value, "best_epoch": record.best.epoch}
        rows.append(row | (history[-1].values if history else {}))
    index = pd.MultiIndex.from_tuples([(record.name, record.id) for record in records], names=["name", "id"])
    frame = pd.DataFrame(rows, index=index)
    if "best_epoch" in frame:
        # Whole even where a run without a best has none.
        frame["best_epoch"] = frame["best_epoch"].astype("Int64")
    return frame
