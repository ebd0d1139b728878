"""What changed between two snapshots of a run: less to send than the whole."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from typing import Any


def patch(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any] | None:
    """Say what makes the newer of two snapshots of the older one.

    Parameters
    ----------
    old, new : mapping
        As :func:`dltrainer_jupyter.views.live.snapshot` gives them, of the same run.

    Returns
    -------
    dict or None
        ``since`` and ``revision`` of the two; ``parts``, whatever else has changed, whole; ``curves``, by name the
        number of points that stay (``from``) and the ``steps`` and ``values`` that follow them. None if there are other
        series than before: then the whole is to be sent.

    Examples
    --------
    >>> old = {"revision": 1, "curves": {"loss": {"steps": [1, 2], "values": [0.5, 0.4]}}, "best": None}
    >>> new = {"revision": 2, "curves": {"loss": {"steps": [1, 3], "values": [0.5, 0.3]}}, "best": None}
    >>> patch(old, new)["curves"]
    {'loss': {'from': 1, 'steps': [3], 'values': [0.3]}}
    """
    if old.keys() != new.keys() or old["curves"].keys() != new["curves"].keys():
        return None
    grown = {name: _grown(old["curves"][name], curve) for name, curve in new["curves"].items()}
    return {
        "since": old["revision"],
        "revision": new["revision"],
        "parts": {key: value for key, value in new.items() if key != "curves" and value != old[key]},
        "curves": {name: curve for name, curve in grown.items() if curve is not None},
    }


def is_nothing(patch: Mapping[str, Any]) -> bool:
    """Tell whether a patch changes nothing but the time at which it was made."""
    return not patch["curves"] and patch["parts"].keys() <= {"now"}


def _grown(old: Mapping[str, Sequence[Any]], new: Mapping[str, Sequence[Any]]) -> dict[str, Any] | None:
    if old == new:
        return None
    kept = min(_common(old["steps"], new["steps"]), _common(old["values"], new["values"]))
    return {"from": kept, "steps": new["steps"][kept:], "values": new["values"][kept:]}


def _common(old: Sequence[Any], new: Sequence[Any]) -> int:
    """Count the items that two lists begin with alike; comparing lists as wholes is much quicker than item by item."""
    most = min(len(old), len(new))
    return bisect_left(range(1, most + 1), x=True, key=lambda count: old[:count] != new[:count])
