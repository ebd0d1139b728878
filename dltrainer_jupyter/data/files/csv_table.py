"""Tables in text files."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import warnings
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import field_validator

from dltrainer_jupyter.core.errors import ConfigurationError, brief
from dltrainer_jupyter.core.schema import setting
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.data.files.bounds import free_memory, refuse_too_large
from dltrainer_jupyter.data.files.table import TableFile, TableSettings

if TYPE_CHECKING:
    import pandas as pd

_LOOKED_AT = 2**20
"""Bytes of which the length of a row is told."""
_LONGEST_LINE = 2**24


class CSV(TableFile):
    """A table in a text file: CSV, TSV, or another delimiter; plain or packed with gzip.

    Before a run starts, the first rows are looked at, however large the file is. A table that doesn't fit into memory
    is refused with what can be done.

    Parameters
    ----------
    config : CSV.Config
        Settings.

    Examples
    --------
    >>> source = CSV(CSV.Config(path="houses.csv", target="price", drop=["id"], missing="mean"))
    >>> source.load(RunSpec(model="mlp", data="csv"), {})  # doctest: +SKIP
    """

    description: ClassVar[str] = "A table in a text file (CSV, TSV): one column is learnt from the others."
    tags: ClassVar[tuple[str, ...]] = ("table", "file")

    class Config(TableSettings, frozen=True, extra="forbid"):
        """Settings."""

        delimiter: str = setting(
            ",", description="What stands between two values; a tab is written \\t.", min_length=1, max_length=2
        )
        encoding: str = setting("utf-8", description="How characters are written: utf-8, latin-1, cp1252 ….")
        header: bool = setting(
            default=True, description="Whether the first row names the columns; if not, they are called 0, 1, 2 …."
        )

        @field_validator("delimiter")
        @classmethod
        def _is_one_character(cls, value: str) -> str:
            found = "\t" if value == "\\t" else value
            if len(found) != 1 or found in '"\r\n':
                msg = f"expected one character, got {brief(value)}"
                raise ValueError(msg)
            return found

        @field_validator("encoding")
        @classmethod
        def _is_known(cls, value: str) -> str:
            try:
                is_text = codecs.lookup(value)._is_text_encoding  # noqa: SLF001 - tells text from base64 and others
            except (LookupError, ValueError):
                is_text = False
            if not is_text:
                msg = f"expected the name of an encoding, such as utf-8 or latin-1, got {brief(value)}"
                raise ValueError(msg)
            return value

    def _names(self, path: Path) -> list[str]:
        with self._telling(path), self._opened(path) as file:
            text = io.TextIOWrapper(file, self._encoding(), newline="")
            lines = iter(lambda: text.readline(_LONGEST_LINE), "")
            try:
                first = next((row for row in csv.reader(lines, delimiter=self.config.delimiter) if row), None)
            except csv.Error as error:
                msg = f"data.path: {path.name} isn't a table of text: {error}."
                raise ConfigurationError(msg) from error
        if first is None:
            msg = f"data.path: {path.name} is empty."
            raise ConfigurationError(msg)
        if not self.config.header:
            return [str(number) for number in range(len(first))]
        return first

    def _read(self, path: Path, columns: Sequence[str], rows: int | None) -> pd.DataFrame:
        import pandas as pd

        names = self._names(path)
        if rows is None:
            self._refuse_too_large(path, len(columns))
        with self._telling(path), self._opened(path) as file, warnings.catch_warnings():
            # A row that is too long would lose its last values.
            warnings.simplefilter("error", pd.errors.ParserWarning)
            frame = pd.read_csv(
                file,
                sep=self.config.delimiter,
                encoding=self._encoding(),
                header=0 if self.config.header else None,
                names=names,
                index_col=False,
                nrows=rows,
                low_memory=False,
                engine="c",
            )
        return frame[list(columns)]

    def _encoding(self) -> str:
        # What Excel writes begins with a mark that is no part of the first name.
        plain = codecs.lookup(self.config.encoding).name
        return "utf-8-sig" if plain == "utf-8" else plain

    def _refuse_too_large(self, path: Path, columns: int) -> None:
        with self._telling(path), self._opened(path) as file:
            head = file.read(_LOOKED_AT)
        size = path.stat().st_size
        if path.suffix == ".gz":
            size = size * len(head) // max(len(gzip.compress(head, 6)), 1)
        rows = max(head.count(b"\n"), 1) * size // max(len(head), 1)
        refuse_too_large(
            rows * columns * 8,
            f"data.path: {path.name}, about {rows:,} rows of {columns} columns,",
            "choose columns (features), take a part of the rows, or give the trainer more memory",
        )

    @contextmanager
    def _opened(self, path: Path) -> Iterator[Any]:
        if path.suffix == ".gz":
            with gzip.open(path, "rb") as packed:
                yield io.BufferedReader(_Bounded(packed, path.name))
            return
        with path.open("rb") as file:
            yield file

    @contextmanager
    def _telling(self, path: Path) -> Iterator[None]:
        """Say in one line why a file can't be read."""
        import pandas as pd

        try:
            yield
        except UnicodeDecodeError as error:
            found = error.object[error.start : error.start + 1].hex() or "?"
            others = [it for it in ("utf-8", "latin-1", "cp1252") if codecs.lookup(it) != codecs.lookup(self._plain())]
            msg = (
                f"data.encoding: {path.name} isn't {self.config.encoding} (byte 0x{found}); name its encoding, such as "
                f"encoding: {others[0]}."
            )
            raise ConfigurationError(msg) from error
        except UnicodeError as error:
            msg = f"data.encoding: {path.name} isn't {self.config.encoding}: {error}."
            raise ConfigurationError(msg) from error
        except pd.errors.EmptyDataError as error:
            msg = f"data.path: {path.name} is empty."
            raise ConfigurationError(msg) from error
        except (pd.errors.ParserError, pd.errors.ParserWarning, csv.Error) as error:
            said = " ".join(str(error).split()).removeprefix("Error tokenizing data. C error: ").rstrip(".")
            msg = (
                f"data.path: the rows of {path.name} differ in length, or aren't divided by "
                f"{self.config.delimiter!r}: {said}."
            )
            raise ConfigurationError(msg) from error
        except (gzip.BadGzipFile, zlib.error, EOFError) as error:
            msg = f"data.path: {path.name} is damaged: {' '.join(str(error).split())}."
            raise ConfigurationError(msg) from error
        except OSError as error:
            msg = f"data.path: {path} can't be read: {error.strerror or error}."
            raise ConfigurationError(msg) from error
        except MemoryError as error:
            msg = f"data.path: {path.name} doesn't fit into memory; choose columns (features)."
            raise ConfigurationError(msg) from error

    def _plain(self) -> str:
        return str(self.config.encoding)


class _Bounded(io.RawIOBase):
    """Bytes that are unpacked as they are read, and not more of them than fit into memory."""

    def __init__(self, packed: Any, name: str) -> None:
        self._packed, self._name, self._left = packed, name, free_memory()

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read some."""
        piece = self._packed.read(len(buffer))
        self._left -= len(piece)
        if self._left < 0:
            msg = f"data.path: {self._name} doesn't fit into memory when it is unpacked."
            raise ConfigurationError(msg)
        buffer[: len(piece)] = piece
        return len(piece)


__all__ = ["CSV", "RunSpec"]
