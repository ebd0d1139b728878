"""Data that can only be read from its beginning: what was consumed is read again, compared, and left out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Generator, Iterator, Mapping
from typing import Any

from dltrainer_jupyter.core.protocols import ResumeKind
from dltrainer_jupyter.data.foreign.structure import fingerprint

OTHER_BATCHES = "the loader gave other batches when the epoch was read again"


class Replaying(ABC):
    """Base of loaders whose pass can be read again; a kind says how a pass is read.

    Parameters
    ----------
    batches : int, optional
        Batches of a pass, where they are known.
    subject : Any, optional
        The data set behind the loader.
    """

    resume: ResumeKind = "replay"

    def __init__(self, batches: int | None = None, subject: Any = None) -> None:
        self.batches = batches
        self.subject = subject
        self._first: int | None = None
        self._last: int | None = None
        self._differs = False

    @abstractmethod
    def read(self, number: int) -> Generator[Any, None, None]:
        """Read a pass from its first batch on."""

    def begin(self, number: int, skip: int, mark: Mapping[str, Any] | None) -> Iterator[Any]:
        """Begin a pass, see :class:`~dltrainer_jupyter.data.foreign.loader.Loader`."""
        if not skip and mark and number > 1:
            # Nothing of this pass is known yet; whether passes repeat themselves shows in the one before.
            self._differs |= self._first_of(number - 1) != mark["before"]
        self._first = self._last = None
        for given, batch in enumerate(self.read(number), start=1):
            self._last = fingerprint(batch)
            if given == 1:
                self._first = self._last
            if given == skip and mark:
                self._differs |= self.mark(given) != dict(mark)
            if given > skip:
                yield batch

    def mark(self, given: int) -> dict[str, Any]:
        """Give fingerprints of the first batch and the last one given, or of the first one of the pass before."""
        if not given:
            return {} if self._first is None else {"before": self._first}
        return {"first": self._first, "last": self._last}

    def _first_of(self, number: int) -> int | None:
        reading = self.read(number)
        for batch in reading:
            reading.close()
            return fingerprint(batch)
        return None

    def inexact_because(self) -> str | None:
        """Say so once a pass that was read again had other batches."""
        return OTHER_BATCHES if self._differs else None

    def close(self) -> None:  # noqa: B027 - few have something to give back
        """Give back nothing: the iterator goes with whoever reads it."""
