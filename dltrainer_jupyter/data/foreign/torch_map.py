"""A PyTorch loader over indexed samples: it begins at any batch, and gives the same bits from any worker.

What a data set draws while it makes a sample comes from global generators (Python's, NumPy's, PyTorch's). They are
seeded for each sample, by run, pass and index; in worker processes, since in this one they belong to other cells
too: swapping their states around a sample doesn't keep cells apart, as another thread gets its turn in the middle of
it. So a loader without workers gets one, unless its data set is known to draw nothing (tensors, lists) or can't be
sent there; then the run says that it may not be exact.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch.utils import data as torch_data

from dltrainer_jupyter.data.foreign.torch_collate import stacked
from dltrainer_jupyter.data.foreign.torch_engine import Engine, engine_for
from dltrainer_jupyter.data.foreign.torch_orders import order_of
from dltrainer_jupyter.data.foreign.torch_workers import DATA_SET, Carried, Keyed

if TYPE_CHECKING:
    from torch.utils.data import DataLoader

_GENERATORS = (random.Random, np.random.Generator, np.random.RandomState, torch.Generator)
_DRAW_NOTHING = (torch_data.TensorDataset, list, tuple, torch.Tensor)


class TorchMap:
    """Passes over indexed samples.

    Parameters
    ----------
    loader : torch.utils.data.DataLoader
        Its data set, samplers and settings are used; it is not iterated itself.
    seed : int
        The run's seed.

    Raises
    ------
    ConfigurationError
        If it has workers and its data set can't be sent to them.
    """

    def __init__(self, loader: DataLoader[Any], seed: int) -> None:
        self._order = order_of(loader, seed)
        self.resume = self._order.resume
        self.batches = self._order.count()
        self.subject = loader.dataset
        here = Keyed(loader.dataset, None)
        self._engine: Engine
        self._reason: str | None = None
        if not loader.num_workers and _draws_nothing(loader.dataset) and _only_stacks(loader.collate_fn):
            self._engine = Engine(loader, here, seed, workers=0, order=self._order)
        else:
            self._engine, self._reason = engine_for(
                loader, lambda: Carried(Keyed(loader.dataset, seed), DATA_SET), here, seed, order=self._order
            )

    def begin(self, number: int, skip: int, mark: Mapping[str, Any] | None) -> Iterator[Any]:
        """Begin a pass at any batch, without loading those before it."""
        self._order.begin(number, skip, mark)
        yield from self._engine.run(number)

    def mark(self, given: int) -> dict[str, Any]:
        """Give what recognises the samples that were consumed."""
        return self._order.mark(given)

    def inexact_because(self) -> str | None:
        """Say why a resumed run may see other batches."""
        return self._order.inexact_because() or self._reason or _own_generator(self.subject)

    def close(self) -> None:
        """End the workers."""
        self._engine.close()


def _own_generator(dataset: Any) -> str | None:
    """Name a generator that a data set keeps: what it draws then depends on every sample drawn before."""
    while dataset is not None:
        for name, value in getattr(dataset, "__dict__", {}).items():
            if isinstance(value, _GENERATORS):
                return f"{type(dataset).__name__} draws from a generator of its own ('{name}'), which nobody seeds"
        dataset = getattr(dataset, "dataset", None)
    return None


def _draws_nothing(dataset: Any) -> bool:
    """Tell whether a data set is known to give its samples without drawing."""
    kind = type(dataset)
    if kind is torch_data.Subset:
        return _draws_nothing(dataset.dataset)
    if kind in (torch_data.ConcatDataset, torch_data.StackDataset):
        parts = dataset.datasets
        return all(map(_draws_nothing, parts.values() if isinstance(parts, dict) else parts))
    return kind in _DRAW_NOTHING


def _only_stacks(collate: Any) -> bool:
    """Tell whether samples are put together by PyTorch itself."""
    return collate in (torch_data.default_collate, torch_data.default_convert, stacked)
