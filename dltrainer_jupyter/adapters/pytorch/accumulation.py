"""Gradient accumulation: the averaged gradient of several batches makes one update."""

from __future__ import annotations

from collections.abc import Mapping

from dltrainer_jupyter.adapters.shared.checkpoints import check_waiting


class Accumulation:
    """Counts, for each optimizer, the batches whose gradients wait for an update.

    A window goes on over the end of an epoch. A batch that was left out doesn't count.

    Parameters
    ----------
    batches : int
        How many make an update.
    """

    def __init__(self, batches: int) -> None:
        self.batches = batches
        self._waiting: dict[str, int] = {}

    def begins(self, using: str) -> bool:
        """Say whether no gradient waits for this optimizer."""
        return not self._waiting.get(using)

    def completes(self, using: str) -> bool:
        """Count a batch; say whether its gradient makes the update due."""
        if self.batches == 1:
            return True
        waiting = self._waiting.get(using, 0) + 1
        self._waiting[using] = waiting % self.batches
        return waiting == self.batches

    @property
    def waiting(self) -> dict[str, int]:
        """Batches by optimizer whose gradients wait; those without any aren't there."""
        return {using: count for using, count in self._waiting.items() if count}

    def check(self, saved: Mapping[str, int]) -> None:
        """Raise if saved counts aren't of windows like these.

        Raises
        ------
        CheckpointError
            Says both numbers.
        """
        check_waiting(max(saved.values(), default=0), self.batches)

    def load_state(self, saved: Mapping[str, int]) -> None:
        """Go on with saved counts."""
        self._waiting = dict(saved)
