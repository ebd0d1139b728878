"""An array of a file whose rows are read from the disk: where it lies, or from a copy in the cache."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from dltrainer_jupyter.core import private
from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.data.files.downloading import Progress, refuse_full
from dltrainer_jupyter.data.stored.keeping import identity_of, kept, refuse_changed
from dltrainer_jupyter.data.stored.rows import TOGETHER, Mapped
from dltrainer_jupyter.data.stored.survey import Survey
from dltrainer_jupyter.data.stored.writing import RowsWriter

if TYPE_CHECKING:
    from dltrainer_jupyter.core.protocols import Array

_ABOUT, _ROWS = "about.json", "rows.npy"


@dataclass(frozen=True)
class Layout:
    """How an array lies in a file."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    offset: int | None
    """Where its values lie one after the other, uncompressed and in C order; None where they don't."""

    @property
    def row_bytes(self) -> int:
        """Bytes of a sample."""
        return int(np.prod(self.shape[1:], dtype=np.int64)) * self.dtype.itemsize

    @property
    def rows_together(self) -> int:
        """Samples that are read at a time."""
        return max(1, TOGETHER // max(1, self.row_bytes))


class ReadInBlocks(Protocol):
    """A source of arrays."""

    def layout(self, path: Path, name: str) -> Layout:
        """Say how an array lies in a file, whose size was looked at; refuse what can't be read row by row."""

    def blocks(self, path: Path, name: str, layout: Layout) -> Iterator[Array]:
        """Read an array, some rows at a time."""


def array_on_disk(source: ReadInBlocks, path: Path, name: str, *, say: bool) -> tuple[Mapped, Survey]:
    """Give an array of which rows can be read by number, and what is known of it as a whole.

    It is gone through once: to copy it into the cache if it doesn't lie in the file one value after the other, and to
    see in any case whether all of it is there and finite.

    Parameters
    ----------
    source : ReadInBlocks
        Reads it.
    path : pathlib.Path
        The file.
    name : str
        Of the array.
    say : bool
        Whether to say how far it is.

    Raises
    ------
    ConfigurationError
        If it holds no numbers, is damaged, can't be read row by row, or there is no room for a copy.
    """
    # First of all: what is told of a file that changes from now on is refused.
    before = identity_of(path)
    layout = source.layout(path, name)
    if not layout.shape:
        msg = f"inputs: expected an array with an entry a sample, got a single {layout.dtype}."
        raise ConfigurationError(msg)
    if layout.dtype.kind not in "biuf":
        msg = f"inputs: expected numbers, got {layout.dtype}."
        raise ConfigurationError(msg)

    def make(folder: Path) -> None:
        survey, size = Survey(), layout.row_bytes * layout.shape[0]
        teller, read = Progress(f"'{name}' of {path.name}", size, 0, say=say, doing="Preparing"), 0
        if layout.offset is None:
            refuse_full(folder, size, path.name)
            with RowsWriter(folder / _ROWS, layout.dtype, layout.shape[1:]) as writer:
                for block in source.blocks(path, name, layout):
                    survey.add(block)
                    writer.add(block)
                    teller.at(read := read + block.nbytes)
        else:
            for block in source.blocks(path, name, layout):
                survey.add(block)
                teller.at(read := read + block.nbytes)
        refuse_changed(path, before)
        private.write(folder / _ABOUT, json.dumps(survey.to_dict()).encode())

    folder = kept({"file": before, "array": name}, make, name=path.name, say=say)
    survey = Survey.from_dict(json.loads((folder / _ABOUT).read_text(encoding="utf-8")))
    if layout.offset is None:
        return Mapped.npy(folder / _ROWS), survey
    return Mapped(path, layout.dtype, layout.shape, layout.offset), survey
