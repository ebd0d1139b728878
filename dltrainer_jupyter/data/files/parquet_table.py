"""Tables in Parquet files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.data.files.bounds import refuse_too_large
from dltrainer_jupyter.data.files.table import TableFile, TableSettings

if TYPE_CHECKING:
    import pandas as pd


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
            return [str(name) for name in file.schema_arrow.names]

    def _read(self, path: Path, columns: Sequence[str], rows: int | None) -> pd.DataFrame:
        with _telling(path), _opened(path) as file:
            self._refuse_nested(file.schema_arrow, columns, path)
            about, wanted = file.metadata, set(columns)
            if rows is None:
                # Packed dictionaries may stand for far more than their bytes: the rows are what counts.
                size = about.num_rows * len(columns) * 8
                refuse_too_large(
                    size,
                    f"data.path: {path.name}, {about.num_rows:,} rows of {len(columns)} columns,",
                    "choose columns (features), or take a part of the rows",
                )
            batch = None if rows is None else next(file.iter_batches(rows, columns=list(wanted)), None)
            frame: pd.DataFrame = (file.read(columns=list(wanted)) if batch is None else batch).to_pandas()
            return frame[list(columns)]

    @staticmethod
    def _refuse_nested(schema: Any, columns: Sequence[str], path: Path) -> None:
        import pyarrow as pa

        for name in columns:
            kind = schema.field(name).type
            if pa.types.is_dictionary(kind):
                kind = kind.value_type
            simple = pa.types.is_integer, pa.types.is_floating, pa.types.is_boolean, pa.types.is_string
            if not any(it(kind) for it in (*simple, pa.types.is_large_string)):
                msg = (
                    f"data: the column '{name}' of {path.name} holds {kind}, not numbers or text; leave it out (drop)."
                )
                raise ConfigurationError(msg)


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    import pyarrow.parquet as pq

    file = pq.ParquetFile(path)
    try:
        yield file
    finally:
        file.close()


@contextmanager
def _telling(path: Path) -> Iterator[None]:
    import pyarrow as pa

    try:
        yield
    except (pa.ArrowException, OSError) as error:
        said = " ".join(str(error).split())[:200].rstrip(".")
        msg = f"data.path: {path.name} can't be read as Parquet: {said}."
        raise ConfigurationError(msg) from error
