"""Texts that are listed and read one by one: files, or the lines of a file."""

from __future__ import annotations

import codecs
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from dltrainer_jupyter.core import plain_files
from dltrainer_jupyter.core.errors import BadSampleError, ConfigurationError
from dltrainer_jupyter.data.steps.tokens import Tokens

if TYPE_CHECKING:
    import numpy.typing as npt

_BYTES_A_TOKEN = 64
"""How far a file is read, in bytes for each token that counts."""
_LONGEST_LINE = 2**24


class Texts(Protocol):
    """Texts by number."""

    def __len__(self) -> int:
        """Count them."""

    def text(self, index: int) -> str:
        """Read one.

        Raises
        ------
        BadSampleError
            If it can't be read, or has no class.
        """

    def name(self, index: int) -> str:
        """Give what people call it."""


class TextReader:
    """Reads texts as numbers, or as they are.

    Parameters
    ----------
    texts : Texts
        Whose.
    rows : numpy.ndarray of int64
        Which of them.
    tokens : Tokens or None
        Fitted; None to give texts as they are.
    """

    def __init__(self, texts: Texts, rows: npt.NDArray[np.int64], tokens: Tokens | None) -> None:
        self._texts = texts
        self._rows = rows
        self._tokens = tokens

    def __len__(self) -> int:
        """Count them."""
        return len(self._rows)

    def read(self, index: int) -> tuple[npt.NDArray[Any], None]:
        """Read one; its class is known."""
        text = self._texts.text(int(self._rows[index]))
        return (np.array(text) if self._tokens is None else self._tokens.of(text)), None

    def name(self, index: int) -> str:
        """Give what people call it."""
        return self._texts.name(int(self._rows[index]))


class TextFiles:
    """A text a file.

    Parameters
    ----------
    paths : sequence of str
        The files.
    root : Path
        Where names begin.
    encoding : str
        Of all of them.
    length : int
        Tokens that count; what lies far behind them isn't read.
    """

    def __init__(self, paths: Sequence[str], root: Path, encoding: str, length: int) -> None:
        self._paths = paths
        self._root = root
        self._encoding = encoding
        self._most = length * _BYTES_A_TOKEN

    def __len__(self) -> int:
        """Count them."""
        return len(self._paths)

    def text(self, index: int) -> str:
        """Read one, as far as it counts."""
        try:
            with plain_files.opened(self._paths[index]) as file:
                data = file.read(self._most)
        except OSError as error:
            msg = f"{self.name(index)} can't be read: {error.strerror or error}."
            raise BadSampleError(msg) from None
        return decoded(data, self._encoding, self.name(index), whole=len(data) < self._most)

    def name(self, index: int) -> str:
        """Give the path in the folder."""
        path = Path(self._paths[index])
        return str(path.relative_to(self._root) if path.is_relative_to(self._root) else path)


class TextLines:
    """A text a line: its class, a separator, and the text.

    Where lines begin is known after one pass; they are read when they are due.

    Parameters
    ----------
    path : Path
        The file.
    separator : str
        Between class and text.
    encoding : str
        Of the file, one in which a line ends with a byte of its own.

    Attributes
    ----------
    classes : list of str or None
        Of each line; None where it has none.
    """

    def __init__(self, path: Path, separator: str, encoding: str) -> None:
        self._path = path
        self._encoding = encoding
        self._separator = separator
        self.classes: list[str | None] = []
        begins, numbers = [], []
        cut = separator.encode(encoding)
        try:
            with path.open("rb") as file:
                at = 0
                for number, line in enumerate(iter(lambda: file.readline(_LONGEST_LINE), b""), start=1):
                    if len(line) == _LONGEST_LINE:
                        msg = (
                            f"data: {path.name}, line {number:,}: expected lines of less than {_LONGEST_LINE:,} bytes."
                        )
                        raise ConfigurationError(msg)
                    if line.strip():
                        head, found, _ = line.removeprefix(codecs.BOM_UTF8).partition(cut)
                        label = head.decode(encoding, "replace").strip() if found else ""
                        self.classes.append(label or None)
                        begins.append(at)
                        numbers.append(number)
                    at += len(line)
        except OSError as error:
            msg = f"data: {path} can't be read: {error.strerror or error}."
            raise ConfigurationError(msg) from None
        self._begins, self._numbers = np.array(begins, np.int64), np.array(numbers, np.int64)

    def __len__(self) -> int:
        """Count the lines that aren't empty."""
        return len(self._begins)

    def text(self, index: int) -> str:
        """Read one."""
        if self.classes[index] is None:
            msg = f"{self.name(index)}: expected a class, {self._separator!r} and a text."
            raise BadSampleError(msg)
        with self._path.open("rb") as file:
            file.seek(int(self._begins[index]))
            line = file.readline(_LONGEST_LINE)
        whole = decoded(line, self._encoding, self.name(index), whole=len(line) < _LONGEST_LINE)
        return whole.partition(self._separator)[2].strip()

    def name(self, index: int) -> str:
        """Give the line."""
        return f"{self._path.name}, line {self._numbers[index]:,}"


def decoded(data: bytes, encoding: str, name: str, *, whole: bool) -> str:
    """Decode a text, or the beginning of one.

    Raises
    ------
    BadSampleError
        If it is in another encoding.
    """
    try:
        text = codecs.getincrementaldecoder(encoding)().decode(data, final=whole)
    except UnicodeDecodeError as error:
        msg = f"{name}: expected text in {encoding}, and byte {error.start + 1:,} isn't; say its encoding."
        raise BadSampleError(msg) from None
    return text.removeprefix("\ufeff")
