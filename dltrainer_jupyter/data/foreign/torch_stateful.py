"""torchdata's ``StatefulDataLoader`` over a data set that knows its own state: it begins where that state says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch
from torch.utils.data import IterableDataset, get_worker_info

from dltrainer_jupyter.core import seeds
from dltrainer_jupyter.core.protocols import ResumeKind
from dltrainer_jupyter.data.foreign import globals as global_generators
from dltrainer_jupyter.data.foreign.torch_engine import engine_for
from dltrainer_jupyter.data.foreign.torch_workers import DATA_SET, Carried

_TENSOR = "$tensor"


def knows_its_state(dataset: Any) -> bool:
    """Tell whether an iterable data set can be taken up where it was."""
    wanted = ("state_dict", "load_state_dict")
    return isinstance(dataset, IterableDataset) and all(callable(getattr(dataset, name, None)) for name in wanted)


class TorchStateful:
    """Passes that are taken up from the loader's ``state_dict``.

    Each pass begins with the data set as it was handed over, and its global generators are seeded for each item, so
    that a pass is the same whatever came before it.

    Parameters
    ----------
    loader : torchdata.stateful_dataloader.StatefulDataLoader
        Over an iterable data set with ``state_dict`` and ``load_state_dict``.
    seed : int
        The run's seed.

    Raises
    ------
    ConfigurationError
        If it has workers and its data set can't be sent to them.
    """

    def __init__(self, loader: Any, seed: int) -> None:
        self.resume: ResumeKind = "exact"
        self.batches: int | None = None
        self.subject = loader.dataset
        self._engine, self._reason = engine_for(
            loader,
            lambda: Counted(Carried(loader.dataset, DATA_SET), seed),
            Counted(loader.dataset, None),
            seed,
            kind=type(loader),
            snapshot_every_n_steps=loader.snapshot_every_n_steps,
        )

    def begin(self, number: int, skip: int, mark: Mapping[str, Any] | None) -> Iterator[Any]:
        """Begin a pass: from the loader's state, or by leaving out what was consumed."""
        made: Any = self._engine.made
        self._engine.end_workers()
        made.dataset.number = number
        if mark is not None and "loader" in mark:
            made.load_state_dict(_with_tensors(mark["loader"]))
            skip = 0
        for given, batch in enumerate(self._engine.run(number)):
            if given >= skip:
                yield batch

    def mark(self, given: int) -> dict[str, Any]:
        """Give the loader's state; nothing if it holds what no checkpoint keeps, and the pass is read again then."""
        if not given or self.resume != "exact":
            return {}
        try:
            return {"loader": _with_arrays(self._engine.made.state_dict())}  # type: ignore[attr-defined]
        except TypeError as error:
            self.resume = "replay"
            self._reason = f"the loader's state holds {error}, which no checkpoint keeps"
            return {}

    def inexact_because(self) -> str | None:
        """Say why a resumed run may see other batches."""
        return self._reason

    def close(self) -> None:
        """End the workers."""
        self._engine.close()


class Counted(IterableDataset[Any]):
    """A data set that knows its state, with global generators seeded for each item and a count of the items.

    Parameters
    ----------
    dataset : Any
        The person's, or :class:`Carried` on its way to a worker.
    seed : int or None
        The run's seed; None leaves the generators alone.

    Attributes
    ----------
    number : int
        The pass.
    """

    def __init__(self, dataset: Any, seed: int | None) -> None:
        self.dataset = dataset
        self.number = 1
        self._seed = seed
        self._given = 0

    def __iter__(self) -> Iterator[Any]:
        info = get_worker_info()
        worker = 0 if info is None else info.id
        items = iter(self.dataset)
        while True:
            if self._seed is not None:
                global_generators.seed(seeds.derive(self._seed, "item", self.number, worker, self._given))
            try:
                item = next(items)
            except StopIteration:
                self._given = 0
                return
            self._given += 1
            yield item

    def state_dict(self) -> dict[str, Any]:
        """Give the data set's state, and where it is."""
        return {"number": self.number, "given": self._given, "dataset": self.dataset.state_dict()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from a state."""
        self.number, self._given = state["number"], state["given"]
        self.dataset.load_state_dict(state["dataset"])


def _with_arrays(value: Any) -> Any:
    """Replace tensors; TypeError names what no checkpoint keeps."""
    if isinstance(value, torch.Tensor):
        return {_TENSOR: value.detach().cpu().numpy()}
    if isinstance(value, dict):
        return {key: _with_arrays(item) for key, item in value.items()}
    if type(value) in (list, tuple):
        return type(value)(map(_with_arrays, value))
    if value is None or isinstance(value, bool | int | float | str | bytes | np.ndarray):
        return value
    raise TypeError(type(value).__name__)


def _with_tensors(value: Any) -> Any:
    if isinstance(value, dict):
        if value.keys() == {_TENSOR}:
            return torch.from_numpy(np.array(value[_TENSOR]))
        return {key: _with_tensors(item) for key, item in value.items()}
    return type(value)(map(_with_tensors, value)) if type(value) in (list, tuple) else value
