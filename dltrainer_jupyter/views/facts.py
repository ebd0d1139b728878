"""A run in pairs of label and value, as a copy in a notebook and a report tell of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dltrainer_jupyter.views import tracking
from dltrainer_jupyter.views.families import families, last, split
from dltrainer_jupyter.views.words import duration, metric


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
