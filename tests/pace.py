"""How slow the machine is that tests, for bounds on time that were found on another."""

from __future__ import annotations

import json
import time

_WORK = {"name": "x", "values": list(range(40)), "more": {str(k): [k, k / 3] for k in range(20)}}
_REFERENCE = 0.004
"""Seconds that the work took where the bounds were found."""
_TRIES = 30


def times_slower() -> float:
    """Say how many times longer this machine takes now than the one on which bounds were found; 1 if it is as quick.

    What is bounded is measured as the quickest of several tries, and so is this: a machine with other things to do
    makes single tries long, a slow one makes all of them long.

    Returns
    -------
    float
        By what to multiply a bound in seconds; at least 1.
    """
    return max(1.0, min(_once() for _ in range(_TRIES)) / _REFERENCE)


def _once() -> float:
    began = time.perf_counter()
    for _ in range(100):
        found = json.loads(json.dumps(_WORK))
        sum(len(str(value)) for value in found["values"])
        sorted(found["more"], reverse=True)
    return time.perf_counter() - began
