"""What faces ask about a model and about two validations, the same of a kernel and of a server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.store.store import Store
from dltrainer_jupyter.views.analysis import analysis, histogram_names, histograms
from dltrainer_jupyter.views.comparison import Side, changed, configuration_difference, confusion_difference

_NOT_YET = (
    "Nobody has looked at the model yet: it is measured when the first epoch has ended, unless histograms is false."
)


def shown_analysis(store: Store, run_id: str) -> dict[str, Any]:
    """Describe a run's model; of one that nobody has looked at, say so."""
    nothing = {"parameters": 0, "trainable": 0, "flops": None, "milliseconds": None, "samples": None}
    return analysis(store, run_id) or {"layers": [], "total": nothing, "notes": [_NOT_YET]}


def shown_histograms(store: Store, run_id: str, kind: str | None = None, name: str | None = None) -> dict[str, Any]:
    """Say how the values of an array lay, or list the arrays if none is named.

    Raises
    ------
    ConfigurationError
        If only one of kind and name is given, or nothing of that name was measured.
    """
    if kind is None and name is None:
        return histogram_names(store, run_id)
    if kind is None or name is None:
        msg = f"histograms: expected a kind and a name, or neither, got {'a name' if kind is None else 'a kind'} alone."
        raise ConfigurationError(msg)
    return histograms(store, run_id, kind, name)


def shown_changed(
    store: Store,
    run_id: str,
    folder: Path,
    *,
    one: int | None = None,
    other: int | None = None,
    run: str | None = None,
    side: Side | None = None,
    offset: int = 0,
    count: int = 48,
) -> dict[str, Any]:
    """Find the examples that changed side; ``run`` is any reference to the second run."""
    other_run = None if run is None else store.find(run).id
    return changed(store, run_id, one, other, other_run=other_run, folder=folder, side=side, offset=offset, count=count)


def shown_difference(
    store: Store, run_id: str, *, one: int | None = None, other: int | None = None, run: str | None = None
) -> dict[str, Any]:
    """Subtract two confusion matrices, or note why that can't be, and list the settings that differ."""
    other_run = None if run is None else store.find(run).id
    matrix, note = None, None
    try:
        matrix = confusion_difference(store, run_id, one, other, other_run=other_run)
    except ConfigurationError as refusal:
        # Runs of other classes or tasks have settings all the same.
        note = str(refusal)
    return {
        "confusion": matrix,
        "note": note,
        "settings": configuration_difference(store, [run_id, other_run or run_id])["settings"],
    }
