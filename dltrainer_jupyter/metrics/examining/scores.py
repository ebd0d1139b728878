"""All scores of a set: kept while they are few, counted in bins from then on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from dltrainer_jupyter.metrics.examining.binned import BINS, BinnedRanking, bins_of
from dltrainer_jupyter.metrics.examining.ranking import ExactRanking

if TYPE_CHECKING:
    from typing import Self

    import numpy.typing as npt

    Floats = npt.NDArray[np.float32]
    Classes = npt.NDArray[np.int64]
    Counts = npt.NDArray[np.int64]

MOST_KEPT = 2**24
"""Scores that are kept: 64 MiB."""
MOST_RANKED = 2048
"""Classes that are ranked at most: their bins take 32 MiB."""
_BLOCK = 2**20
_TOGETHER = 16
"""Classes that are cut out of the rows at a time."""


class Scores:
    """The shares of probability that each class got, and which class it was.

    Up to :data:`MOST_KEPT` scores are kept, ``4 n classes`` bytes, and ranked exactly. Beyond that each class has
    1,024 bins for its own examples and as many for all, ``16 · 1,024 · classes`` bytes, whatever ``n`` is. With more
    than :data:`MOST_RANKED` classes nothing is kept.

    Parameters
    ----------
    classes : int
        How many.
    """

    def __init__(self, classes: int) -> None:
        self.classes = classes
        self.ranked = classes <= MOST_RANKED
        self._rows = max(_BLOCK // classes, 1)
        self._most = MOST_KEPT // classes
        self._blocks: list[Floats] = []
        self._truth: list[npt.NDArray[np.int32]] = []
        self._count = 0
        self._all: Counts | None = None
        self._own: Counts = np.zeros(0, np.int64)

    @property
    def exact(self) -> bool:
        """Whether every score is kept."""
        return self._all is None

    def add(self, shares: Floats, truth: Classes) -> None:
        """Take in rows of shares, shape (n, classes), no NaN, and their true classes."""
        if not self.ranked:
            return
        start = self._count
        self._count += len(shares)
        if self._count <= self._most:
            self._keep(start, shares, truth)
            return
        if self._all is None:
            self._all, self._own = (np.zeros(self.classes * BINS, np.int64) for _ in range(2))
            for begin, block, own in zip(range(0, start, self._rows), self._blocks, self._truth, strict=True):
                held = min(start - begin, self._rows)
                self._bin(block[:held], own[:held])
            self._blocks, self._truth = [], []
        for begin in range(0, len(shares), self._rows):
            self._bin(shares[begin : begin + self._rows], truth[begin : begin + self._rows])

    def state(self) -> dict[str, Any]:
        """Give what :meth:`from_state` needs to go on: arrays and JSON types."""
        if self._all is not None:
            return {"classes": self.classes, "count": self._count, "all": self._all.copy(), "own": self._own.copy()}
        rows = np.concatenate([*self._blocks, np.zeros((0, self.classes), np.float32)])[: self._count]
        truth = np.concatenate([*self._truth, np.zeros(0, np.int32)])[: self._count]
        return {"classes": self.classes, "count": self._count, "rows": rows, "truth": truth}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """Make them as they were."""
        made = cls(int(state["classes"]))
        if "rows" in state:
            made.add(np.asarray(state["rows"], np.float32), np.asarray(state["truth"], np.int64))
        else:
            made._all, made._own = (np.array(state[name], np.int64) for name in ("all", "own"))
        made._count = int(state["count"])
        return made

    def _keep(self, start: int, shares: Floats, truth: Classes) -> None:
        done = 0
        while done < len(shares):
            number, filled = divmod(start + done, self._rows)
            if number == len(self._blocks):
                self._blocks.append(np.empty((self._rows, self.classes), np.float32))
                self._truth.append(np.empty(self._rows, np.int32))
            fitting = min(self._rows - filled, len(shares) - done)
            self._blocks[number][filled : filled + fitting] = shares[done : done + fitting]
            self._truth[number][filled : filled + fitting] = truth[done : done + fitting]
            done += fitting

    def _bin(self, shares: Floats, truth: npt.NDArray[np.integer]) -> None:
        assert self._all is not None  # noqa: S101 - made by the caller
        places = bins_of(shares)
        places += np.arange(0, self.classes * BINS, BINS, dtype=np.int32)
        self._all += np.bincount(places.ravel(), minlength=len(self._all))
        np.add.at(self._own, places[np.arange(len(truth)), truth], 1)

    def rankings(self) -> Iterator[ExactRanking | BinnedRanking]:
        """Rank the examples by the score of each class in turn; nothing if there are too many classes."""
        if not self.ranked:
            return
        if self._all is not None:
            own, everything = (counts.reshape(self.classes, BINS) for counts in (self._own, self._all))
            yield from map(BinnedRanking, own, everything - own)
            return
        truth = np.concatenate([*self._truth, np.zeros(0, np.int32)])[: self._count]
        for first in range(0, self.classes, _TOGETHER):
            cut = [np.ascontiguousarray(block[:, first : first + _TOGETHER].T) for block in self._blocks]
            empty = np.zeros((min(_TOGETHER, self.classes - first), 0), np.float32)
            for number, scores in enumerate(np.concatenate([*cut, empty], axis=1)[:, : self._count], start=first):
                own = truth == number
                yield ExactRanking(np.sort(scores[own]), np.sort(scores[~own]))
