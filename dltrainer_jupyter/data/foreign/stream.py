"""Epochs, made of passes over somebody else's batches."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.protocols import ResumeKind
from dltrainer_jupyter.data.foreign.loader import Loader

_NONE = object()


class _Place(NamedTuple):
    """Where a stream stands."""

    epoch: int
    consumed: int
    """Batches of the epoch."""
    number: int
    """The pass, counted from 1."""
    given: int
    """Batches of the pass."""

    def moved(self, by: int) -> _Place:
        return self._replace(consumed=self.consumed + by, given=self.given + by)

    @property
    def in_passes(self) -> tuple[int, int]:
        """Where the loader stands; the end of an epoch may be the same place as the start of the next."""
        return self.number, self.given


class ForeignStream:
    """The batches of a loader as a :class:`~dltrainer_jupyter.core.protocols.Stream`.

    An epoch is a pass. Where a number of steps is asked for, epochs follow one another through the passes: the next
    one begins where the last one ended, so that no batch of a long or endless loader is passed over.

    Parameters
    ----------
    loader : Loader
        Whose batches.
    steps : int, optional
        Batches that make an epoch.
    change : callable
        What each batch goes through first.
    doubt : str, optional
        Why a resumed run may see other batches, where that isn't the loader's doing.

    Attributes
    ----------
    resume : {"exact", "replay", "epoch"}
        How an epoch is taken up in its middle; settled by :meth:`look`.
    first : Any
        The first batch, once :meth:`look` has fetched it.
    steps_per_epoch : int or None
        Batches in an epoch; None where only its end tells.
    """

    def __init__(
        self, loader: Loader, steps: int | None, change: Callable[[Any], Any], doubt: str | None = None
    ) -> None:
        self.resume: ResumeKind = loader.resume
        self.first: Any = None
        self.steps_per_epoch = loader.batches if steps is None else steps
        self._loader = loader
        self._steps = steps
        self._change = change
        self._doubt = doubt
        self._running: Iterator[Any] | None = None
        self._latest = self._again = _NONE
        self._now = self._start = _Place(1, 0, 1, 0)
        self._loaded: tuple[_Place, Mapping[str, Any]] | None = None

    @property
    def subject(self) -> Any:
        """The data set behind the loader."""
        return self._loader.subject

    def look(self) -> None:
        """Fetch the first batch, which comes again, and see whether the loader can say where it is.

        Raises
        ------
        ConfigurationError
            If there is no batch.
        """
        self.first = next(self.epoch(1, 0))
        self._loader.mark(self._now.given)
        self.resume = self._loader.resume

    def epoch(self, epoch: int, consumed: int) -> Iterator[Any]:
        """Yield the batches of an epoch that are not consumed yet.

        Parameters
        ----------
        epoch : int
            Counted from 1.
        consumed : int
            Batches of it that were consumed before.

        Raises
        ------
        ConfigurationError
            If a pass has no batch, or a generator that can't be read again has run dry.
        """
        self._go_to(epoch, consumed)
        while self._steps is None or self._now.consumed < self._steps:
            batch = self._next()
            if batch is not _NONE:
                self._now, self._latest = self._now.moved(1), batch
                yield batch
            elif self._end_pass():
                return

    def state(self) -> dict[str, Any]:
        """Give the place, and what the loader's batches up to it are recognised by."""
        # A loader that hasn't begun yet knows nothing of what was consumed elsewhere.
        known = self._mark_loaded() if self._running is None else None
        mark = self._loader.mark(self._now.given) if known is None else dict(known)
        return {"now": list(self._now), "start": list(self._start), "mark": mark}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Go on from a state."""
        if self.resume == "epoch":
            # Looked at and not consumed: nobody gives it again.
            self._again = self._latest
        else:
            self._leave()
        self._now, self._start = _Place(*state["now"]), _Place(*state["start"])
        self._loaded = self._now, state["mark"]

    def inexact_because(self) -> str | None:
        """Say why a resumed run may see other batches, or None."""
        return self._doubt or self._loader.inexact_because()

    def close(self) -> None:
        """End what the loader has started."""
        self._leave()
        self._loader.close()

    # --- from batch to batch ----------------------------------------------------------------------------

    def _next(self) -> Any:
        if self._again is not _NONE:
            batch, self._again = self._again, _NONE
            return batch
        if self._running is None:
            self._running = self._loader.begin(*self._now.in_passes, self._mark_loaded())
        batch = next(self._running, _NONE)
        return batch if batch is _NONE else self._change(batch)

    def _mark_loaded(self) -> Mapping[str, Any] | None:
        """Give the mark that came with a state, while the stream stands where the state did."""
        place, mark = self._loaded or (None, None)
        return mark if place is not None and place.in_passes == self._now.in_passes else None

    def _end_pass(self) -> bool:
        """Count what a pass came to; say whether the epoch ends with it."""
        if self._now.given == 0:
            msg = "data: the loader gave no batch at all."
            raise ConfigurationError(msg)
        self._running = None
        ends = self._steps is None
        now = self._now._replace(number=self._now.number + 1, given=0)
        self._now = now._replace(epoch=now.epoch + 1, consumed=0) if ends else now
        return ends

    def _go_to(self, epoch: int, consumed: int) -> None:
        place = self._find(epoch, consumed)
        if self._running is not None and place == self._now.moved(-1):
            # Who tried one batch and comes back for the epoch needn't wait for it twice; a generator has it only once.
            self._again = self._latest
        elif place.in_passes != self._now.in_passes:
            self._leave()
        self._now = place
        if consumed == 0:
            self._start = place

    def _find(self, epoch: int, consumed: int) -> _Place:
        """Tell where in which pass a batch of an epoch is."""
        if self._steps is None:
            return _Place(epoch, consumed, epoch, consumed)
        for place in (self._now, self._now.moved(-1), self._start):
            if (place.epoch, place.consumed) == (epoch, consumed) and place.given >= 0:
                return place
        if consumed == 0 and (self._now.epoch + 1, self._now.consumed) == (epoch, self._steps):
            return self._now._replace(epoch=epoch, consumed=0)
        passed = (epoch - 1) * self._steps + consumed
        number, given = divmod(passed, self._loader.batches) if self._loader.batches else (0, passed)
        return _Place(epoch, consumed, number + 1, given)

    def _leave(self) -> None:
        """Let go of the running pass."""
        close = getattr(self._running, "close", None)
        if close is not None:
            close()
        self._running = None
        self._latest = self._again = _NONE
