"""A table on the disk with columns of text, of which numbers of words are kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.data.host import refuse_non_finite
from dltrainer_jupyter.data.steps import Columns, Step
from dltrainer_jupyter.data.stored.rows import Mapped, pieces

if TYPE_CHECKING:
    import numpy.typing as npt

    from dltrainer_jupyter.core.protocols import Array


class CodedTable:
    """Rows of numbers and text, as :class:`~dltrainer_jupyter.data.steps.Columns` takes them.

    Parameters
    ----------
    rows : Mapped
        Floats, shape (n, columns), NaN where a number is missing; where there is text, the number of its word, or -1
        where it is missing.
    names : sequence of str
        Of the columns.
    words : mapping
        Words of each column of text, by its name.
    """

    def __init__(self, rows: Mapped, names: Sequence[str], words: Mapping[str, Sequence[str]]) -> None:
        self.shape = rows.shape
        self.dtype: np.dtype[Any] = np.dtype(object) if words else rows.dtype
        self._rows = rows
        self._names = tuple(names)
        # The last one is for what is missing, which has the number -1.
        self._words = {name: np.array([*found, None], object) for name, found in words.items()}
        self._placed: tuple[Columns, dict[str, npt.NDArray[np.int64]]] | None = None

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return 2

    @property
    def size(self) -> int:
        """Number of values."""
        return self._rows.size

    def __len__(self) -> int:
        """Count the rows."""
        return len(self._rows)

    def take(self, indices: npt.NDArray[np.int64]) -> Array:
        """Read rows as a person has them, shape (n, columns): of Python's objects where there is text."""
        rows = self._rows.take(indices)
        if not self._words:
            return rows
        found = rows.astype(object)
        for name, words in self._words.items():
            at = self._names.index(name)
            found[:, at] = words[rows[:, at].astype(np.int64)]
        return found

    def prepared(self, indices: npt.NDArray[np.int64], chain: Sequence[Step]) -> Array:
        """Read rows and apply fitted steps."""
        if chain and isinstance(chain[0], Columns) and chain[0].names == self._names:
            inputs, chain = self._encoded(indices, chain[0]), chain[1:]
        else:
            inputs = self.take(indices)
        for step in chain:
            inputs = step.apply(inputs)
        return inputs

    def _encoded(self, indices: npt.NDArray[np.int64], step: Columns) -> Array:
        """Do what the step does, without a Python object for each value."""
        rows, places = self._rows.take(indices), self._places_of(step)
        made: list[Array] = []
        for at, name in enumerate(self._names):
            if name in step.texts:
                made.append(_one_hot(places[name], rows[:, at], len((step.categories or {})[name])))
                continue
            with np.errstate(over="ignore"):
                values = rows[:, at].astype(np.float32)
            if step.fills:
                values = np.where(np.isnan(values), np.float32((step.means or {})[name]), values)
            made.append(values[:, None])
        found: Array = np.concatenate(made, axis=1)
        refuse_non_finite(found, "inputs")
        return found

    def _places_of(self, step: Columns) -> dict[str, npt.NDArray[np.int64]]:
        """Say for each word's number which of the categories it is, -1 for none; the last is what is missing.

        Once for a step, not for each batch: there may be very many words.
        """
        if self._placed is None or self._placed[0] is not step:
            self._placed = step, {name: self._places(name, step) for name in step.texts}
        return self._placed[1]

    def _places(self, name: str, step: Columns) -> npt.NDArray[np.int64]:
        known = {word: at for at, word in enumerate((step.categories or {})[name])}
        return np.array([known.get(word, -1) for word in self._words[name]], np.int64)

    def fitted(self, step: Step, indices: npt.NDArray[np.int64]) -> Step | None:
        """Find the categories of some rows, and the means of their numbers.

        Raises
        ------
        ConfigurationError
            If a column whose mean is wanted has no value there.
        """
        if not isinstance(step, Columns):
            return None
        seen = {name: np.zeros(len(self._words[name]), bool) for name in step.texts}
        numbers = [(at, name) for at, name in enumerate(self._names) if name not in step.texts] if step.fills else []
        sums, counts = np.zeros(len(numbers)), np.zeros(len(numbers), np.int64)
        for piece in pieces(indices, 8 * len(self._names)):
            rows = self._rows.take(piece)
            for name, flags in seen.items():
                flags[rows[:, self._names.index(name)].astype(np.int64)] = True
            values = rows[:, [at for at, _ in numbers]]
            sums += np.nansum(values, axis=0, dtype=np.float64)
            counts += np.count_nonzero(~np.isnan(values), axis=0)
        for (_, name), count in zip(numbers, counts, strict=True):
            if not count:
                msg = f"data: the column '{name}' has no value in any row that is trained on; leave it out (drop)."
                raise ConfigurationError(msg)
        categories = {
            name: tuple(sorted(map(str, self._words[name][:-1][flags[:-1]].tolist()))) for name, flags in seen.items()
        }
        means = {name: float(total / count) for (_, name), total, count in zip(numbers, sums, counts, strict=True)}
        return replace(step, categories=categories, means=means)


def _one_hot(places: npt.NDArray[np.int64], codes: Array, count: int) -> Array:
    found = np.zeros((len(codes), count), np.float32)
    where = places[codes.astype(np.int64)]
    there = np.flatnonzero(where >= 0)
    found[there, where[there]] = 1
    return found
