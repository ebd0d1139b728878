"""What a PyTorch loader's worker processes get: data by value, and generators seeded for every sample."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from multiprocessing import context
from typing import Any, NamedTuple

import cloudpickle
from torch.utils.data import IterableDataset, get_worker_info

from dltrainer_jupyter.core import seeds
from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.data.foreign import globals as global_generators

DATA_SET = "its data set"
"""What can't travel, in messages."""


class NotSentError(ConfigurationError):
    """Something that a loader's workers need can't be pickled.

    Attributes
    ----------
    why : str
        The reason, as a clause.
    """

    def __init__(self, what: str, error: Exception) -> None:
        first = (str(error).strip().splitlines() or [type(error).__name__])[0]
        self.why = f"{what} can't be sent to worker processes ({first})"
        super().__init__(f"data: {self.why}; give the loader num_workers=0.")


class Carried:
    """An object that arrives in a worker by value, classes of a notebook included.

    Parameters
    ----------
    value : Any
        What arrives in its place.
    what : str
        What it is, for the message if it can't travel.

    Raises
    ------
    NotSentError
        If it can't be pickled.
    """

    def __init__(self, value: Any, what: str) -> None:
        try:
            # Once, not for every worker and pass.
            self._packed = cloudpickle.dumps(value)
        except Exception as error:
            # Whatever a person's own __reduce__ may raise.
            raise NotSentError(what, error) from error

    def __reduce__(self) -> tuple[Any, ...]:
        return cloudpickle.loads, (self._packed,)


class Introduction:
    """What a worker does first: shows the person's own data set where they look for it, then calls their function.

    Parameters
    ----------
    theirs : callable or None
        The loader's ``worker_init_fn``, which may change ``torch.utils.data.get_worker_info().dataset``.
    """

    def __init__(self, theirs: Callable[[int], Any] | None) -> None:
        self._theirs = theirs

    def __call__(self, worker: int) -> None:
        """Prepare a worker, given its number."""
        info: Any = get_worker_info()
        # Its attributes are locked against assignment, rightly so: we put back what it should have been.
        object.__setattr__(info, "dataset", info.dataset.dataset)
        if self._theirs is not None:
            self._theirs(worker)


class Picked(NamedTuple):
    """The samples of one batch: what our samplers give in place of a list of indices."""

    number: int
    """The pass."""
    position: int
    """The batch of it, from 0."""
    indices: Any
    """A sequence, or one key where the data set makes whole batches."""


class Keyed:
    """A map-style data set whose global generators are seeded for each sample, by run, pass and index.

    What it draws is then the same in any worker, after any other sample, in any process.

    Parameters
    ----------
    dataset : Any
        With ``__getitem__``, and maybe ``__getitems__``.
    seed : int or None
        The run's seed; None leaves the generators alone.
    """

    def __init__(self, dataset: Any, seed: int | None) -> None:
        self.dataset = dataset
        self._seed = seed

    def __getitem__(self, picked: Picked) -> Any:
        self._begin("batch", picked.number, picked.position)
        return self.dataset[picked.indices]

    def __getitems__(self, picked: Picked) -> Any:
        """Give the samples of a batch."""
        at_once = getattr(self.dataset, "__getitems__", None)
        if at_once is not None:
            self._begin("batch", picked.number, picked.position)
            samples = at_once(list(picked.indices))
        else:
            samples = [self._sample(picked.number, index) for index in picked.indices]
        # Putting them together may draw as well, whatever the last sample drew.
        self._begin("collate", picked.number, picked.position)
        return samples

    def _sample(self, number: int, index: Any) -> Any:
        self._begin("sample", number, index if isinstance(index, int) else repr(index))
        return self.dataset[index]

    def _begin(self, use: str, number: int, which: int | str) -> None:
        if self._seed is not None:
            global_generators.seed(seeds.derive(self._seed, use, number, which))


class Passes(IterableDataset[Any]):
    """An iterable data set whose global generators are seeded for each pass and worker.

    Parameters
    ----------
    dataset : Any
        The person's, or :class:`Carried` on its way to a worker.
    seed : int or None
        The run's seed; None leaves the generators alone.

    Attributes
    ----------
    number : int
        The pass the next reading is for; each reading is the next pass.
    """

    def __init__(self, dataset: Any, seed: int | None) -> None:
        self.dataset = dataset
        self.number = 1
        self._seed = seed

    def __iter__(self) -> Iterator[Any]:
        info = get_worker_info()
        if self._seed is not None:
            global_generators.seed(seeds.derive(self._seed, "pass", self.number, 0 if info is None else info.id))
        set_epoch = getattr(self.dataset, "set_epoch", None)
        if callable(set_epoch):
            set_epoch(self.number - 1)
        self.number += 1
        return iter(self.dataset)


def worker_context() -> context.BaseContext:
    """Give a context whose processes can be had by a notebook."""
    if sys.platform == "win32":
        import multiprocessing

        return multiprocessing.get_context("spawn")
    from dltrainer_jupyter.data.foreign.fork_server import ServedContext

    return ServedContext()
