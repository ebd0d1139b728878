"""A run in a few rows and in one line."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

from dltrainer_jupyter.views import tracking
from dltrainer_jupyter.views.families import families, last, split, title
from dltrainer_jupyter.views.words import duration, metric

__all__ = ["families", "line", "look_again", "rows", "split", "title"]


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
        values = [f"{split(member)[1]} {metric(last(columns[member]))}".strip() for member in members]
        found.append((f"Final {name}", ", ".join(values)))
    found += [("Tracked", tracking.line(tracker)) for tracker in snapshot.get("trackers", ())]
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
