"""Which examples of a set are kept, and what is known of them: the same ones at every pass, however long it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from dltrainer_jupyter.core.seeds import derive

if TYPE_CHECKING:
    import numpy.typing as npt

    from dltrainer_jupyter.core.protocols import Array, Task

_MIXED = (30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)
_GOLDEN = 0x9E3779B97F4A7C15


def priorities(seed: int, start: int, stop: int) -> npt.NDArray[np.uint64]:
    """Give each example a number that nothing but the run's seed and its position decide; small ones are kept.

    Parameters
    ----------
    seed : int
        The run's.
    start, stop : int
        Positions in the set.

    Notes
    -----
    The output of SplitMix64, a bijection, so that no two are equal: G. Steele, D. Lea and C. Flood, "Fast Splittable
    Pseudorandom Number Generators", OOPSLA (2014). No generator of the run is touched.
    """
    mixed = np.arange(start, stop, dtype=np.uint64) * np.uint64(_GOLDEN)
    mixed += np.uint64(derive(seed, "examples"))
    for shift, factor in _MIXED:
        mixed ^= mixed >> np.uint64(shift)
        mixed *= np.uint64(factor)
    mixed ^= mixed >> np.uint64(31)
    return mixed


def chosen(seed: int, most: int, count: int) -> npt.NDArray[np.int64]:
    """Give the positions of a set's examples that are kept, in order.

    Parameters
    ----------
    seed : int
        The run's.
    most : int
        All of a set of up to so many, else so many drawn from it, each as likely as any other.
    count : int
        Examples in the set.

    Examples
    --------
    >>> chosen(seed=0, most=5, count=3)
    array([0, 1, 2])
    >>> len(chosen(seed=0, most=5, count=1000))
    5
    """
    if count <= most:
        return np.arange(count, dtype=np.int64)
    if most == 0:
        return np.zeros(0, np.int64)
    return np.sort(np.argpartition(priorities(seed, 0, count), most - 1)[:most]).astype(np.int64, copy=False)


class Kept:
    """Columns about the examples that are kept, taken in while nobody knows how many examples there will be.

    Those of smallest priority so far stay; whatever comes is either passed over at once or may push out another. So
    what stays at the end is what :func:`chosen` says, and at most twice as many rows are held meanwhile.

    Parameters
    ----------
    seed : int
        The run's.
    most : int
        How many are kept; 0 for none.

    Examples
    --------
    >>> kept = Kept(seed=0, most=2)
    >>> for losses in (np.array([0.5, 0.25, 0.1]), np.array([0.7])):
    ...     rows = kept.choose(len(losses))
    ...     kept.add(loss=losses[rows])
    >>> sorted(kept.columns())
    ['index', 'loss']
    >>> len(kept.columns()["loss"])
    2
    """

    def __init__(self, seed: int, most: int) -> None:
        self.seed = seed
        self.most = most
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        self.seen = 0
        """Examples that came by."""
        self._indices = np.zeros(0, np.int64)
        self._priorities = np.zeros(0, np.uint64)
        self._columns: dict[str, list[Any]] = {}
        self._latest = 0

    def about(self, task: Task) -> dict[str, Any]:
        """Begin a summary: ``task``, ``count`` (examples of the set) and ``sampled`` (those that are kept)."""
        return {"task": task, "count": self.seen, "sampled": min(self.seen, self.most)}

    def choose(self, count: int) -> npt.NDArray[np.intp]:
        """Let the next examples come by, and say which of them may stay.

        Parameters
        ----------
        count : int
            How many come.

        Returns
        -------
        numpy.ndarray of intp
            Rows among them, ascending; :meth:`add` is to be called with something for each.
        """
        start, self.seen = self.seen, self.seen + count
        if self.most == 0:
            self._latest = 0
            return np.zeros(0, np.intp)
        those = priorities(self.seed, start, self.seen)
        if len(self._priorities) >= self.most:
            rows = np.flatnonzero(those < self._priorities.max())
        else:
            rows = np.arange(count, dtype=np.intp)
        if len(rows) > self.most:
            rows = np.sort(rows[np.argpartition(those[rows], self.most - 1)[: self.most]])
        self._indices = np.concatenate([self._indices, start + rows])
        self._priorities = np.concatenate([self._priorities, those[rows]])
        self._latest = len(rows)
        return rows

    def add(self, **columns: Array | Sequence[Any]) -> None:
        """Take in what is known of the examples that :meth:`choose` has just chosen.

        Parameters
        ----------
        **columns
            For each name something a row: an array along its first axis, or a sequence of anything where rows differ
            in length. The same names at each call.

        Raises
        ------
        ValueError
            If a column isn't as long as what was chosen.
        """
        for name, column in columns.items():
            if len(column) != self._latest:
                msg = f"expected {self._latest} rows of '{name}', got {len(column)}"
                raise ValueError(msg)
            self._columns.setdefault(name, []).append(column)
        if len(self._indices) >= 2 * self.most > 0:
            self._prune()

    def columns(self) -> dict[str, Any]:
        """Give what is known of those that stay, in the order of their positions.

        Returns
        -------
        dict
            ``index``, int64, and every column: an array, or a list where sequences were added. Empty if none is kept.
        """
        if not len(self._indices):
            return {}
        self._prune()
        return {"index": self._indices, **{name: parts[0] for name, parts in self._columns.items()}}

    def _prune(self) -> None:
        """Let go of those with the largest numbers, and join the parts of each column."""
        surplus = len(self._indices) > self.most
        rows = np.arange(len(self._indices))
        if surplus:
            rows = np.sort(np.argpartition(self._priorities, self.most - 1)[: self.most])
            self._indices, self._priorities = self._indices[rows], self._priorities[rows]
        for name, parts in self._columns.items():
            if isinstance(parts[0], np.ndarray):
                joined = np.concatenate(parts) if len(parts) > 1 else parts[0]
                self._columns[name] = [joined[rows] if surplus else joined]
            else:
                listed = [item for part in parts for item in part]
                self._columns[name] = [[listed[row] for row in rows] if surplus else listed]
