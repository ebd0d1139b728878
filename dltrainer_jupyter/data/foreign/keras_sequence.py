"""A Keras ``PyDataset``: batches by index, in the run's own order."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import count, islice
from typing import Any

from dltrainer_jupyter.core import seeds
from dltrainer_jupyter.core.protocols import ResumeKind
from dltrainer_jupyter.data.cursor import epoch_order
from dltrainer_jupyter.data.foreign import globals as global_generators
from dltrainer_jupyter.data.foreign.replaying import Replaying

_LOOKS = 3
"""How often a batch is loaded before what moves the global generators is taken to be the data set."""


class KerasSequence(Replaying):
    """Passes over a ``PyDataset``, in an order that is a function of seed and pass.

    It begins at any batch. One with ``on_epoch_begin`` or ``on_epoch_end`` of its own is a function of what these did
    before, so they are called for every pass as ``fit`` calls them, and a resumed pass is read again and compared.
    ``workers`` above 1 are threads that load ahead; processes are not started.

    Parameters
    ----------
    dataset : keras.utils.PyDataset
        Whose ``num_batches`` may be None: its batches then come by ascending index.
    seed : int
        The run's seed.
    alone : bool
        Whether nobody else draws in this process, so that its code gets global generators of its own.
    """

    def __init__(self, dataset: Any, seed: int, *, alone: bool) -> None:
        super().__init__(dataset.num_batches, dataset)
        self.resume: ResumeKind = "replay" if _follows_epochs(dataset) else "exact"
        self._dataset = dataset
        self._seed = seed
        self._alone = alone and dataset.workers <= 1
        self._batches_draw: bool | None = None
        self._hooks_draw = False
        self._passed = 0

    def begin(self, number: int, skip: int, mark: Mapping[str, Any] | None) -> Iterator[Any]:
        """Begin a pass at any batch, or by reading it again."""
        return super().begin(number, skip, mark) if self.resume == "replay" else self._load(number, skip)

    def mark(self, given: int) -> dict[str, Any]:
        """Give what recognises the batches, where a pass has to be read again."""
        # What came before a pass can't be read again without counting its epoch once more.
        return super().mark(given) if self.resume == "replay" and given else {}

    def read(self, number: int) -> Generator[Any, None, None]:
        """Read a pass from its first batch on, with what ``fit`` calls around it."""
        while self._passed < number - 1:
            # Those of passes that another process made.
            self._passed += 1
            self._call("on_epoch_begin", self._passed)
            self._call("on_epoch_end", self._passed)
        self._call("on_epoch_begin", number)
        yield from self._load(number, 0)
        self._call("on_epoch_end", number)
        self._passed = max(self._passed, number)

    def inexact_because(self) -> str | None:
        """Say why a resumed run may see other batches."""
        if (self._batches_draw or self._hooks_draw) and not self._alone:
            return f"{type(self._dataset).__name__} draws from generators that other cells, or its own threads, share"
        return super().inexact_because()

    def _load(self, number: int, skip: int) -> Iterator[Any]:
        indices = islice(self._indices(number), skip, None)
        if self._batches_draw is None and not self._alone:
            self._look(number)
        if self._dataset.workers <= 1:
            for index in indices:
                yield self._batch(number, index)
            return
        with ThreadPoolExecutor(self._dataset.workers, thread_name_prefix="dltrainer-loader") as pool:
            ahead: deque[Future[Any]] = deque()
            try:
                for index in indices:
                    ahead.append(pool.submit(self._batch, number, index))
                    if len(ahead) >= self._dataset.max_queue_size:
                        yield ahead.popleft().result()
                while ahead:
                    yield ahead.popleft().result()
            finally:
                for waiting in ahead:
                    waiting.cancel()

    def _indices(self, number: int) -> Iterator[int]:
        if self.batches is None:
            return count()
        return iter(epoch_order(self._seed, number, self.batches).tolist())

    def _batch(self, number: int, index: int) -> Any:
        if not self._alone:
            return self._dataset[index]
        with global_generators.lent(seeds.derive(self._seed, "batch", number, index)):
            return self._dataset[index]

    def _look(self, number: int) -> None:
        """See whether loading a batch moves the global generators: each time, or only because somebody else drew."""
        index = next(self._indices(number))
        for _ in range(_LOOKS):
            before = global_generators.state()
            self._batch(number, index)
            self._batches_draw = not global_generators.unchanged(before)
            if not self._batches_draw:
                return

    def _call(self, hook: str, number: int) -> None:
        function = getattr(self._dataset, hook)
        if self._alone:
            with global_generators.lent(seeds.derive(self._seed, hook, number)):
                function()
            return
        before = global_generators.state()
        function()
        self._hooks_draw |= not global_generators.unchanged(before)


def _follows_epochs(dataset: Any) -> bool:
    """Tell whether a data set does something of its own between epochs."""
    return any(
        getattr(type(dataset), hook, None) is not getattr(_base(dataset), hook, None)
        for hook in ("on_epoch_begin", "on_epoch_end")
    )


def _base(dataset: Any) -> type:
    return next(kind for kind in type(dataset).__mro__ if kind.__name__ == "PyDataset")
