"""What a run's numbers are called at every tracker."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dltrainer_jupyter.core.tracking import Epoch

MACHINE = "system/"
"""How series begin that say how busy the machine was."""


def shown(name: str) -> str:
    """Give the name of a per-step series, which mustn't be taken for a metric of epochs.

    Examples
    --------
    >>> shown("train_loss"), shown("system/cpu_percent")
    ('step/train_loss', 'system/cpu_percent')
    """
    return name if name.startswith(MACHINE) else f"step/{name}"


def values(epoch: Epoch) -> dict[str, float]:
    """Give the numbers of an epoch, its own among them as ``epoch``: an axis for charts."""
    return {**epoch.values, "epoch": float(epoch.epoch)}
