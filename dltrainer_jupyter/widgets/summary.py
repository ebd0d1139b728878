"""A run in one line."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

from dltrainer_jupyter.views.words import metric


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
