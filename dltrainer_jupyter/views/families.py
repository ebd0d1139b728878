"""Series sorted by metric, and what their charts are called."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from dltrainer_jupyter.loop.sampling import SYSTEM

_NO_METRICS = frozenset({"epoch", "step", "learning_rate"})
_UNITS = {"percent": " (%)", "gb": " (GB)"}
_PLACES = {"train_": "train", "val_": "val"}


def split(name: str) -> tuple[str, str]:
    """Split a metric's name into the metric and where it was measured.

    Examples
    --------
    >>> split("val_accuracy"), split("perplexity")
    (('accuracy', 'val'), ('perplexity', ''))
    """
    for prefix, place in _PLACES.items():
        if name.startswith(prefix) and name != prefix:
            return name.removeprefix(prefix), place
    return name, ""


def title(name: str) -> str:
    """Say what a chart is called: a metric as it is, how busy the machine was with its unit.

    Examples
    --------
    >>> title("top_5"), title("system/cpu_percent"), title("system/gpu0_memory_gb")
    ('top 5', 'CPU (%)', 'GPU0 memory (GB)')
    """
    if name.startswith(SYSTEM):
        name = re.sub("^[cg]pu", lambda kind: kind[0].upper(), name.removeprefix(SYSTEM))
        name = re.sub("_(percent|gb)$", lambda unit: _UNITS[unit[1]], name)
    return name.replace("_", " ")


def families(columns: Mapping[str, Any], monitor: str | None) -> dict[str, list[str]]:
    """Sort series by metric: the loss first, then the monitored metric, then the others, and last the machine's.

    Parameters
    ----------
    columns : mapping
        Series by name; ``epoch``, ``step`` and ``learning_rate`` are passed over.
    monitor : str or None
        Name of the series that decides which checkpoint is best.

    Returns
    -------
    dict of str to list of str
        Names of series by metric.

    Examples
    --------
    >>> families({"epoch": [], "val_f1": [], "train_loss": [], "val_loss": []}, "val_f1")
    {'loss': ['train_loss', 'val_loss'], 'f1': ['val_f1']}
    """
    found: dict[str, list[str]] = {}
    for name in columns:
        if name not in _NO_METRICS:
            found.setdefault(split(name)[0], []).append(name)
    watched = split(monitor)[0] if monitor else None
    rank = {"loss": 0, watched: 1}
    return {
        name: found[name]
        for name in sorted(found, key=lambda name: rank.get(name, 3 if name.startswith(SYSTEM) else 2))
    }


def last(column: Sequence[float | None]) -> float | None:
    """Find the last value there is: not every epoch is validated."""
    return next((value for value in reversed(column) if value is not None), None)
