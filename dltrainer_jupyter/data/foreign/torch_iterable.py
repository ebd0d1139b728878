"""A PyTorch loader over an iterable data set: it can only be read from its beginning."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

from dltrainer_jupyter.data.foreign.generators import length
from dltrainer_jupyter.data.foreign.replaying import Replaying
from dltrainer_jupyter.data.foreign.torch_engine import engine_for
from dltrainer_jupyter.data.foreign.torch_workers import DATA_SET, Carried, Passes

if TYPE_CHECKING:
    from torch.utils.data import DataLoader


class TorchIterable(Replaying):
    """Passes over a data set that comes in an order of its own.

    Its global generators are seeded for each pass, in worker processes; a loader without workers gets one. A
    ``set_epoch`` of the data set is called with the number of the pass, counted from 0.

    Parameters
    ----------
    loader : torch.utils.data.DataLoader
        Its data set and settings are used; it is not iterated itself.
    seed : int
        The run's seed.

    Raises
    ------
    ConfigurationError
        If it has workers and its data set can't be sent to them.
    """

    def __init__(self, loader: DataLoader[Any], seed: int) -> None:
        super().__init__(length(loader), loader.dataset)
        self._next = 1
        self._engine, self._reason = engine_for(
            loader, lambda: Passes(Carried(loader.dataset, DATA_SET), seed), Passes(loader.dataset, None), seed
        )

    def read(self, number: int) -> Generator[Any, None, None]:
        """Read a pass, with workers that go on from the pass before or begin with this one."""
        if number != self._next:
            self._engine.end_workers()
        passes: Any = self._engine.made.dataset
        passes.number, self._next = number, number + 1
        yield from self._engine.run(number)

    def inexact_because(self) -> str | None:
        """Say why a resumed run may see other batches."""
        return super().inexact_because() or self._reason

    def close(self) -> None:
        """End the workers."""
        self._engine.close()
