"""A run in a few rows and in one line."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from typing import Any

from dltrainer_jupyter.loop.sampling import SYSTEM
from dltrainer_jupyter.views.words import duration, metric

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


def rows(snapshot: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Describe a run in pairs of label and value.

    Parameters
    ----------
    snapshot : mapping
        As :func:`dltrainer_jupyter.views.live.snapshot` gives it.
    """
    run, progress, best = snapshot["run"], snapshot["progress"], snapshot["best"]
    found = [("Run", f"{run['name']} ({run['id']})"), ("State", run["state"])]
    if run["error"]:
        at = "" if run["error"]["step"] is None else f" (at step {run['error']['step']:,})"
        found.append(("Error", f"{run['error']['message']}{at}"))
    found.append(("Epochs", f"{progress['epoch']:,} of {progress['epochs']:,} ({progress['step']:,} steps)"))
    if best:
        found.append((f"Best {best['metric']}", f"{metric(best['value'])} (epoch {best['epoch']:,})"))
    columns = snapshot["epochs"]
    for name, members in families(columns, snapshot["monitor"]).items():
        values = [f"{split(member)[1]} {metric(_last(columns[member]))}".strip() for member in members]
        found.append((f"Final {name}", ", ".join(values)))
    found.append(("Trained", f"{duration(progress['train_seconds'])} on {run['device'] or 'no device yet'}"))
    return found


def line(snapshot: Mapping[str, Any]) -> str:
    """Describe a run in one line.

    Returns
    -------
    str
        Such as ``"digits-cnn: running, epoch 7 of 20, best val_accuracy 0.9842 (epoch 6)"``.
    """
    run, progress, best = snapshot["run"], snapshot["progress"], snapshot["best"]
    parts = [run["state"]]
    if progress["epoch"]:
        parts.append(f"epoch {progress['epoch']:,} of {progress['epochs']:,}")
    if best:
        parts.append(f"best {best['metric']} {metric(best['value'])} (epoch {best['epoch']:,})")
    if run["error"]:
        parts.append(str(run["error"]["message"]))
    return f"{run['name']}: {', '.join(parts)}"


def look_again(snapshot: Mapping[str, Any], verb: str) -> str:
    """Give the magic that shows the run again.

    Examples
    --------
    >>> look_again({"run": {"name": "my run"}}, "panel")
    "%dltrain panel 'my run'"
    """
    return f"%dltrain {verb} {shlex.quote(snapshot['run']['name'])}"


def _last(column: list[float | None]) -> float | None:
    """Find the last value there is: not every epoch is validated."""
    return next((value for value in reversed(column) if value is not None), None)
