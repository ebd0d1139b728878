"""A table's rows in the cache: brought there if they aren't there yet."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from dltrainer_jupyter.data.files.conversion import Wanted, convert
from dltrainer_jupyter.data.files.downloading import Progress, refuse_full
from dltrainer_jupyter.data.files.laziness import Extent
from dltrainer_jupyter.data.files.table_settings import TableSettings
from dltrainer_jupyter.data.stored.keeping import identity_of, kept, refuse_changed

if TYPE_CHECKING:
    import pandas as pd


class ReadInPieces(Protocol):
    """A source of tables."""

    config: Any

    def pieces(self, path: Path, columns: Sequence[str], texts: Collection[str]) -> Iterator[tuple[pd.DataFrame, int]]:
        """Read columns, some rows at a time; beside each piece stands how many bytes of the file were read."""


def converted(source: ReadInPieces, path: Path, extent: Extent, wanted: Wanted, *, say: bool) -> Path:
    """Give the folder of what a file was converted into, now or before.

    Parameters
    ----------
    source : ReadInPieces
        Reads it.
    path : pathlib.Path
        The file.
    extent : Extent
        How much there is in it.
    wanted : Wanted
        What is read of it.
    say : bool
        Whether to say how far it is.

    Raises
    ------
    ConfigurationError
        If it can't be read or learnt from, there is no room, or it changes meanwhile.
    """
    reading = source.config.model_dump(mode="json", exclude=set(TableSettings.model_fields))
    before = identity_of(path)
    identity = {"file": before, "type": type(source).__name__, "how": reading, **wanted.identity()}

    def make(folder: Path) -> None:
        extent.refuse_bomb()
        refuse_full(folder, extent.rows * len(wanted.plan.features) * 4, path.name)
        teller = Progress(path.name, extent.packed, 0, say=say, doing="Preparing")

        def pieces(texts: Collection[str]) -> Iterator[pd.DataFrame]:
            for piece, read in source.pieces(path, wanted.plan.all, texts):
                yield piece
                teller.at(read)

        convert(pieces, wanted, folder, path.name)
        refuse_changed(path, before)

    return kept(identity, make, name=path.name, say=say)
