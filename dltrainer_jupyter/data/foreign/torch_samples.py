"""PyTorch's loaders and data sets: which kind each of them is."""

from __future__ import annotations

from typing import Any

import numpy as np
from torch.utils.data import DataLoader, IterableDataset, Subset

from dltrainer_jupyter.core.protocols import Partition
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.data.foreign.generators import Readings, length
from dltrainer_jupyter.data.foreign.loader import Loader
from dltrainer_jupyter.data.foreign.structure import to_numpy
from dltrainer_jupyter.data.foreign.torch_collate import stacked
from dltrainer_jupyter.data.foreign.torch_iterable import TorchIterable
from dltrainer_jupyter.data.foreign.torch_map import TorchMap
from dltrainer_jupyter.data.foreign.torch_stateful import TorchStateful, knows_its_state
from dltrainer_jupyter.data.splits import divide


def torch_loader(data: Any, spec: RunSpec, *, shuffle: bool, alone: bool) -> Loader:
    """Open a loader, or a data set that becomes one with the run's batch size.

    Parameters
    ----------
    data : torch.utils.data.DataLoader or torch.utils.data.Dataset
        The person's.
    spec : RunSpec
        What is trained.
    shuffle : bool
        Whether the samples of a data set are shuffled.
    alone : bool
        Whether nobody else draws in this process.
    """
    if not isinstance(data, DataLoader):
        # PyTorch wants no word on shuffling for data that come in an order of their own.
        shuffles = None if isinstance(data, IterableDataset) else shuffle
        data = DataLoader(data, batch_size=spec.batch_size, shuffle=shuffles, collate_fn=stacked)
    if _iterates_otherwise(data):
        return Readings(lambda: data, spec.seed, alone=alone, batches=length(data), subject=data.dataset)
    if hasattr(data, "snapshot_every_n_steps") and knows_its_state(data.dataset):
        return TorchStateful(data, spec.seed)
    return (TorchIterable if isinstance(data.dataset, IterableDataset) else TorchMap)(data, spec.seed)


def divided(dataset: Any, spec: RunSpec) -> tuple[Subset[Any], Subset[Any], Partition]:
    """Hold back of a data set what the specification says, as with arrays.

    Each class loses its share where the data set has ``targets`` that tell.
    """
    targets, classes = getattr(dataset, "targets", None), None
    if targets is not None and len(targets) == len(dataset):
        values = to_numpy(targets)
        classes = values.astype(np.int64) if values.dtype.kind in "iu" and values.ndim == 1 else None
    found = divide(spec, len(dataset), classes)
    return Subset(dataset, found.train.tolist()), Subset(dataset, found.validation.tolist()), found


def _iterates_otherwise(loader: DataLoader[Any]) -> bool:
    """Tell whether a class derived from PyTorch's iterates in a way of its own."""
    kind = next(base for base in type(loader).__mro__ if "__iter__" in vars(base))
    return kind.__module__.partition(".")[0] not in {"torch", "torchdata"}
