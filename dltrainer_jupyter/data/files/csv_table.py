"""Tables in text files."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import warnings
import zlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

from pydantic import field_validator, model_validator

from dltrainer_jupyter.core.errors import ConfigurationError, brief
from dltrainer_jupyter.core.schema import setting
from dltrainer_jupyter.data.files.bounded import LONGEST_LINE, Bounded
from dltrainer_jupyter.data.files.bounds import refuse_bomb
from dltrainer_jupyter.data.files.laziness import Extent
from dltrainer_jupyter.data.files.table import TableFile
from dltrainer_jupyter.data.files.table_settings import TableSettings

if TYPE_CHECKING:
    import pandas as pd

_LOOKED_AT = 2**20
"""Bytes of which the length of a row is told."""
_PIECE = 2**20
_VALUES_TOGETHER = 2**21
_BYTES_TOGETHER = 2**25
"""Of a file, as many as are parsed at a time where it is read in pieces."""
_DELIMITERS = (";", "\t", "|", ",")
"""What people put between values."""


@dataclass(frozen=True)
class CSVExtent(Extent):
    """How much there is in a file of text."""

    unpacked: int
    """Bytes of the text."""

    def refuse_bomb(self) -> None:
        """Raise if the text is suspiciously much larger than the file."""
        refuse_bomb(self.packed, self.unpacked, self.what)


class CSV(TableFile):
    """A table in a text file: CSV, TSV, or another delimiter; plain or packed with gzip.

    Before a run starts, the first rows are looked at, however large the file is. A table that doesn't fit into memory
    is read row by row from the disk, once it was brought into a form that allows for it.

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
        decimal: Literal[".", ","] = setting(".", description="What stands before the decimals of a number.")
        thousands: Literal[",", ".", " ", "'"] | None = setting(
            None, description="What stands between the thousands of a number, if something does."
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

        @model_validator(mode="after")
        def _differ(self) -> Self:
            if self.thousands == self.decimal:
                msg = f"expected another mark for thousands than for decimals, got {self.decimal!r} for both"
                raise ValueError(msg)
            return self

    def _names(self, path: Path) -> list[str]:
        with self._telling(path), self._opened(path) as file:
            text = io.TextIOWrapper(file, self._encoding(), newline="")
            lines = iter(lambda: text.readline(LONGEST_LINE), "")
            try:
                rows = csv.reader(lines, delimiter=self.config.delimiter, skipinitialspace=True)
                first = next((row for row in rows if row), None)
            except csv.Error as error:
                msg = f"data.path: {path.name} isn't a table of text: {error}."
                raise ConfigurationError(msg) from error
        if first is None:
            msg = f"data.path: {path.name} is empty."
            raise ConfigurationError(msg)
        self._refuse_undivided(first, path)
        if not self.config.header:
            return [str(number) for number in range(len(first))]
        return first

    def _refuse_undivided(self, first: Sequence[str], path: Path) -> None:
        """Raise if a row is a single value that another delimiter would divide: nothing could be learnt from it."""
        wanted = [it for it in _DELIMITERS if it in first[0]]
        if len(first) == 1 and wanted:
            written = "\\t" if wanted[0] == "\t" else wanted[0]
            msg = (
                f"data.delimiter: {self.config.delimiter!r} doesn't divide the first row of {path.name}, "
                f"{brief(first[0])}; say delimiter: '{written}'."
            )
            raise ConfigurationError(msg)

    def _read(self, path: Path, columns: Sequence[str], rows: int | None) -> pd.DataFrame:
        with self._telling(path), self._opened(path) as file:
            frame: pd.DataFrame = self._parsed(file, path, nrows=rows)
        return frame[list(columns)]

    def pieces(self, path: Path, columns: Sequence[str], texts: Collection[str]) -> Iterator[tuple[pd.DataFrame, int]]:
        """Read columns, some rows at a time; beside each piece stands how many bytes of the file were read."""
        extent, count = self._extent(path, columns), len(self._names(path))
        each = max(1, min(_VALUES_TOGETHER // count, _BYTES_TOGETHER * extent.rows // max(extent.unpacked, 1)))
        # All columns are parsed: pandas lets rows of any length pass where some are chosen.
        with self._telling(path), self._opened(path, in_pieces=True) as file:
            for frame in self._parsed(file, path, chunksize=each, dtype=dict.fromkeys(texts, str)):
                yield frame[list(columns)], file.raw.packed_read()
                file.raw.begin_piece()

    def _parsed(self, file: Any, path: Path, *, dtype: Mapping[str, type] | None = None, **how: Any) -> Any:
        """Have pandas read it: a data frame, or several."""
        import pandas as pd

        # A whole number stays one though others are missing, until such rows are left out.
        kinds: dict[str, Any] = {} if self.config.missing == "refuse" else {"dtype_backend": "numpy_nullable"}
        with _strictly():
            found = pd.read_csv(
                file,
                sep=self.config.delimiter,
                encoding=self._encoding(),
                header=0 if self.config.header else None,
                names=self._names(path),
                index_col=False,
                skipinitialspace=True,
                low_memory=False,
                engine="c",
                decimal=self.config.decimal,
                thousands=self.config.thousands,
                dtype=dtype or None,
                **kinds,
                **how,
            )
            return found if "chunksize" not in how else _each_strictly(found)

    def _encoding(self) -> str:
        # What Excel writes begins with a mark that is no part of the first name.
        plain = codecs.lookup(self.config.encoding).name
        return "utf-8-sig" if plain == "utf-8" else plain

    def _extent(self, path: Path, columns: Sequence[str]) -> CSVExtent:  # noqa: ARG002 - all are parsed
        with self._telling(path), self._opened(path) as file:
            head = file.read(_LOOKED_AT)
        count = len(self._names(path))
        packed = size = path.stat().st_size
        if path.suffix == ".gz":
            size = size * len(head) // max(len(gzip.compress(head, 6)), 1)
        rows = max(head.count(b"\n"), 1) * size // max(len(head), 1)
        return CSVExtent(
            what=f"data.path: {path.name}, about {rows:,} rows of {count} columns,",
            rows=rows,
            size=rows * count * 8,
            packed=packed,
            cure="take a part of the rows or columns, save it as Parquet, of which only columns that are used are read",
            unpacked=size,
        )

    @contextmanager
    def _opened(self, path: Path, *, in_pieces: bool = False) -> Iterator[Any]:
        with path.open("rb") as file:
            unpacked = gzip.GzipFile(fileobj=file) if path.suffix == ".gz" else file
            yield io.BufferedReader(Bounded(file, unpacked, path, in_pieces=in_pieces), _PIECE)

    @contextmanager
    def _telling(self, path: Path) -> Iterator[None]:
        """Say in one line why a file can't be read."""
        import pandas as pd

        try:
            yield
        except UnicodeDecodeError as error:
            found = error.object[error.start : error.start + 1].hex() or "?"
            others = [it for it in ("utf-8", "latin-1") if codecs.lookup(it) != codecs.lookup(self.config.encoding)]
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
            msg = f"data.path: {path.name} doesn't fit into memory; take a part of it."
            raise ConfigurationError(msg) from error


@contextmanager
def _strictly() -> Iterator[None]:
    """Have pandas refuse a row that is too long, of which it would lose the last values."""
    import pandas as pd

    with warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)
        yield


def _each_strictly(frames: Any) -> Iterator[pd.DataFrame]:
    with frames:
        while True:
            with _strictly():
                frame = next(frames, None)
            if frame is None:
                return
            yield frame
