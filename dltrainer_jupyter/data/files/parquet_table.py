"""Tables in Parquet files."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.data.files.laziness import Extent
from dltrainer_jupyter.data.files.table import TableFile
from dltrainer_jupyter.data.files.table_settings import TableSettings

if TYPE_CHECKING:
    import pandas as pd


_VALUES_TOGETHER = 2**21
"""Of as many rows as are read at a time where a file is read in pieces."""
_BUFFER = 2**16
_INDEX = re.compile(r"__index_level_\d+__")


class Parquet(TableFile):
    """A table in a Parquet file; only the columns that are used are read.

    Parameters
    ----------
    config : Parquet.Config
        Settings.

    Examples
    --------
    >>> source = Parquet(Parquet.Config(path="houses.parquet", target="price"))
    >>> source.load(RunSpec(model="mlp", data="parquet"), {})  # doctest: +SKIP
    """

    description: ClassVar[str] = "A table in a Parquet file: one column is learnt from the others."
    tags: ClassVar[tuple[str, ...]] = ("table", "file")

    class Config(TableSettings, frozen=True, extra="forbid"):
        """Settings."""

    def _names(self, path: Path) -> list[str]:
        with _telling(path), _opened(path) as file:
            # Row numbers that pandas wrote down by itself are no column of anybody's.
            return [str(name) for name in file.schema_arrow.names if not _INDEX.fullmatch(name)]

    def _extent(self, path: Path, columns: Sequence[str]) -> Extent:
        with _telling(path), _opened(path) as file:
            self._refuse_nested(file.schema_arrow, columns, path)
            rows = file.metadata.num_rows
        # Packed dictionaries may stand for far more than their bytes: the rows are what counts.
        return Extent(
            what=f"data.path: {path.name}, {rows:,} rows of {len(columns)} columns,",
            rows=rows,
            size=rows * len(columns) * 8,
            packed=path.stat().st_size,
            cure="choose columns (features), take a part of the rows",
        )

    def _read(self, path: Path, columns: Sequence[str], rows: int | None) -> pd.DataFrame:
        with self._chosen(path, columns) as (file, wanted):
            batch = None if rows is None else next(file.iter_batches(rows, columns=wanted), None)
            return _frame(file.read(columns=wanted) if batch is None else batch, columns)

    def pieces(self, path: Path, columns: Sequence[str], texts: Collection[str]) -> Iterator[tuple[pd.DataFrame, int]]:  # noqa: ARG002 - the file knows its types
        """Read columns, some rows at a time; beside each piece stands how many bytes of the file were read, about."""
        import pyarrow as pa

        size, read = path.stat().st_size, 0
        each = max(1, _VALUES_TOGETHER // len(columns))
        with self._chosen(path, columns) as (file, wanted):
            for batch in file.iter_batches(each, columns=wanted):
                read += len(batch)
                yield _frame(batch, columns), size * read // file.metadata.num_rows
        # What it was unpacked into would be kept for the next file.
        pa.default_memory_pool().release_unused()

    @contextmanager
    def _chosen(self, path: Path, columns: Sequence[str]) -> Iterator[tuple[Any, list[str]]]:
        """Open a file whose columns can be read."""
        with _telling(path), _opened(path) as file:
            self._refuse_nested(file.schema_arrow, columns, path)
            texts = [name for name in columns if _is_text(file.schema_arrow.field(name).type)]
        # A text that stands in many rows lies in memory once, as it does in the file.
        with _telling(path), _opened(path, texts) as file:
            yield file, list(dict.fromkeys(columns))

    @staticmethod
    def _refuse_nested(schema: Any, columns: Sequence[str], path: Path) -> None:
        import pyarrow as pa

        for name in columns:
            kind = schema.field(name).type
            if pa.types.is_dictionary(kind):
                kind = kind.value_type
            it = pa.types
            numbers = it.is_integer(kind) or it.is_floating(kind) or it.is_decimal(kind) or it.is_boolean(kind)
            if not numbers and not it.is_string(kind) and not it.is_large_string(kind):
                msg = (
                    f"data: the column '{name}' of {path.name} holds {kind}, not numbers or text; leave it out (drop)."
                )
                raise ConfigurationError(msg)


def _frame(table: Any, columns: Sequence[str]) -> pd.DataFrame:
    """Give what was read as a data frame."""
    import pandas as pd

    frame: pd.DataFrame = _numbers_and_text(table).to_pandas(ignore_metadata=True, types_mapper=_nullable().get)
    once = [name for name in columns if isinstance(frame[name].dtype, pd.CategoricalDtype)]
    return frame[list(columns)].astype(dict.fromkeys(once, object))


def _numbers_and_text(table: Any) -> Any:
    """Give columns of decimals as floats, and those of a dictionary of numbers as these."""
    import pyarrow as pa

    columns = []
    for column in table.columns:
        is_packed = pa.types.is_dictionary(column.type) and not _is_text(column.type.value_type)
        plain = column.cast(column.type.value_type) if is_packed else column
        columns.append(plain.cast(pa.float64()) if pa.types.is_decimal(plain.type) else plain)
    return pa.table(columns, names=table.column_names)


def _nullable() -> dict[Any, Any]:
    """Give the types in which a whole number stays one though others are missing."""
    import pandas as pd
    import pyarrow as pa

    kinds = {f"{sign}int{bits}": f"{sign.upper()}Int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)}
    return {getattr(pa, name)(): pd.api.types.pandas_dtype(kind) for name, kind in kinds.items()} | {
        pa.bool_(): pd.BooleanDtype()
    }


@contextmanager
def _opened(path: Path, texts: Sequence[str] = ()) -> Iterator[Any]:
    import pyarrow.parquet as pq

    # With a buffer, a column is read as it is needed, however large the group of its rows.
    file = pq.ParquetFile(path, read_dictionary=list(texts), buffer_size=_BUFFER, pre_buffer=False)
    try:
        yield file
    finally:
        file.close()


def _is_text(kind: Any) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


@contextmanager
def _telling(path: Path) -> Iterator[None]:
    import pyarrow as pa

    try:
        yield
    except (pa.ArrowException, OSError) as error:
        said = " ".join(str(error).split())[:200].rstrip(".")
        msg = f"data.path: {path.name} can't be read as Parquet: {said}."
        raise ConfigurationError(msg) from error
