"""Whether a resumed run is bit-identical, and who says that it isn't."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from dltrainer_jupyter.checkpoints.manifest import Manifest
from dltrainer_jupyter.core.protocols import Metric
from dltrainer_jupyter.store.attempts import Attempt

Doubt = Callable[[], str | None]
"""Gives a reason why a resume may differ in the last bits, or None."""


class Exactness:
    """Asks everybody who may know better, and writes the first reason down.

    Parameters
    ----------
    attempt : Attempt
        Where it is recorded.
    exact : bool
        What the run's record says so far.
    doubts : sequence of callable
        Asked in order.
    """

    def __init__(self, attempt: Attempt, doubts: Sequence[Doubt], *, exact: bool) -> None:
        self._attempt = attempt
        self._doubts = doubts if exact else ()

    def ask(self, step: int) -> None:
        """Ask; after the first reason nobody is asked any more."""
        reason = next((reason for doubt in self._doubts if (reason := doubt()) is not None), None)
        if reason is not None:
            self._doubts = ()
            with self._attempt.transaction():
                self._attempt.describe(exact=False)
                self._attempt.event("inexact", f"A resume may differ in the last bits: {reason}.", step)


def without_memory(metrics: Sequence[Metric]) -> str | None:
    """Name a metric of the user's own whose state can't be saved."""
    names = [metric.name for metric in metrics if not getattr(metric, "stateful", True)]
    return f"the metric '{names[0]}' can't save its state in the middle of an epoch" if names else None


def changed_since(before: Manifest | None, versions: Mapping[str, str]) -> str | None:
    """Say what exactness depends on and is no longer as it was when the checkpoint was written."""
    if before is None:
        return None
    changed = [
        f"{key} was {value} and is {versions.get(key)}"
        for key, value in before.versions.items()
        if value != versions.get(key)
    ]
    return "; ".join(changed) or None
