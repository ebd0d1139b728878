"""Text of a column that goes by piece by piece: a number for each word, and what is wrong with all of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from dltrainer_jupyter.data.files import columns
from dltrainer_jupyter.data.files.bounds import refuse_too_large

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd

_MOST_NUMBERED = 100_000
"""Words of a column that could only be too many categories; they are no longer told apart."""
_OF_A_WORD = 200
"""Bytes that Python takes for a word and its number, beside its letters."""


class Words:
    """Numbers words in the order in which they are first seen.

    Parameters
    ----------
    name : str
        Of the column.
    bounded : bool
        Whether words are categories, of which few are wanted; else there may be as many as fit into memory.

    Examples
    --------
    >>> import pandas as pd
    >>> words = Words("colour", bounded=True)
    >>> words.add(pd.Series(["red", "blue", None, "red"])).tolist(), words.known
    ([0, 1, -1, 0], ['red', 'blue'])
    """

    def __init__(self, name: str, *, bounded: bool) -> None:
        self._name, self._bounded = name, bounded
        self._numbers: dict[str, int] = {}
        self._bytes = self._rows = self._there = self._not_numbers = self._with_commas = 0
        self._first: columns.Place | None = None
        self._first_no_number: columns.Place | None = None
        self._first_comma: columns.Place | None = None
        self._has_long = self._has_too_many = False

    @property
    def known(self) -> list[str]:
        """All words, by their numbers."""
        return list(self._numbers)

    def add(self, column: pd.Series[Any]) -> npt.NDArray[np.int32]:
        """Take in the next rows.

        Parameters
        ----------
        column : pandas.Series
            Text; its index counts the rows of the file.

        Returns
        -------
        numpy.ndarray of int32, shape (n,)
            The number of each row's word, -1 where it is missing.
        """
        import pandas as pd

        codes, found = pd.factorize(column)
        words = [str(word) for word in found]
        self._rows += len(codes)
        if not words:
            return codes.astype(np.int32)
        self._look(pd.Series(words, dtype=object), np.asarray(codes), column.index)
        if self._has_too_many:
            return np.zeros(len(codes), np.int32)
        numbers = np.array([self._number(word) for word in words] + [-1], np.int32)
        self._has_too_many = self._bounded and len(self._numbers) > _MOST_NUMBERED
        if not self._bounded:
            what = f"data: the column '{self._name}', of which {len(self._numbers):,} different texts are told apart,"
            refuse_too_large(self._bytes, what, "take a part of the rows")
        return numbers[codes]

    def _number(self, word: str) -> int:
        number = self._numbers.setdefault(word, len(self._numbers))
        if number == len(self._numbers) - 1:
            self._bytes += len(word) + _OF_A_WORD
        return number

    def _look(self, words: pd.Series[Any], codes: npt.NDArray[np.int64], rows: pd.Index[Any]) -> None:
        """Count what would make the column another one than of text."""
        import pandas as pd

        counts = np.bincount(codes[codes >= 0], minlength=len(words))
        if self._first is None:
            self._first = _first(np.ones(len(words), bool), words, codes, rows)
        self._there += int(counts.sum())
        self._has_long |= bool(words.str.len().max() > columns.LONGEST_TEXT)
        odd = pd.to_numeric(words, errors="coerce").isna().to_numpy()
        commas = words.str.fullmatch(columns.WITH_COMMAS).to_numpy(bool)
        self._not_numbers += int(counts[odd].sum())
        self._with_commas += int(counts[commas].sum())
        self._first_no_number = self._first_no_number or _first(odd, words, codes, rows)
        self._first_comma = self._first_comma or _first(commas, words, codes, rows)

    def refuse_numbers_with_commas(self) -> None:
        """Raise if most are numbers in which a comma means something."""
        if self._first_comma is not None and self._with_commas > columns.MOSTLY * self._there:
            raise columns.with_commas(self._name, self._first_comma)

    def refuse_text(self, file: str) -> None:
        """Raise as one does where numbers are expected."""
        if (first := self._first_no_number or self._first) is not None:
            raise columns.no_numbers(self._name, file, first)

    def refuse_as_categories(self, text: Literal["one_hot", "refuse"], most: int) -> None:
        """Raise if they can't be learnt from, as :func:`~dltrainer_jupyter.data.files.columns.texts_among` does.

        Raises
        ------
        ConfigurationError
            If text is refused, is no category, is mostly numbers, or there are too many categories.
        """
        if self._has_long:
            raise columns.too_long(self._name)
        numbers = self._there - self._not_numbers
        if self._first_no_number is not None and numbers > columns.MOSTLY * self._there:
            raise columns.mostly_numbers(self._name, self._not_numbers, self._rows, self._first_no_number)
        self.refuse_numbers_with_commas()
        if text == "refuse" and self._first is not None:
            raise columns.not_wanted(self._name, self._first[0])
        if len(self._numbers) > most:
            count = f"more than {_MOST_NUMBERED:,}" if self._has_too_many else f"{len(self._numbers):,}"
            raise columns.too_many(self._name, count, most)


def _first(
    which: npt.NDArray[np.bool_], words: pd.Series[Any], codes: npt.NDArray[np.int64], rows: pd.Index[Any]
) -> columns.Place | None:
    """Give the first row whose word is one of these."""
    if not which.any():
        return None
    # What is missing has the number -1, the last.
    at = int(np.argmax(np.append(which, np.False_)[codes]))
    return words[int(codes[at])], int(rows[at])
